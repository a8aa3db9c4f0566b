"""`.env_sample` and docs/settings.md name every setting, and nothing else reads the environment."""

import re
from itertools import pairwise

import pytest
from dotenv import dotenv_values
from pydantic import SecretStr

from setup.settings import ROOT, Settings

NAMES = sorted(name.upper() for name in Settings.model_fields)
SAMPLE = (ROOT / ".env_sample").read_text(encoding="utf-8")
DOCUMENT = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
NOT_OURS = ("tests", "benchmarks")

SAMPLE_LINE = re.compile(r"#?(?P<name>[A-Z_]+)=(?P<value>.*)")
DOCUMENT_ROW = re.compile(r"^\| `(?P<name>[A-Z_]+)` \| (?P<default>.+?) \|", re.MULTILINE)
DOCUMENT_ROWS = list(DOCUMENT_ROW.finditer(DOCUMENT))


def shown_default(name: str) -> str:
    """Return a default as docs/settings.md shows it."""
    default = Settings.model_fields[name.lower()].default
    value = default.get_secret_value() if isinstance(default, SecretStr) else default
    if isinstance(value, float):
        return f"`{value:g}`"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def test_sample_names_every_setting_once() -> None:
    named = [match["name"] for match in SAMPLE_LINE.finditer(SAMPLE)]

    assert sorted(named) == NAMES


def test_sample_explains_every_setting() -> None:
    lines = SAMPLE.splitlines()

    for above, line in pairwise(lines):
        if SAMPLE_LINE.fullmatch(line):
            assert re.fullmatch(r"# [A-Z].*\.", above), f"no comment above {line}"


def test_sample_values_are_right(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    commented = {m["name"]: m["value"] for m in SAMPLE_LINE.finditer(SAMPLE) if m["value"]}

    for name, value in commented.items():
        monkeypatch.setenv(name, value)

    Settings()


def test_sample_as_it_is_suits_the_demo() -> None:
    active = dotenv_values(ROOT / ".env_sample")

    assert {name: value for name, value in active.items() if value} == {"STOCK_PRICES": "sample"}


def test_document_has_every_setting_once() -> None:
    named = [row["name"] for row in DOCUMENT_ROWS]

    assert sorted(named) == NAMES
    assert "PARLEY_ENV_FILE" in DOCUMENT


@pytest.mark.parametrize("row", DOCUMENT_ROWS, ids=lambda row: str(row["name"]))
def test_document_shows_the_default(row: re.Match[str]) -> None:
    if not Settings.model_fields[row["name"].lower()].default:
        assert row["default"] in {"none", "`false`"} or row["default"].endswith("own")
    else:
        assert row["default"].partition(" (")[0] == shown_default(row["name"])


def test_nothing_else_reads_the_environment() -> None:
    readers = [
        path.relative_to(ROOT).as_posix()
        for path in ROOT.rglob("[!.]*.py")
        if not {part for part in path.relative_to(ROOT).parts if part.startswith(".")}
        and path.relative_to(ROOT).parts[0] not in NOT_OURS
        and re.search(r"os\.environ|getenv|environb", path.read_text(encoding="utf-8"))
    ]

    assert readers == ["setup/settings.py"]
