"""How long a start takes: of a program that imports `conversation`, and of the chat.

    python -m benchmarks.core.starting

Each is a process of its own, in turn with its baseline: a Python that does nothing, and a page
with nothing but a field to write in, started the same way. The chat finds the database of an
earlier start, looks after it as `make chat` does, and opens in a browser that has nothing cached.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from playwright.sync_api import Browser

from benchmarks.pages.browser import chromium
from benchmarks.pages.server import PageServer, load
from setup.settings import ROOT
from tests.browser.server import ChatServer
from tests.services import chromium_path

HEAVY: Final = ("sqlalchemy", "openai", "google.genai", "streamlit", "pydantic")
LISTED: Final = f"import conversation, sys; print(*(set({HEAVY!r}) & sys.modules.keys()))"
EMPTY: Final = 'import streamlit as st\n\nst.chat_input("Write")\n'


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from the command until the database is looked after, the server serves, one writes.

    Each counts from the command.
    """

    database: float
    serving: float
    visible: float


class Chat(PageServer):
    """The chat, as `make chat` starts it."""

    def prepare(self) -> None:
        """Make the database, or bring it up to date."""
        command = (sys.executable, "-m", "setup.db_setup")
        subprocess.run(command, cwd=ROOT, env=self._settings, check=True, capture_output=True)


def took(statement: str) -> tuple[float, float]:
    """Return the seconds that a Python takes for a statement, and those of the processor."""
    began, before = time.perf_counter(), os.times()
    subprocess.run((sys.executable, "-c", statement), cwd=ROOT, check=True)
    ended, after = time.perf_counter(), os.times()
    cpu = after.children_user + after.children_system
    return ended - began, cpu - before.children_user - before.children_system


def imports(runs: int) -> None:
    """Print what importing takes."""
    statements = ("pass", "import conversation")
    found: dict[str, list[tuple[float, float]]] = {one: [] for one in statements}
    for statement in statements:
        took(statement)  # bytecode, page cache
    for _ in range(runs):
        for statement in statements:
            found[statement].append(took(statement))
    command = (sys.executable, "-c", LISTED)
    heavy = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    print("| `python -c` | took, s | processor, s | load |\n|---|---|---|---|")
    for statement, times in found.items():
        cells = (cell(list(column)) for column in zip(*times, strict=True))
        print(f"| `{statement}` | {' | '.join(cells)} | {load()} |")
    absent = ", ".join(name for name in HEAVY if name not in heavy.split())
    print(f"\nImported along: {', '.join(heavy.split()) or 'none of them'}. Not: {absent}.\n")


def started(server: ChatServer, browser: Browser) -> Start:
    """Start a server and open its page."""
    began = time.perf_counter()
    if isinstance(server, Chat):
        server.prepare()
    database = time.perf_counter()
    context = browser.new_context()
    with server:
        serving = time.perf_counter()
        page = context.new_page()
        page.goto(server.url, wait_until="commit")
        page.get_by_test_id("stChatInputTextArea").wait_for(timeout=60_000)
        visible = time.perf_counter()
    context.close()
    return Start(database - began, serving - began, visible - began)


def chats(folder: Path, runs: int) -> None:
    """Print what starting the chat takes."""
    script = folder / "empty.py"
    script.write_text(EMPTY)
    servers = {"an empty page": ChatServer(folder, str(script)), "the chat": Chat(folder)}
    found: dict[str, list[Start]] = {name: [] for name in servers}
    with chromium() as browser:
        for server in servers.values():
            started(server, browser)
        for _ in range(runs):
            for name, server in servers.items():
                found[name].append(started(server, browser))
    print("| start of | database looked after, s | serving, s | chat input visible, s | load |")
    print("|---|---|---|---|---|")
    for name, starts in found.items():
        cells = (cell([getattr(one, step) for one in starts]) for step in Start.__slots__)
        print(f"| {name} | {' | '.join(cells)} | {load()} |", flush=True)


def cell(seconds: list[float]) -> str:
    """Return the median, and the extremes in brackets."""
    return f"{median(seconds):.2f} ({min(seconds):.2f}-{max(seconds):.2f})"


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    imports(options.runs)
    if chromium_path():
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            chats(Path(folder), options.runs)


if __name__ == "__main__":
    main()
