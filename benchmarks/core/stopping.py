"""How soon the model's server is rid of an answer that is stopped.

    python -m benchmarks.core.stopping

Answers stream at 50 words a second. From the SDK's own `close`, from `core.cancel`, and from a
click on Stop in Chromium, until the model's server has seen the connection close.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from openai import AsyncOpenAI
from playwright.sync_api import Page

from benchmarks.core.model import Model, model_server
from benchmarks.core.streaming import MODEL
from benchmarks.pages.browser import chromium, settle, watched
from benchmarks.pages.opening import EMPTY
from benchmarks.pages.server import PageServer, load, spread
from conversation.choice import Choice
from conversation.follower import Follower
from conversation.ports import TextDelta
from setup.bootstrap import build
from setup.core import ParleyCore
from setup.settings import Settings
from tests.services import chromium_path

TOKENS: Final = 10_000
DELAY: Final = 0.02
HEARD: Final = 5
"""How many pieces of text are read before the answer is stopped."""
CLICKED: Final = """
() => document.addEventListener('click', () => { window.clickedAt = Date.now() / 1000 },
  { capture: true, once: true })
"""


async def closing(model: Model, count: int) -> list[float]:
    """Return the seconds from the SDK's `close`."""
    found = []
    async with AsyncOpenAI(base_url=model.base_url, api_key="sk-bench", max_retries=0) as client:
        for _ in range(count):
            stream = await client.responses.create(model=MODEL, input="Go.", stream=True)
            heard = 0
            async for event in stream:
                heard += event.type == "response.output_text.delta"
                if heard == HEARD:
                    break
            began = time.time()
            await stream.close()
            found.append(await asyncio.to_thread(model.left) - began)
    return found


def cancelling(model: Model, core: ParleyCore, count: int) -> Iterator[float]:
    """Yield the seconds from `core.cancel`."""
    for _ in range(count):
        run = core.start("Go.", Choice(provider="openai", model=MODEL))
        heard = 0
        with Follower(core.feed, run.id) as follower:
            while heard < HEARD:
                follower.wait(10)
                heard += sum(isinstance(piece, TextDelta) for piece in follower.take())
            began = time.time()
            core.cancel(run.id)
            left = model.left()
            while not follower.ended:
                follower.wait(10)
                follower.take()
            yield left - began


def clicking(model: Model, page: Page, count: int) -> Iterator[float]:
    """Yield the seconds from the click on Stop."""
    field = page.get_by_test_id("stChatInputTextArea")
    for _ in range(count):
        page.locator(".st-key-new button").click()
        page.wait_for_function(EMPTY)
        settle(page)
        field.fill("Go.")
        field.press("Enter")
        page.locator(".st-key-stop button").wait_for()
        page.get_by_text("word4").first.wait_for()
        page.evaluate(CLICKED)
        page.locator(".st-key-stop button").click()
        yield model.left() - float(page.evaluate("window.clickedAt"))
        page.locator(".st-key-stop button").wait_for(state="detached")


def through_core(model: Model, folder: Path, count: int) -> list[float]:
    """Stop answers of a core on a fresh log."""
    given = {
        "database_url": f"sqlite:///{folder / 'core.db'}",
        "thread_titles": "words",
        "drain_seconds": 0,
        **model.settings(),
    }
    core = build(Settings.model_validate(given))
    try:
        return list(cancelling(model, core, count))
    finally:
        core.close()


def through_page(model: Model, folder: Path, count: int) -> list[float]:
    """Stop answers on the page, each in a thread of its own; the first is not counted."""
    settings = {name.upper(): value for name, value in model.settings().items()}
    with (
        PageServer(folder, **settings) as server,
        chromium() as browser,
        watched(browser) as page,
    ):
        page.goto(server.url)
        settle(page)
        return list(clicking(model, page, count + 1))[1:]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=50, help="how many calls")
    parser.add_argument("--clicks", type=int, default=15, help="how many clicks (0: no Chromium)")
    options = parser.parse_args()
    print("| stopped by | times | connection closed after p50 / p95 / max, ms | load |")
    print("|---|---|---|---|")
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        model_server(TOKENS, DELAY) as model,
    ):
        row("closing the SDK's stream", asyncio.run(closing(model, options.count)))
        row("`core.cancel`", through_core(model, Path(folder), options.count))
        if options.clicks and chromium_path():
            row("a click on Stop", through_page(model, Path(folder), options.clicks))


def row(name: str, found: list[float]) -> None:
    """Print a row of the table."""
    print(f"| {name} | {len(found)} | {spread(found, 1000, 1)} | {load()} |", flush=True)


if __name__ == "__main__":
    main()
