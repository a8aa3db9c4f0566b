"""The stream itself: signs of life, trouble, and what hundreds of them cost."""

import asyncio
import json
import threading
from collections.abc import AsyncIterable
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from starlette.responses import StreamingResponse

from conversation.ports import Core
from conversation.records import Run
from server.assistants_api import streaming
from server.assistants_api.own_events import OwnEvents
from server.assistants_api.rows import StoredRows
from server.assistants_api.sse import DONE, PING, ServerEvent
from server.assistants_api.streaming import streamed
from server.assistants_api.translation import Translator
from tests.contract.cores import DEMO, ENDLESS, running


def answered(core: Core, run: Run) -> StreamingResponse:
    return streamed(core.feed, run, Translator(StoredRows(core.store, run.id), core.status))


def told_again(run: Run, after: int) -> str:
    """Return how it is said where a stream that broke off can be taken up."""
    path = f"/v1/threads/{run.thread_id}/runs/{run.id}/events?after={after}"
    return f"Follow the run from there on with GET {path}, or retrieve it."


async def heard(answer: StreamingResponse) -> list[bytes]:
    return [frame async for frame in cast(AsyncIterable[bytes], answer.body_iterator)]


async def test_silence_is_filled_with_signs_of_life(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "PING_SECONDS", 0.02)
    run = await asyncio.to_thread(core.start, "wait 0.5", DEMO)

    frames = await heard(answered(core, run))

    assert PING in frames
    assert frames[-1] == DONE


async def test_trouble_is_told_in_the_form_that_clients_raise(tmp_path: object) -> None:
    with running(f"sqlite:///{tmp_path}/parley.db", demo_delay_seconds=0.05) as core:
        run = await asyncio.to_thread(core.start, ENDLESS, DEMO)
        answer = answered(core, run)
        core.feed.close()

        *_, trouble, done = await heard(answer)

    assert trouble.startswith(b"event: error\ndata: ")
    error = json.loads(trouble.split(b"data: ")[1])["error"]
    assert (error["type"], error["code"]) == ("server_error", "store_unavailable")
    assert done == DONE


async def test_closing_tells_a_stream_where_its_run_is_followed_again(tmp_path: Path) -> None:
    with running(f"sqlite:///{tmp_path}/parley.db", demo_delay_seconds=0.05) as core:
        run = await asyncio.to_thread(core.start, ENDLESS, DEMO)
        reader = OwnEvents(StoredRows(core.store, run.id), 0)
        frames = cast(AsyncIterable[bytes], streamed(core.feed, run, reader).body_iterator)
        past = b""
        async for frame in frames:
            past += frame
            if b"event: text" in frame:
                core.feed.close()

    seen = max(int(line[4:]) for line in past.splitlines() if line.startswith(b"id: "))
    error = json.loads(past.split(b"event: error\ndata: ")[1].split(b"\n")[0])["error"]
    assert error["message"] == (
        "Parley has been closed. What was under way goes on in another process, or at the next "
        f"start. {told_again(run, seen)}"
    )


async def test_stream_that_breaks_by_a_fault_tells_how_to_go_on(core: Core) -> None:
    class Faulty(OwnEvents):
        def take(self, news: object) -> list[ServerEvent]:
            raise ValueError(news)

    run = await asyncio.to_thread(core.start, "hello", DEMO)

    *_, trouble, _ = await heard(
        streamed(core.feed, run, Faulty(StoredRows(core.store, run.id), 0))
    )

    error = json.loads(trouble.split(b"data: ")[1])["error"]
    assert error["message"] == (
        "The server had an error while it sent this run. The run itself goes on. "
        f"{told_again(run, 0)}"
    )


async def test_stream_of_a_run_that_is_gone_promises_nothing(core: Core) -> None:
    run = replace(await asyncio.to_thread(core.start, "hello", DEMO), id="run_gone")

    *_, trouble, _ = await heard(
        streamed(core.feed, run, OwnEvents(StoredRows(core.store, run.id), 0))
    )

    error = json.loads(trouble.split(b"data: ")[1])["error"]
    assert error["message"] == "There is no run 'run_gone' here."


async def test_many_streams_need_no_threads_of_their_own(core: Core) -> None:
    runs = [await asyncio.to_thread(core.start, "count to 200", DEMO) for _ in range(3)]
    watched = [runs[number % 3] for number in range(120)]
    before = threading.active_count()

    streams = asyncio.gather(*(heard(answered(core, run)) for run in watched))
    most = before
    while not streams.done():
        most = max(most, threading.active_count())
        await asyncio.sleep(0)
    texts = {b"".join(frames) for frames in await streams}

    assert most - before < 40
    assert all(text.endswith(DONE) for text in texts)


async def test_own_events_and_the_apis_tell_the_same_text(core: Core) -> None:
    run = await asyncio.to_thread(core.start, "count to 50", DEMO)
    ours = streamed(core.feed, run, OwnEvents(StoredRows(core.store, run.id), 0))

    theirs = b"".join(await heard(answered(core, run)))
    own = b"".join(await heard(ours))

    said = [
        json.loads(line[6:]) for line in own.splitlines() if line.startswith(b'data: {"message')
    ]
    shown = [
        json.loads(line[6:])["delta"]["content"][0]["text"]["value"]
        for line in theirs.splitlines()
        if line.startswith(b"data: ") and b'"thread.message.delta"' in line
    ]
    assert "".join(piece["text"] for piece in said if "offset" in piece) == "".join(shown)
