"""What is left on a remote server: nothing, unless somebody may still need it."""

import asyncio

import pytest

from conversation.signals import Finished, Saying, Signal
from proxies import assistants_left
from tests.wire.assistants import CANCEL, RUN, RemoteWire, first_round, turn
from tests.wire.assistants_events import Answer
from tests.wire.assistants_server import failure
from tests.wire.server import Break, broken
from tests.wire.wires import PRICE, hear, text_of

pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")


@pytest.fixture(params=[True, False], ids=["streamed", "polled"])
def stream(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


async def listening(remote: RemoteWire, stream: bool) -> asyncio.Task[list[Signal]]:
    """Return a task that hears an answer without an end, once the run is under way."""
    polls = 1_000_000
    remote.server.script(Answer(text="one two", breaks=Break.STALL, after=2, polls=polls))
    heard: list[Signal] = []
    under_way = asyncio.Event()

    async def listen() -> list[Signal]:
        async for signal in remote.proxy().respond(turn(stream=stream)):
            heard.append(signal)
            if isinstance(signal, Saying) or len(heard) > 20:
                under_way.set()
        return heard

    task = asyncio.create_task(listen())
    async with asyncio.timeout(5):
        await under_way.wait()
    return task


async def test_nothing_is_left_after_an_answer(remote: RemoteWire, stream: bool) -> None:
    proxy = remote.proxy()
    await hear(proxy, await first_round(proxy, "1.0", asked=turn(tools=(PRICE,), stream=stream)))

    await remote.close()

    assert (remote.left, remote.statuses()) == ([], ["completed"])
    assert remote.server.rejections == []


async def test_cancelling_the_reader_cancels_the_run(remote: RemoteWire, stream: bool) -> None:
    task = await listening(remote, stream)

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await remote.close()

    assert task.cancelled()
    assert (remote.statuses(), remote.left) == (["cancelled"], [])
    if stream:
        assert remote.server.asked(RUN)[0].client_left.wait(5)


async def test_leaving_the_answer_cancels_the_run(remote: RemoteWire) -> None:
    remote.server.script(Answer(text="one two", breaks=Break.STALL, after=2))
    answer = remote.proxy().respond(turn())
    async for signal in answer:
        if isinstance(signal, Saying):
            break

    await answer.aclose()
    await remote.close()

    assert (remote.statuses(), remote.left) == (["cancelled"], [])


async def test_run_that_nobody_told_of_is_cancelled_too(remote: RemoteWire) -> None:
    remote.server.script(Answer(text="one two", lost=Break.STALL, polls=1_000_000))
    task = asyncio.create_task(hear(remote.proxy(), turn()))
    await asyncio.to_thread(remote.server.await_request, 3)

    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await remote.close()

    assert (remote.statuses(), remote.left) == (["cancelled"], [])


async def test_tidying_up_that_fails_fails_nothing(
    remote: RemoteWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assistants_left, "_TRIES", (0.0, 0.0))
    remote.server.refuse(r"DELETE /threads/\w+", *[failure(500, "server_error")] * 9)
    remote.server.refuse(r"DELETE /assistants/\w+", broken(Break.CUT))

    heard = await hear(remote.proxy(), turn("Hello"))
    await remote.close()

    assert heard[-1] == Finished("stop")
    assert len(remote.left) == 2


async def test_thread_that_is_locked_yet_is_deleted_later(remote: RemoteWire) -> None:
    remote.server.refuse(r"DELETE /threads/\w+", failure(400, "", "It is busy."))

    await hear(remote.proxy(), turn("Hello"))
    await remote.close()

    assert remote.left == []


async def test_end_of_an_answer_waits_for_nobody(
    remote: RemoteWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assistants_left, "_LAST_PATIENCE", 0.0)
    remote.server.refuse(r"DELETE /threads/\w+", broken(Break.STALL))

    async with asyncio.timeout(1):
        heard = await hear(remote.proxy(), turn("Hello"))

    await remote.close()

    assert heard[-1] == Finished("stop")


async def test_run_that_waits_for_outputs_stays(remote: RemoteWire) -> None:
    following = await first_round(remote.proxy(), "1.0", asked=turn(tools=(PRICE,)))

    await remote.close()

    assert remote.statuses() == ["requires_action"]
    assert text_of(await hear(remote.proxy(), following)) == "The tools say 1.0."


async def test_run_whose_outputs_never_come_is_given_up(
    remote: RemoteWire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(assistants_left, "_GIVEN_UP", -1.0)
    proxy = remote.proxy()
    await first_round(proxy, "1.0", asked=turn(tools=(PRICE,)))

    await hear(proxy, turn("Hello"))
    await remote.close()

    assert (remote.statuses(), remote.left) == (["cancelled", "completed"], [])
    assert len(remote.server.asked(CANCEL)) == 1
