"""Who stands for the user in a run: the one that runs functions, or one that only remembers."""

import asyncio
from collections.abc import Iterator

from conversation.errors import NotFound
from conversation.events import ToolExecuted
from conversation.ports import Store, ToolExecutor
from conversation.records import Run
from proxies.user_proxy import UserProxy
from tools.recorded import RecordedTools


async def user_of(run: Run, usual: ToolExecutor, store: Store) -> ToolExecutor:
    """Return whom the run's calls go to; a run with recorded outputs runs nothing."""
    source = run.spec.recorded_from
    if source is None:
        return usual
    return UserProxy(await asyncio.to_thread(_recorded, store, source, run.thread_id))


def _recorded(store: Store, source: str, thread_id: str) -> RecordedTools:
    """Return what the source has left when the thread has had its share."""
    tools = RecordedTools(_executed(store, source))
    for had in _executed(store, thread_id):
        tools.take(had.name, had.arguments)
    return tools


def _executed(store: Store, thread_id: str) -> Iterator[ToolExecuted]:
    try:
        runs = store.runs(thread_id)
    except NotFound:  # deleted meanwhile: then nothing was recorded
        return
    for run in runs:
        for logged in store.events(run.id):
            if isinstance(logged.event, ToolExecuted):
                yield logged.event
