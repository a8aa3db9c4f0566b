"""A run's steps go to the log one after the other, together where they came meanwhile."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import pytest

from conversation.errors import Superseded
from conversation.events import StateChanged
from conversation.records import Opening, PendingText, Run, Usage, Write
from conversation.script import State, Trigger
from runs.settled import SettledLog

READY, STARTED, RUNNING = State.READY, State.STARTED, State.RUNNING
WAITS, DONE = State.REQUIRES_ACTION, State.COMPLETED


@dataclass
class SlowLog:
    """A log that takes a step when it is told to."""

    taken: list[Write] = field(default_factory=list)
    said: list[tuple[int, str]] = field(default_factory=list)
    under_way: list[asyncio.Future[None]] = field(default_factory=list)

    async def accept(self, opening: Opening) -> Run:
        """Take none here."""
        raise NotImplementedError

    def write(self, write: Write) -> asyncio.Future[None]:
        """Take a step, and let it wait."""
        self.taken.append(write)
        self.under_way.append(asyncio.get_running_loop().create_future())
        return self.under_way[-1]

    def say(self, text: PendingText) -> None:
        """Take text, with how many steps came before it."""
        self.said.append((len(self.taken), text.text))


def step(before: State, after: State, **parts: Any) -> Write:
    changed = StateChanged(trigger=next(iter(Trigger)), before=before, after=after)
    return Write(run_id="run_1", expect=before, to=after, events=(changed,), fence=1, **parts)


async def turns() -> None:
    """Let the loop do what it has at hand."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_steps_that_come_while_one_is_under_way_go_as_one() -> None:
    slow = SlowLog()
    log = SettledLog(slow)
    log.write(step(READY, STARTED))
    await turns()
    log.write(step(STARTED, RUNNING, usage=Usage(input=1)))
    await turns()
    log.write(step(RUNNING, WAITS, usage=Usage(input=2)))
    await turns()

    assert [(one.expect, one.to) for one in slow.taken] == [(READY, STARTED)]
    slow.under_way[0].set_result(None)
    await turns()

    assert [(one.expect, one.to) for one in slow.taken] == [(READY, STARTED), (STARTED, WAITS)]
    assert slow.taken[1].usage == Usage(input=3)
    assert len(slow.taken[1].events) == 2


async def test_all_that_went_as_one_is_durable_with_it() -> None:
    slow = SlowLog()
    log = SettledLog(slow)
    first = asyncio.ensure_future(log.write(step(READY, STARTED)))
    await turns()
    behind = [
        asyncio.ensure_future(log.write(step(STARTED, RUNNING))),
        asyncio.ensure_future(log.write(step(RUNNING, DONE))),
    ]
    slow.under_way[0].set_result(None)
    await first
    await turns()

    assert not any(one.done() for one in behind)
    slow.under_way[1].set_result(None)

    await asyncio.gather(*behind)
    await log.settled()


async def test_a_step_that_does_not_follow_waits_for_no_joining() -> None:
    slow = SlowLog()
    log = SettledLog(slow)
    log.write(step(READY, STARTED))
    await turns()
    log.write(step(STARTED, WAITS, release=True))
    log.write(step(WAITS, RUNNING))

    assert [one.to for one in slow.taken] == [STARTED, WAITS]


async def test_text_comes_after_the_step_that_opens_its_message() -> None:
    slow = SlowLog()
    log = SettledLog(slow)
    log.write(step(READY, STARTED))
    await turns()
    log.write(step(STARTED, STARTED))

    log.say(PendingText(run_id="run_1", fence=1, message_id="msg_1", offset=0, text="Hi"))

    assert slow.said == [(2, "Hi")]


async def test_a_refused_step_does_not_hold_up_those_behind_it() -> None:
    slow = SlowLog()
    log = SettledLog(slow)
    first = asyncio.ensure_future(log.write(step(READY, STARTED)))
    await turns()
    behind = asyncio.ensure_future(log.write(step(STARTED, RUNNING)))
    await turns()

    slow.under_way[0].set_exception(Superseded("run_1"))
    with pytest.raises(Superseded):
        await first
    slow.under_way[1].set_exception(Superseded("run_1"))

    with pytest.raises(Superseded):
        await behind
    await log.settled()


async def test_it_is_settled_when_nothing_is_under_way_or_waits() -> None:
    slow = SlowLog()
    log = SettledLog(slow)
    log.write(step(READY, STARTED))
    await turns()
    log.write(step(STARTED, RUNNING))
    settled = asyncio.ensure_future(log.settled())
    for number in (0, 1):
        await turns()
        assert not settled.done()
        slow.under_way[number].set_result(None)

    await asyncio.wait_for(settled, 1)
    assert [one.to for one in slow.taken] == [STARTED, RUNNING]
