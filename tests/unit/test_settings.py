"""Where settings come from, which of two names wins, and how wrong ones are told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from setup.settings import ROOT, Settings, WrongSettings, env_file, read_settings

SECRET = "s3cr3t-value"  # noqa: S105 - a made-up one, to look for

WRONG = [
    ("OPENAI_BASE_URL", f"{SECRET}.example.com", "http"),
    ("GOOGLE_GEMINI_BASE_URL", f"ftp://{SECRET}", "http"),
    ("GOOGLE_VERTEX_BASE_URL", SECRET, "http"),
    ("GOOGLE_GENAI_USE_VERTEXAI", SECRET, "boolean"),
    ("ASSISTANT_ID", f"asst_{SECRET}", "asst_"),
    ("MEDIATOR_TYPE", SECRET, "'stateMachine' or 'basic'"),
    ("MODEL_MAP", SECRET, "old-model=new-model"),
    ("MODEL_MAP", f"gpt-4o={SECRET},=b", "old-model=new-model"),
    ("AZURE_OPENAI_ENDPOINT", SECRET, "http"),
    ("OPENAI_API_VERSION", SECRET, "2024-10-21"),
    ("COMPATIBLE_BASE_URL", f"http://{SECRET}:port/v1", "no address"),
    ("COMPATIBLE_BASE_URL", "http:///v1", "no address"),
    ("COMPATIBLE_SERVERS", SECRET, "name=http://address/v1"),
    ("COMPATIBLE_SERVERS", f"groq={SECRET}", "http"),
    ("COMPATIBLE_SERVERS", f"Groq {SECRET}=http://groq/v1", "a letter first"),
    ("COMPATIBLE_SERVERS", "openai=http://openai/v1", "can't be called openai"),
    ("COMPATIBLE_SERVERS", "remote=http://remote/v1", "can't be called remote"),
    ("COMPATIBLE_SERVERS", "a=http://one/v1,a=http://two/v1", "twice"),
    ("COMPATIBLE_KEYS", SECRET, "name=key"),
    ("COMPATIBLE_KEYS", f"groq={SECRET}", "COMPATIBLE_SERVERS"),
    ("COMPATIBLE_MODELS", f"{SECRET}=llama", "COMPATIBLE_SERVERS, or llamacpp"),
    ("COMPATIBLE_TOOLS", SECRET, "auto, native or prompted"),
    ("COMPATIBLE_TOOLS", f"{SECRET}=native", "COMPATIBLE_SERVERS"),
    ("LOCAL_SERVERS", SECRET, "'on' or 'off'"),
    ("STOCK_PRICES", SECRET, "'live' or 'sample'"),
    ("DATABASE_URL", f"mysql://me:{SECRET}@localhost/parley", "postgresql+psycopg://"),
    ("DATABASE_URL", f"postgresql+psycopg://me:{SECRET}@localhost:port/parley", "sqlite:///"),
    ("DATABASE_URL", f"postgresql+psycopg://me:{SECRET}", "sqlite:///"),
    ("DATABASE_URL", "sqlite:///", "sqlite:///file"),
    ("DATABASE_URL", "sqlite:///:memory:", "sqlite:///file"),
    ("DATABASE_BUSY_SECONDS", "0", "greater than 0"),
    ("MAX_TOOL_ROUNDS", "1001", "less than or equal to 1000"),
    ("MAX_TOOL_ROUNDS", SECRET, "integer"),
    ("RUN_EXPIRES_SECONDS", "-1", "greater than 0"),
    ("CHAT_RUN_EXPIRES_SECONDS", "inf", "finite"),
    ("PROVIDER_TIMEOUT_SECONDS", SECRET, "number"),
    ("PROVIDER_MAX_ATTEMPTS", "0", "greater than or equal to 1"),
    ("DEMO_DELAY_SECONDS", "-0.1", "greater than or equal to 0"),
    ("SERVER_PORT", "70000", "less than or equal to 65535"),
    ("SERVER_ALLOWED_HOSTS", f"http://{SECRET}", "hosts alone"),
    ("SERVER_ALLOWED_HOSTS", f"{SECRET}:8000", "hosts alone"),
    ("SERVER_CORS_ORIGINS", SECRET, "without a path"),
    ("SERVER_CORS_ORIGINS", f"https://{SECRET}/path", "without a path"),
    ("SERVER_CORS_ORIGINS", f"ftp://{SECRET}", "starts with http"),
    ("SERVER_MAX_BODY_BYTES", "0", "greater than or equal to 1"),
    ("SERVER_REQUESTS_PER_MINUTE", "0", "greater than or equal to 1"),
    ("SERVER_RUNS_AT_ONCE", SECRET, "integer"),
    ("PARLEY_API_KEYS", SECRET, "at least 16 characters"),
    ("PARLEY_API_KEYS", f"name={SECRET}", "at least 16 characters"),
    ("PARLEY_API_KEYS", f"a@b@c={SECRET * 3}", "the name of a project"),
    ("PARLEY_API_KEYS", f"na me={SECRET * 3}", "the name of a key"),
    ("PARLEY_API_KEYS", f"{SECRET * 3} {SECRET}", "name@project=key"),
    ("PARLEY_API_KEYS", " , ", "no key"),
    ("PARLEY_API_KEYS", f"a={SECRET * 3},b={SECRET * 3}", "twice"),
    ("LOG_LEVEL", SECRET, "'warning'"),
    ("OPENAI_API_KEY", f"{SECRET} and more", "no spaces"),
    ("AZURE_OPENAI_API_KEY", f"{SECRET}\u00fc", "no spaces"),
    ("GOOGLE_API_KEY", f"{SECRET}\n{SECRET}", "no spaces"),
    ("GEMINI_API_KEY", f"{SECRET}\u00a0{SECRET}", "no spaces"),
    ("COMPATIBLE_API_KEY", f"\u201c{SECRET}\u201d", "no spaces"),
    ("REMOTE_API_KEY", f"{SECRET}\u2026", "no spaces"),
    ("REMOTE_BASE_URL", SECRET, "http"),
    ("RETENTION_DAYS", "0", "greater than or equal to 1"),
    ("THREAD_TITLES", SECRET, "'model' or 'words'"),
    ("DRAIN_SECONDS", "-1", "greater than or equal to 0"),
    ("RUN_QUEUE", SECRET, "'auto', 'embedded' or 'distributed'"),
    ("RUN_QUEUE", "distributed", "PostgreSQL"),
    ("RUN_WORKER", SECRET, "'on' or 'off'"),
    ("RUN_WORKER", "off", "distributed queue"),
    ("RUN_WORKER_AT_ONCE", "0", "greater than or equal to 1"),
]

TOLD = {name for name, _, _ in WRONG}

Put = Callable[..., Settings]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take away what this machine's environment and `.env` say."""
    monkeypatch.setenv("PARLEY_ENV_FILE", "")
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def put(monkeypatch: pytest.MonkeyPatch) -> Put:
    """Read settings with these in the environment."""

    def read(**values: str) -> Settings:
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        return read_settings()

    return read


