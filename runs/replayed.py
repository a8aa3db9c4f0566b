"""Who stands for the user in a run: the one that runs functions, or one that only remembers."""

import asyncio
from collections.abc import Iterable, Iterator
from contextlib import suppress

from conversation.branches import line, runs_of_line
from conversation.errors import NotFound
from conversation.events import Event, ToolCallsRequested, ToolExecuted
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
    """Return what the source has left when the replay on the thread has had its share."""
    tools = RecordedTools(_executed(store, _shown(store, source)))
    with suppress(NotFound):
        own = [run for run in store.runs(thread_id) if run.spec.recorded_from]
        for had in _executed(store, own):
            tools.take(had.name, had.arguments)
    return tools


def _shown(store: Store, thread_id: str) -> list[Run]:
    """Return the runs of the branch that the thread shows, which are those that are replayed."""
    with suppress(NotFound):  # deleted meanwhile: then nothing was recorded
        here = line(store.branches(thread_id), store.thread(thread_id).branch_id)
        return runs_of_line(here, store.runs(thread_id), store.messages(thread_id))
    return []


def _executed(store: Store, runs: Iterable[Run]) -> Iterator[ToolExecuted]:
    """Yield what had run, in the order it was asked for; it need not have ended in that order."""
    for run in runs:
        events = _events(store, run)
        ended = {event.call_id: event for event in events if isinstance(event, ToolExecuted)}
        for event in events:
            if isinstance(event, ToolCallsRequested):
                yield from (ended[call.call_id] for call in event.calls if call.call_id in ended)


def _events(store: Store, run: Run) -> list[Event]:
    with suppress(NotFound):
        return [logged.event for logged in store.events(run.id)]
    return []
