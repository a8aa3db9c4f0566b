"""A conversation that is deleted as soon as its run has ended elsewhere leaves nothing behind."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from conversation.records import Write
from conversation.script import State
from conversation.signals import Saying, Sent
from storage.store import SqlStore, open_store
from tests.contract.processes import process
from tests.stage import ScriptedAssistant


@pytest.fixture
async def store(url: str) -> AsyncIterator[SqlStore]:
    opened = open_store(url)
    yield opened
    await asyncio.get_running_loop().shutdown_default_executor()
    opened.close()


async def test_request_of_a_deleted_run_is_let_go(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    assistant = ScriptedAssistant([Sent(), Saying("Half"), asyncio.Event()])
    async with process(store, assistant) as one:
        run = await one.begin()
        under_way = await one.until(run.id, lambda run: run.state is State.RUNNING)
        ending = Write(run_id=run.id, expect=under_way.state, to=State.EXPIRED, events=())
        await asyncio.wrap_future(store.write(ending))
        await asyncio.to_thread(store.history().delete_threads, [run.thread_id])

        await one.left(run.id)

        assert run.id not in one.worker.busy
        assert assistant.closed == 1
    assert "Traceback" not in caplog.text