@pytest.mark.parametrize(("name", "value", "says"), WRONG)
def test_wrong_value_is_one_line_without_it(put: Put, name: str, value: str, says: str) -> None:
    with pytest.raises(WrongSettings) as caught:
        put(**{name: value})

    line = str(caught.value)
    assert line.startswith(f"{name}: ")
    assert says in line
    assert "\n" not in line
    assert SECRET not in repr(caught.value) + line
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize("name", sorted({*map(str.upper, Settings.model_fields)} - TOLD))
@pytest.mark.parametrize("value", [SECRET, "-1", "/"])
def test_what_is_not_listed_takes_anything(put: Put, name: str, value: str) -> None:
    put(**{name: value})


def test_keys_of_named_servers_are_keys(put: Put) -> None:
    with pytest.raises(WrongSettings, match=r"COMPATIBLE_KEYS: .*no spaces"):
        put(COMPATIBLE_SERVERS="groq=http://groq/v1", COMPATIBLE_KEYS=f"groq={SECRET} x")


def test_a_key_may_come_with_the_end_of_its_line(put: Put) -> None:
    key = put(OPENAI_API_KEY=f" {SECRET}\n").openai_api_key

    assert key is not None
    assert key.get_secret_value() == SECRET


def test_every_wrong_value_has_its_line(put: Put) -> None:
    with pytest.raises(WrongSettings) as caught:
        put(LOG_LEVEL="loud", MAX_TOOL_ROUNDS="none")

    names = [line.partition(":")[0] for line in str(caught.value).splitlines()]
    assert sorted(names) == ["LOG_LEVEL", "MAX_TOOL_ROUNDS"]
    assert ".env" in caught.value.hint


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///dbstorage/parley.db",
        "sqlite:////tmp/parley.db",
        "postgresql+psycopg://db.example.com/parley",
        "postgresql+psycopg://me:pa:ss/word@127.0.0.1:5432/parley?sslmode=require",
        "postgresql+psycopg://me@[::1]:5432/parley",
        "postgresql+psycopg:///parley?host=/run/postgresql",
    ],
)
def test_both_databases_can_be_named(put: Put, url: str) -> None:
    assert put(DATABASE_URL=url).database_url.get_secret_value() == url


