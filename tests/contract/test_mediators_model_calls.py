"""Both mediators write each request to the model down, with what they write anyway."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from itertools import count

import pytest

from conversation.errors import ProviderUnavailable, StoreUnavailable
from conversation.events import Retried
from conversation.records import ModelCall, Run, Write
from conversation.script import State
from conversation.signals import Alive, Requested, Responded, Retrying, Saying, Sent, Signal
from conversation.turns import Turn
from mediator.mediator import Mediator
from tests.contract.scripts import asking, saying
from tests.stage import Line, Log, ScriptedAssistant, Stage

AGAIN = Retrying(code="rate_limited", reason="Too many requests", delay=0.5, attempt=1)


def taped(lines: list[Line], request: str = "{}", response: str | None = "[]") -> list[Line]:
    """Put a request behind `Sent`, and its response before the end."""
    sent, *rest, end = lines
    return [sent, Requested(request), *rest, Responded(response), end]


def calls_of(stage: Stage, run: Run) -> list[ModelCall]:
    return stage.store.model_calls(run.id)


def kept_of(stage: Stage, run: Run) -> list[tuple[int, int, str, str | None]]:
    return [(c.number, c.attempt, c.request, c.response) for c in calls_of(stage, run)]


async def left(mediator: Mediator, stage: Stage, *turns: list[Line]) -> None:
    """Conduct until the model has said its last line, then stop where the run stands."""
    reached, never = asyncio.Event(), asyncio.Event()

    class Pausing(ScriptedAssistant):
        async def respond(self, turn: Turn) -> AsyncGenerator[Signal, None]:
            async for signal in super().respond(turn):
                yield signal
            if not self._turns:
                reached.set()
                await never.wait()

    task = asyncio.create_task(stage.conduct_by(mediator, Pausing(*turns)))
    await asyncio.wait_for(reached.wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_request_and_response_are_kept(stage: Stage) -> None:
    run = await stage.begin()

    await stage.conduct(run.id, ScriptedAssistant(taped(saying("Hi"), '{"q": 1}', '{"a": 2}')))

    (call,) = calls_of(stage, run)
    assert (call.run_id, call.provider) == (run.id, "scripted")
    assert (call.number, call.attempt) == (1, 1)
    assert (call.request, call.response) == ('{"q": 1}', '{"a": 2}')
    assert call.ended_at is not None
    assert run.created_at <= call.started_at <= call.ended_at


async def test_each_answer_is_a_request_with_a_number(stage: Stage) -> None:
    run = await stage.begin()
    turns = [taped(asking(), "1", "11"), taped(asking(), "2", "22"), taped(saying("Hi"), "3", "33")]

    await stage.conduct(run.id, ScriptedAssistant(*turns))

    assert kept_of(stage, run) == [(1, 1, "1", "11"), (2, 1, "2", "22"), (3, 1, "3", "33")]


async def test_each_attempt_is_kept(stage: Stage) -> None:
    run = await stage.begin()
    failed: list[Line] = [Requested("{}"), Responded('{"status": 429}'), AGAIN]
    lost: list[Line] = [Requested("{}"), Responded(None), AGAIN]

    sent, *rest = taped(saying("Hi"))
    await stage.conduct(run.id, ScriptedAssistant([sent, *failed, *lost, *rest]))

    assert kept_of(stage, run) == [
        (1, 1, "{}", '{"status": 429}'),
        (1, 2, "{}", None),
        (1, 3, "{}", "[]"),
    ]
    assert all(call.ended_at for call in calls_of(stage, run))


@pytest.mark.parametrize("turns", [[saying("Hi ", "there")], [asking(), saying("42")]])
async def test_nothing_is_written_for_it_alone(stage: Stage, turns: list[list[Line]]) -> None:
    plain, run = await stage.begin(), await stage.begin()
    await stage.conduct(plain.id, ScriptedAssistant(*turns))
    without = len(stage.log.writes)

    await stage.conduct(run.id, ScriptedAssistant(*map(taped, turns)))

    assert len(stage.log.writes) == 2 * without
    assert stage.kinds(run.id) == stage.kinds(plain.id)
    rows = [len(write.model_calls) for write in stage.log.writes[without:]]
    assert max(rows) == 1


async def test_request_is_written_before_the_answer_is_there(stage: Stage) -> None:
    run = await stage.begin()

    await left(stage.restore(run.id), stage, [Sent(), Requested("{}"), Alive("in_progress")])

    (call,) = calls_of(stage, run)
    assert (call.request, call.response, call.ended_at) == ("{}", None, None)


async def test_failed_request_is_kept_with_its_error(stage: Stage) -> None:
    run = await stage.begin()
    failed: list[Line] = [Sent(), Requested("{}"), Responded('{"status": 500}')]

    ended = await stage.conduct(run.id, ScriptedAssistant([*failed, ProviderUnavailable("Down.")]))

    assert ended.state is State.ERROR
    assert kept_of(stage, run) == [(1, 1, "{}", '{"status": 500}')]


@pytest.mark.parametrize("ending", ["cancelled", "expired"])
async def test_request_that_was_stopped_has_no_response(stage: Stage, ending: str) -> None:
    run = await stage.begin()
    mediator = stage.restore(run.id)
    await left(mediator, stage, [Sent(), Requested("{}"), Saying("Well, ")])

    if ending == "cancelled":
        await stage.restore(run.id, fenced=False).cancel()
        mediator.moved(State.CANCELLING)
        await mediator.cancelled()
    else:
        await mediator.expire()

    (call,) = calls_of(stage, run)
    assert (call.request, call.response) == ("{}", None)
    assert call.ended_at is not None


async def test_nothing_is_written_over_after_a_crash(stage: Stage) -> None:
    run = await stage.begin()
    second: list[Line] = [Sent(), Requested("2"), Responded("4"), AGAIN, Requested("2"), Alive()]
    await left(stage.restore(run.id), stage, taped(asking(), "1", "3"), second)
    before = kept_of(stage, run)
    await stage.crash(run.id)

    await stage.conduct(run.id, ScriptedAssistant(taped(asking(), "5", "6"), taped(saying("Hi"))))

    assert before == [(1, 1, "1", "3"), (2, 1, "2", "4"), (2, 2, "2", None)]
    assert kept_of(stage, run) == [*before, (2, 101, "5", "6"), (3, 101, "{}", "[]")]


@dataclass
class Failing(Log):
    """A log that fails once for each number."""

    fails: set[int] = field(default_factory=set)
    _written: "count[int]" = field(default_factory=count)

    def write(self, write: Write) -> asyncio.Future[None]:
        if next(self._written) not in self.fails:
            return super().write(write)
        loop = asyncio.get_running_loop()
        told: asyncio.Future[None] = loop.create_future()
        loop.call_soon(told.set_exception, StoreUnavailable("Not now."))
        return told


async def test_what_was_lost_on_its_way_comes_with_what_followed_it(stage: Stage) -> None:
    run = await stage.begin()
    stage.log = Failing(stage.store, fails={2})
    mediator = stage.restore(run.id)
    await mediator.started()
    await mediator.heartbeat("queued")
    mediator.requested("{}")
    await mediator.heartbeat("in_progress")

    await mediator.heartbeat("in_progress still")

    assert kept_of(stage, run) == [(1, 1, "{}", None)]


async def test_what_could_not_be_written_is_written_later(stage: Stage) -> None:
    run = await stage.begin()
    stage.log = Failing(stage.store, fails={1})
    mediator = stage.restore(run.id)
    await mediator.started()
    mediator.requested("{}")
    with pytest.raises(StoreUnavailable):
        await mediator.note(Retried(attempt=1))
    mediator.responded("[]")

    await mediator.note(Retried(attempt=1))

    assert kept_of(stage, run) == [(1, 1, "{}", "[]")]
