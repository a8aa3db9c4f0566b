"""What is found out in the background: once at a time, kept for its time, nobody held up."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from setup.lookups import Found, Lookups

PATIENCE = 5.0


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Source:
    """Finds one value after the other; waits while it is held."""

    def __init__(self, *values: object) -> None:
        self._values = list(values)
        self.asked = 0
        self.free = asyncio.Event()
        self.free.set()

    async def find(self) -> Found:
        self.asked += 1
        await self.free.wait()
        value = self._values.pop(0)
        if isinstance(value, Exception):
            raise value
        return value, 10.0


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield loop
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lookups(loop: asyncio.AbstractEventLoop, clock: Clock) -> Iterator[Lookups]:
    lookups = Lookups(loop, clock)
    yield lookups
    asyncio.run_coroutine_threadsafe(lookups.close(), loop).result(PATIENCE)


def test_value_is_kept_for_its_time(lookups: Lookups, clock: Clock) -> None:
    source = Source("first", "second")

    said = []
    for clock.now in (0.0, 9.9, 10.1):
        lookups.ask("x", source.find)
        said.append(lookups.wait("x", PATIENCE))

    assert said == ["first", "first", "second"]


def test_who_asks_is_not_held_up(lookups: Lookups, loop: asyncio.AbstractEventLoop) -> None:
    source = Source("value")
    source.free.clear()

    for _ in range(3):
        lookups.ask("x", source.find)

    assert lookups.get("x", "nothing yet") == "nothing yet"
    assert lookups.settled is False
    loop.call_soon_threadsafe(source.free.set)
    assert lookups.wait("x", PATIENCE) == "value"
    assert source.asked == 1


def test_fault_keeps_what_was_known(lookups: Lookups, clock: Clock) -> None:
    source = Source("good", OSError("no network"), "better")

    said = []
    for clock.now in (0.0, 11.0, 70.0, 72.0):
        lookups.ask("x", source.find)
        said.append(lookups.wait("x", PATIENCE))

    assert said == ["good", "good", "good", "better"]
    assert source.asked == 3


def test_wait_has_an_end(lookups: Lookups, loop: asyncio.AbstractEventLoop) -> None:
    source = Source("value")
    source.free.clear()
    lookups.ask("x", source.find)

    assert lookups.wait("x", 0.01) is None
    loop.call_soon_threadsafe(source.free.set)


def test_nothing_is_looked_for_without_a_loop() -> None:
    lookups, source = Lookups(None), Source("value")

    lookups.ask("x", source.find)

    assert (lookups.wait("x", PATIENCE), lookups.settled, source.asked) == (None, True, 0)


def test_closed_loop_is_no_error(clock: Clock) -> None:
    loop = asyncio.new_event_loop()
    loop.close()
    lookups, source = Lookups(loop, clock), Source("value")

    lookups.ask("x", source.find)

    assert (lookups.wait("x", PATIENCE), lookups.settled) == (None, True)
