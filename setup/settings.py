"""The only reader of the environment.

Settings come from the environment, then from `.env` or the file that PARLEY_ENV_FILE names. A wrong
value stops the start with one line for each: `read_settings` raises `WrongSettings`.
"""

import os
import re
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from conversation.api_ports import ApiKey
from conversation.errors import ParleyError
from conversation.ids import is_id
from setup import keys, written

ROOT: Final = Path(__file__).resolve().parent.parent

Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]

_DATABASE: Final = re.compile(
    r"sqlite:///[^:?].*"
    r"|postgresql\+psycopg://([^@]*@)?(\[[\da-fA-F:.]*\]|[^\[\]:/?@]*)(:\d+)?([/?].*)?"
)


_VERSION: Final = re.compile(r"v1|preview|\d{4}-\d\d-\d\d(-preview)?")

_Pairs = Annotated[dict[str, str], NoDecode]
_List = Annotated[tuple[str, ...], NoDecode]


class WrongSettings(ParleyError):
    """Settings that can't be used; `str` has one line for each."""

    code = "wrong_settings"
    advice = "Mend them in .env or in the environment and start again."


class Settings(BaseSettings):
    """Every setting; `.env_sample` and docs/settings.md explain each."""

    model_config = SettingsConfigDict(env_ignore_empty=True, extra="ignore", frozen=True)

    # OpenAI
    openai_api_key: SecretStr | None = None
    openai_base_url: str | None = None
    openai_model: str = "gpt-6.1-terra"

    # Azure OpenAI
    azure_openai_endpoint: str | None = None
    azure_openai_api_key: SecretStr | None = None
    azure_openai_model: str | None = None
    openai_api_version: str | None = None

    # Gemini, by key or through Vertex AI
    google_api_key: SecretStr | None = None
    gemini_api_key: SecretStr | None = None
    google_gemini_base_url: str | None = None
    google_vertex_base_url: str | None = None
    google_genai_use_vertexai: bool = False
    google_cloud_project: str | None = None
    google_cloud_location: str | None = None
    project_id: str | None = None
    location: str | None = None
    gemini_model: str = "gemini-3.8-flash"

    # OpenAI-compatible servers: one, several by name, and those found on this computer
    compatible_base_url: str | None = None
    compatible_api_key: SecretStr | None = None
    compatible_model: str | None = None
    compatible_servers: _Pairs = {}
    compatible_keys: Annotated[dict[str, SecretStr], NoDecode] = {}
    compatible_models: _Pairs = {}
    compatible_tools: str = "auto"
    local_servers: Literal["on", "off"] = "on"

    # Another server of the Assistants API
    remote_base_url: str | None = None
    remote_api_key: SecretStr | None = None
    remote_model: str | None = None
    remote_assistant_id: str | None = None

    # The conversation
    assistant_id: str | None = None
    mediator_type: Literal["stateMachine", "basic"] = "stateMachine"
    model_map: _Pairs = {}
    stock_prices: Literal["live", "sample"] = "live"
    thread_titles: Literal["model", "words"] = "model"

    # The log
    database_url: SecretStr = SecretStr("sqlite:///dbstorage/parley.db")  # may hold a password
    retention_days: Annotated[int, Field(ge=1, le=36_500)] | None = None

    # Limits
    max_tool_rounds: Annotated[int, Field(ge=1, le=1000)] = 25
    run_expires_seconds: Seconds = 600
    chat_run_expires_seconds: Seconds = 86_400
    provider_timeout_seconds: Seconds = 120
    provider_max_attempts: Annotated[int, Field(ge=1, le=10)] = 4
    database_busy_seconds: Seconds = 10
    demo_delay_seconds: Annotated[float, Field(ge=0)] = 0.03
    drain_seconds: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 8

    # The API server
    server_host: str = "127.0.0.1"
    server_port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    server_allowed_hosts: _List = ()
    server_cors_origins: _List = ()
    parley_api_keys: SecretStr | None = None
    server_max_body_bytes: Annotated[int, Field(ge=1)] = 10_000_000
    server_requests_per_minute: Annotated[int, Field(ge=1)] | None = None
    server_runs_at_once: Annotated[int, Field(ge=1)] | None = None

    # Who executes runs
    run_queue: Literal["auto", "embedded", "distributed"] = "auto"
    run_worker: Literal["on", "off"] = "on"
    run_worker_at_once: Annotated[int, Field(ge=1, le=10_000)] = 100

    # The program
    log_level: Literal["debug", "info", "warning", "error"] = "warning"

    @field_validator("model_map", mode="before")
    @classmethod
    def _mapped(cls, value: Any) -> Any:
        return written.pairs(value, "old-model=new-model")

    @field_validator("compatible_servers", mode="before")
    @classmethod
    def _servers(cls, value: Any) -> Any:
        return written.pairs(value, "name=http://address/v1")

    @field_validator("compatible_servers")
    @classmethod
    def _named(cls, value: dict[str, str]) -> dict[str, str]:
        for name, address in value.items():
            written.check_name(name)
            written.check_address(address)
        return value

    @field_validator("compatible_keys", mode="before")
    @classmethod
    def _keys(cls, value: Any, info: ValidationInfo) -> Any:
        keys = written.pairs(value, "name=key")
        written.check_names(keys, info.data.get("compatible_servers"))
        return keys

    @field_validator("compatible_keys")
    @classmethod
    def _as_keys(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        return {name: written.key(one) for name, one in value.items()}

    @field_validator(
        "openai_api_key",
        "azure_openai_api_key",
        "google_api_key",
        "gemini_api_key",
        "compatible_api_key",
        "remote_api_key",
    )
    @classmethod
    def _key(cls, value: SecretStr | None) -> SecretStr | None:
        return None if value is None else written.key(value)

    @field_validator("compatible_models", mode="before")
    @classmethod
    def _models(cls, value: Any, info: ValidationInfo) -> Any:
        models = written.pairs(value, "name=model")
        written.check_names(models, info.data.get("compatible_servers"), written.LOCAL_SERVERS)
        return models

    @field_validator("compatible_tools")
    @classmethod
    def _tools(cls, value: str, info: ValidationInfo) -> str:
        modes = written.tool_modes(value)
        known = (*written.LOCAL_SERVERS, written.ONE_SERVER, "")
        written.check_names(modes, info.data.get("compatible_servers"), known)
        return value

    @field_validator("openai_api_version")
    @classmethod
    def _version(cls, value: str | None) -> str | None:
        if value is not None and not _VERSION.fullmatch(value):
            raise ValueError("write v1, preview or a version's date, as in 2024-10-21")
        return value

    @field_validator("assistant_id")
    @classmethod
    def _assistant(cls, value: str | None) -> str | None:
        if value is not None and not is_id(value, "asst"):
            raise ValueError("an assistant's id is asst_ and 24 letters and digits")
        return value

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: SecretStr) -> SecretStr:
        if not _DATABASE.fullmatch(value.get_secret_value()):
            raise ValueError("write sqlite:///file or postgresql+psycopg://user:password@host/name")
        return value

    @field_validator(
        "openai_base_url",
        "azure_openai_endpoint",
        "google_gemini_base_url",
        "google_vertex_base_url",
        "compatible_base_url",
        "remote_base_url",
    )
    @classmethod
    def _address(cls, value: str | None) -> str | None:
        if value is not None:
            written.check_address(value)
        return value

    @field_validator("server_allowed_hosts", "server_cors_origins", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        return written.listed(value)

    @field_validator("server_allowed_hosts")
    @classmethod
    def _hosts(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(written.host, value))

    @field_validator("server_cors_origins")
    @classmethod
    def _origins(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(written.origin, value))

    @field_validator("parley_api_keys")
    @classmethod
    def _api_keys(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not keys.read_keys(value.get_secret_value()):
            raise ValueError("it names no key")  # rather than let everybody in
        return value

    @property
    def api_keys(self) -> tuple[ApiKey, ...]:
        """What is kept of the keys of PARLEY_API_KEYS."""
        return keys.read_keys(
            self.parley_api_keys.get_secret_value() if self.parley_api_keys else ""
        )

    @field_validator("run_queue")
    @classmethod
    def _queue(cls, value: str, info: ValidationInfo) -> str:
        if value == "distributed" and not _on_server(info.data.get("database_url")):
            raise ValueError("a distributed queue needs PostgreSQL: see DATABASE_URL")
        return value

    @field_validator("run_worker")
    @classmethod
    def _worker(cls, value: str, info: ValidationInfo) -> str:
        queue, database = info.data.get("run_queue"), info.data.get("database_url")
        if value == "off" and (queue == "embedded" or not _on_server(database)):
            raise ValueError("only with a distributed queue do other processes execute runs")
        return value

    @property
    def distributed(self) -> bool:
        """Whether runs are executed by any process that takes them from a queue."""
        if self.run_queue == "auto" and os.name == "nt":
            return False  # the driver needs an event loop that Windows does not have by default
        return self.run_queue != "embedded" and _on_server(self.database_url)

    @property
    def executes_runs(self) -> bool:
        """Whether this process executes runs."""
        return self.run_worker == "on"

    @property
    def google_key(self) -> SecretStr | None:
        """The Gemini key in force: GOOGLE_API_KEY beats GEMINI_API_KEY."""
        return self.google_api_key or self.gemini_api_key

    @property
    def tool_modes(self) -> dict[str, written.ToolMode]:
        """How servers get functions, by their names; under the empty name, all others."""
        return written.tool_modes(self.compatible_tools)

    @property
    def vertex_project(self) -> str | None:
        """The Google Cloud project; PROJECT_ID is an older name."""
        return self.google_cloud_project or self.project_id

    @property
    def vertex_location(self) -> str | None:
        """The Google Cloud location; LOCATION is an older name."""
        return self.google_cloud_location or self.location


def env_file() -> Path | None:
    """Return the file of settings; PARLEY_ENV_FILE names another one, or none when it is empty."""
    named = os.environ.get("PARLEY_ENV_FILE", ROOT / ".env")  # noqa: TID251 - the one reader
    return Path(named) if named else None


def read_settings() -> Settings:
    """Read them; `WrongSettings` with one line for each that can't be used."""
    try:
        return Settings(_env_file=env_file())  # type: ignore[call-arg]  # unknown without a plugin
    except (OSError, UnicodeDecodeError):
        raise WrongSettings(f"The file {env_file()} can't be read as text.") from None
    except ValidationError as error:
        lines = [_line(problem["loc"], problem["msg"]) for problem in error.errors()]
        raise WrongSettings("\n".join(lines)) from None  # the cause would show the values


@cache
def settings() -> Settings:
    """Return this process's settings, read once."""
    return read_settings()


def _on_server(database_url: SecretStr | None) -> bool:
    return database_url is None or database_url.get_secret_value().startswith("postgresql")


def _line(place: tuple[int | str, ...], problem: str) -> str:
    name = str(place[0]).upper() if place else "settings"
    return f"{name}: {problem.removeprefix('Value error, ')}"