def test_secrets_are_never_shown(put: Put) -> None:
    settings = put(
        OPENAI_API_KEY=SECRET,
        GOOGLE_API_KEY=SECRET,
        GEMINI_API_KEY=SECRET,
        AZURE_OPENAI_API_KEY=SECRET,
        COMPATIBLE_API_KEY=SECRET,
        COMPATIBLE_SERVERS="groq=http://groq/v1",
        COMPATIBLE_KEYS=f"groq={SECRET}",
        DATABASE_URL=f"postgresql+psycopg://me:{SECRET}@localhost/parley",
    )

    assert SECRET not in f"{settings} {settings!r} {settings.model_dump()}"


def test_google_api_key_beats_gemini_api_key(put: Put) -> None:
    older = put(GEMINI_API_KEY="gemini").google_key
    both = put(GOOGLE_API_KEY="google").google_key

    assert older is not None
    assert older.get_secret_value() == "gemini"
    assert both is not None
    assert both.get_secret_value() == "google"


def test_google_cloud_names_beat_older_ones(put: Put) -> None:
    older = put(PROJECT_ID="old", LOCATION="there")
    both = put(GOOGLE_CLOUD_PROJECT="new", GOOGLE_CLOUD_LOCATION="here")

    assert (older.vertex_project, older.vertex_location) == ("old", "there")
    assert (both.vertex_project, both.vertex_location) == ("new", "here")


def test_model_map_reads_pairs(put: Put) -> None:
    settings = put(MODEL_MAP=" gpt-4o = gemini-x , gpt-4=openai:a=b,")

    assert settings.model_map == {"gpt-4o": "gemini-x", "gpt-4": "openai:a=b"}


def test_servers_are_read_by_name(put: Put) -> None:
    settings = put(
        COMPATIBLE_SERVERS=" ollama = http://127.0.0.1:11434/v1, my-gpu=https://gpu/v1?a=b",
        COMPATIBLE_KEYS="my-gpu=ends-with==",
        COMPATIBLE_MODELS="my-gpu=llama3:8b, vllm=qwen",
        COMPATIBLE_TOOLS="ollama=prompted, native",
    )

    assert settings.compatible_servers == {
        "ollama": "http://127.0.0.1:11434/v1",
        "my-gpu": "https://gpu/v1?a=b",
    }
    assert settings.compatible_keys["my-gpu"].get_secret_value() == "ends-with=="
    assert settings.compatible_models == {"my-gpu": "llama3:8b", "vllm": "qwen"}
    assert settings.tool_modes == {"": "native", "ollama": "prompted"}


def test_wrong_servers_do_not_make_their_keys_wrong(put: Put) -> None:
    with pytest.raises(WrongSettings) as caught:
        put(COMPATIBLE_SERVERS="groq=groq.example", COMPATIBLE_KEYS="groq=gsk")

    assert [line.partition(":")[0] for line in str(caught.value).splitlines()] == [
        "COMPATIBLE_SERVERS"
    ]


def test_empty_value_counts_as_none(put: Put) -> None:
    assert put(OPENAI_API_KEY="", LOG_LEVEL="") == Settings()


def test_environment_beats_the_file(put: Put, tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_text("OPENAI_MODEL=of-the-file\nGEMINI_MODEL=of-the-file\nSOMETHING_ELSE=1\n")

    settings = put(PARLEY_ENV_FILE=str(file), OPENAI_MODEL="of-the-environment")

    assert settings.openai_model == "of-the-environment"
    assert settings.gemini_model == "of-the-file"


def test_file_is_the_projects_env(monkeypatch: pytest.MonkeyPatch) -> None:
    assert env_file() is None

    monkeypatch.delenv("PARLEY_ENV_FILE")

    assert env_file() == ROOT / ".env"


def test_missing_file_is_no_error(put: Put, tmp_path: Path) -> None:
    assert put(PARLEY_ENV_FILE=str(tmp_path / "none")) == Settings()


def test_unreadable_file_is_one_line(put: Put, tmp_path: Path) -> None:
    file = tmp_path / "settings"
    file.write_bytes(b"OPENAI_API_KEY=\xff\xfe\n")

    with pytest.raises(WrongSettings, match="can't be read"):
        put(PARLEY_ENV_FILE=str(file))
