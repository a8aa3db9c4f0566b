"""The stream itself: signs of life, trouble, and what hundreds of them cost."""

import asyncio
import json
import threading
from collections.abc import AsyncIterable
from typing import cast

import pytest
from starlette.responses import StreamingResponse

from conversation.ports import Core
from server.assistants_api import streaming
from server.assistants_api.own_events import OwnEvents
from server.assistants_api.rows import StoredRows
from server.assistants_api.sse import DONE, PING
from server.assistants_api.streaming import streamed
from server.assistants_api.translation import Translator
from tests.contract.cores import DEMO, ENDLESS, running


def answered(core: Core, run_id: str) -> StreamingResponse:
    return streamed(core.feed, run_id, Translator(StoredRows(core.store, run_id), core.status))


async def heard(answer: StreamingResponse) -> list[bytes]:
    return [frame async for frame in cast(AsyncIterable[bytes], answer.body_iterator)]


async def test_silence_is_filled_with_signs_of_life(
    core: Core, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "PING_SECONDS", 0.02)
    run = await asyncio.to_thread(core.start, "wait 0.5", DEMO)

    frames = await heard(answered(core, run.id))

    assert PING in frames
    assert frames[-1] == DONE


async def test_trouble_is_told_in_the_form_that_clients_raise(tmp_path: object) -> None:
    with running(f"sqlite:///{tmp_path}/parley.db", demo_delay_seconds=0.05) as core:
        run = await asyncio.to_thread(core.start, ENDLESS, DEMO)
        answer = answered(core, run.id)
        core.feed.close()

        *_, trouble, done = await heard(answer)

    assert trouble.startswith(b"event: error\ndata: ")
    error = json.loads(trouble.split(b"data: ")[1])["error"]
    assert (error["type"], error["code"]) == ("server_error", "store_unavailable")
    assert done == DONE


async def test_many_streams_need_no_threads_of_their_own(core: Core) -> None:
    runs = [await asyncio.to_thread(core.start, "count to 200", DEMO) for _ in range(3)]
    watched = [runs[number % 3].id for number in range(120)]
    before = threading.active_count()

    streams = asyncio.gather(*(heard(answered(core, run_id)) for run_id in watched))
    most = before
    while not streams.done():
        most = max(most, threading.active_count())
        await asyncio.sleep(0)
    texts = {b"".join(frames) for frames in await streams}

    assert most - before < 40
    assert all(text.endswith(DONE) for text in texts)


async def test_own_events_and_the_apis_tell_the_same_text(core: Core) -> None:
    run = await asyncio.to_thread(core.start, "count to 50", DEMO)
    ours = streamed(core.feed, run.id, OwnEvents(StoredRows(core.store, run.id), 0))

    theirs = b"".join(await heard(answered(core, run.id)))
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
