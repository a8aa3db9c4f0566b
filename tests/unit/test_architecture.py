"""Who imports whom, where import-linter can't look: the scripts in the root, and at run time."""

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from setup.settings import ROOT

MAY_IMPORT = {
    "app.py": {"ui", "server", "streamlit"},
    "streamlit-chat.py": {"ui", "streamlit"},
    "streamlit-history.py": {"ui", "streamlit"},
    "streamlit-pages.py": {"ui", "streamlit"},
    "terminal-chat.py": {"conversation"},
}
SCRIPTS = sorted(path.name for path in ROOT.glob("*.py"))
HEAVY = (
    "openai",
    "google.genai",
    "streamlit",
    "sqlalchemy",
    "alembic",
    "pandas",
    "pydantic",
    "markdown_it",
)


def imports(tree: ast.AST) -> Iterator[str]:
    """Return the packages that a script imports, wherever in it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield str(node.module).partition(".")[0]


def loaded_by(statement: str) -> set[str]:
    """Return the modules that a fresh Python has loaded after `statement`."""
    code = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run(  # noqa: S603 - our own Python
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_imports_only_what_it_may(script: str) -> None:
    tree = ast.parse((ROOT / script).read_text(encoding="utf-8"))

    assert set(imports(tree)) - sys.stdlib_module_names <= MAY_IMPORT[script]


@pytest.mark.parametrize("script", SCRIPTS)
def test_script_imports_nothing_by_name(script: str) -> None:
    source = (ROOT / script).read_text(encoding="utf-8")

    assert "importlib" not in source
    assert "__import__" not in source


def test_conversation_is_light_to_import() -> None:
    loaded = loaded_by("import conversation")

    assert "conversation.facade" in loaded
    assert not loaded.intersection(HEAVY)
    assert not {name for name in loaded if name.startswith(("setup", "storage", "runs"))}


def test_database_script_loads_only_what_it_needs() -> None:
    loaded = loaded_by("import setup.db_setup")

    assert not loaded & {"openai", "google.genai", "streamlit", "alembic", "pandas", "yfinance"}


def test_pages_are_served_before_what_the_api_needs_is_loaded() -> None:
    loaded = loaded_by("import app")

    assert "server.beside" in loaded
    assert not loaded & {"fastapi", "sqlalchemy", "openai", "google.genai", "alembic"}
