"""What streams ask of the store: of a run executed here nothing but what its end looks like."""

import asyncio
from collections.abc import AsyncIterable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from conversation.ports import Core, Store
from conversation.records import Run
from server.assistants_api.rows import StoredRows
from server.assistants_api.streaming import streamed
from server.assistants_api.translation import Translator
from tests.contract.cores import DEMO, running
from tools.registry import Tools
from tools.stocks import stock_tools

DELTA = b"event: thread.message.delta\n"


class Noting:
    """A store that notes what it is asked."""

    def __init__(self, store: Store) -> None:
        self.asked: list[str] = []
        self._store = store

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return getattr(self._store, name)


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Core]:
    tools = Tools(*stock_tools("sample"))
    url = f"sqlite:///{tmp_path}/parley.db"
    with running(url, demo_delay_seconds=0.005, tools=tools) as core:
        yield core


async def begun(core: Core, text: str) -> Run:
    return await asyncio.to_thread(core.start, text, DEMO)


async def events(core: Core, run: Run, rows: StoredRows) -> list[bytes]:
    answer = streamed(core.feed, run, Translator(rows, core.status, run))
    frames = [frame async for frame in cast(AsyncIterable[bytes], answer.body_iterator)]
    return b"".join(frames).split(b"\n\n")


async def test_stream_of_a_run_executed_here_reads_its_end_alone(slow: Core) -> None:
    run, store = await begun(slow, "count to 20"), Noting(slow.store)

    await events(slow, run, StoredRows(cast(Store, store), run.id, slow.feed))

    assert store.asked == ["run"]


async def test_stream_tells_from_memory_what_the_log_tells(slow: Core) -> None:
    run = await begun(slow, 'call get_stock_price {"symbol": "AAPL"}')

    here = await events(slow, run, StoredRows(slow.store, run.id, slow.feed))
    later = await events(slow, run, StoredRows(slow.store, run.id))

    assert [one for one in here if DELTA not in one] == [one for one in later if DELTA not in one]
    assert len(later) > 10
