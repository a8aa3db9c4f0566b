"""Threads as long as one likes, made by the core as if somebody had written them."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from conversation.choice import Choice
from conversation.follower import Follower
from conversation.records import Run
from setup.bootstrap import build
from setup.core import ParleyCore
from setup.settings import Settings

DEMO: Final = Choice(provider="demo")
SAID: Final = (
    "What is the price of AAPL?",
    "Show me Markdown",
    "echo A short answer to a short question.",
    "Compare Microsoft and Nvidia",
    "Tell me a long story",
    "count to 60",
    "help",
    "What is the price of TSLA, and should I buy?",
    "My name is Ada, remember that please.",
    'call get_stock_price {"symbol": "IBM"}',
)


@contextmanager
def opened(url: str) -> Iterator[ParleyCore]:
    """Open a core of this process's own on a database, with a demo model that doesn't dawdle."""
    settings = Settings.model_validate(
        {
            "database_url": url,
            "demo_delay_seconds": 0,
            "stock_prices": "sample",
            "thread_titles": "words",
        }
    )
    core = build(settings)
    try:
        yield core
    finally:
        core.close()


def speak(
    core: ParleyCore, text: str, thread_id: str | None = None, *, stream: bool = False
) -> Run:
    """Make one exchange, to its end."""
    run = core.start(text, DEMO, thread_id=thread_id, stream=stream)
    with Follower(core.feed, run.id) as follower:
        while not follower.ended:
            follower.wait(10.0)
            follower.take()
    return core.store.run(run.id)


def make_thread(core: ParleyCore, messages: int, title: str) -> str:
    """Make a thread of so many messages, and pin it."""
    said = itertools.islice(itertools.cycle(SAID), messages // 2 - 2)
    thread_id = speak(core, f"echo The beginning of {title}").thread_id
    for text in said:
        speak(core, f"{text}\n\n({title})", thread_id)
    speak(core, f"echo The end of {title}", thread_id)
    core.store.change_thread(thread_id, title=title, pinned=True).result()
    return thread_id


def make_others(core: ParleyCore, count: int) -> None:
    """Make threads that only fill the list."""
    for number in range(count):
        speak(core, f"echo Something about the {number}th thing that came to mind")
