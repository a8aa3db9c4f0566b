"""Running the user's messages of a thread again, in a new thread, with another model.

Each run of a replay carries its number, and the thread carries whose replay it is and how many
messages it has; so how far a replay is can be read from the log, whoever asks and whenever. What
lives in this process alone is the task that sends the next message once a run has ended well.
After a restart a replay that was not finished is `stopped`, and `go_on` sends what is left.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from conversation.choice import Choice
from conversation.comparison import Comparison, compare
from conversation.errors import BadInput, ParleyError, ThreadBusy
from conversation.follower import Follower
from conversation.history import Filter, History
from conversation.ids import new_id
from conversation.ports import Feed, Store
from conversation.records import Run, RunSpec, Thread
from conversation.script import State
from runs.runner import Runner
from setup.casting import Casting
from setup.exchanges import Next
from setup.exporting import Exports
from setup.replayed import NUMBER, SOURCE, TOTAL, Replay, replay_of, replayed, total_of

logger: Final = logging.getLogger(__name__)

_PATIENCE: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayMeans:
    """What replays are made with."""

    store: Store
    feed: Feed
    runner: Runner
    casting: Casting
    clock: Callable[[], datetime]
    accept: Callable[[Next], Awaitable[Run]]
    cancel: Callable[[str], Awaitable[Run]]


class Replays:
    """Begins replays and keeps them going; any thread may call it."""

    def __init__(self, means: ReplayMeans) -> None:
        self._means = means
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._halted: set[str] = set()

    def start(self, source_id: str, choice: Choice, *, recorded: bool) -> Replay:
        """Begin to replay a thread with whom `choice` says; its first message is durable on return.

        With `recorded`, no function runs: calls get the outputs they had in the source.
        Raises what `Core.start` raises; `BadInput` where there is nothing to replay.
        """
        source = self._means.store.thread(source_id)
        total = len(self._asked(source_id))
        if not total:
            raise BadInput("thread", "There is no message to replay in this conversation.")
        spec = self._spec(source, choice, recorded=recorded)
        thread = Thread(
            id=new_id("thread"),
            branch_id=new_id("branch"),
            title=f"Replay of {source.title}" if source.title else "",
            instructions=source.instructions,
            metadata={SOURCE: source_id, TOTAL: str(total)},
            created_at=self._means.clock(),
        )
        self._means.runner.call(self._begin(thread, spec))
        return self.progress(thread.id)

    def go_on(self, thread_id: str) -> Replay:
        """Send what is left of a replay that was stopped; one that is under way stays so.

        `NotFound` when its source was deleted.
        """
        replay = self.progress(thread_id)
        if replay.state not in {"stopped", "running"}:
            raise BadInput("thread", f"This replay is over: {replay.state}.")
        if replay.state == "stopped":
            self._question(replay.source_id, replay.done)
        self._means.runner.call(self._keep_going(thread_id))
        return self.progress(thread_id)

    def cancel(self, thread_id: str) -> Replay:
        """Stop a replay, and the run it is at; what people do in its thread goes on."""
        self.progress(thread_id)
        self._means.runner.call(self._stop(thread_id))
        return self.progress(thread_id)

    def wait(self, thread_id: str, timeout: float | None = None) -> Replay:
        """Block until this process sends nothing more for the replay, or `timeout` seconds."""
        self._means.runner.call(self._left(thread_id, timeout))
        return self.progress(thread_id)

    def progress(self, thread_id: str) -> Replay:
        """Return how far a replay is; `NotFound` for a thread that is none."""
        thread = self._means.store.thread(thread_id)
        driven = thread_id in self._tasks
        return replay_of(thread, self._means.store.runs(thread_id), driven=driven)

    async def close(self) -> None:
        """Send nothing more; what is left can go on after the next start."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # beneath, on the core's event loop

    async def _begin(self, thread: Thread, spec: RunSpec) -> None:
        await self._send(thread, spec, 0, new=True)
        await self._keep_going(thread.id)

    async def _keep_going(self, thread_id: str) -> None:
        if thread_id not in self._tasks:
            task = asyncio.create_task(self._drive(thread_id), name=f"replay {thread_id}")
            self._tasks[thread_id] = task
            task.add_done_callback(lambda _: self._forget(thread_id))

    def _forget(self, thread_id: str) -> None:
        self._tasks.pop(thread_id, None)
        self._halted.discard(thread_id)

    async def _left(self, thread_id: str, seconds: float | None) -> None:
        task = self._tasks.get(thread_id)
        if task:
            await asyncio.wait({task}, timeout=seconds)

    async def _stop(self, thread_id: str) -> None:
        if thread_id in self._tasks:
            self._halted.add(thread_id)
        run = await asyncio.to_thread(self._means.store.active_run, thread_id)
        if run and replayed([run]):
            await self._means.cancel(run.id)
        await self._left(thread_id, _PATIENCE)

    async def _drive(self, thread_id: str) -> None:
        """Send message after message while the runs end well; what stops it is in the log."""
        try:
            while await self._ended_well(thread_id):
                pass
        except ParleyError as error:
            logger.warning("the replay %s stops here: %s", thread_id, error)
        except Exception:
            logger.exception("the replay %s stops here", thread_id)

    async def _ended_well(self, thread_id: str) -> bool:
        """Wait for the last run's end, and send the next message if there is one to send."""
        runs = await asyncio.to_thread(self._runs, thread_id)
        last = await self._end_of(runs[-1].id)
        thread = await asyncio.to_thread(self._means.store.thread, thread_id)
        if last.state is not State.COMPLETED or len(runs) >= total_of(thread):
            return False
        if thread.id in self._halted:
            return False
        try:
            sent = await self._send(thread, last.spec, len(runs), new=False)
        except ThreadBusy as busy:  # somebody has gone on in its thread
            await self._end_of(busy.run_id)
            return True
        if thread.id in self._halted:  # asked for while it was being sent
            await self._means.cancel(sent.id)
        return True

    async def _end_of(self, run_id: str) -> Run:
        with Follower(self._means.feed, run_id) as follower:
            while not follower.ended:
                await follower.arrival()
                await asyncio.to_thread(follower.take)
        return await asyncio.to_thread(self._means.store.run, run_id)

    async def _send(self, thread: Thread, spec: RunSpec, index: int, *, new: bool) -> Run:
        text = await asyncio.to_thread(self._question, thread.metadata[SOURCE], index)
        number = {NUMBER: str(index + 1)}
        message = Next(text=text, spec=spec, thread=thread, new=new, metadata=number)
        return await self._means.accept(message)

    def _spec(self, source: Thread, choice: Choice, *, recorded: bool) -> RunSpec:
        spec = self._means.casting.spec(choice, instructions=source.instructions)
        if not recorded:
            return spec
        here = tuple(replace(tool, runs="parley") for tool in spec.tools)  # no client is awaited
        return replace(spec, tools=here, recorded_from=source.id)

    def _question(self, source_id: str, index: int) -> str:
        asked = self._asked(source_id)
        if index >= len(asked):
            raise BadInput("thread", "The conversation has fewer messages than it had.")
        return asked[index]

    def _asked(self, source_id: str) -> list[str]:
        messages = self._means.store.messages(source_id)
        return [said.text for said in messages if said.role == "user" and said.text.strip()]

    def _runs(self, thread_id: str) -> list[Run]:
        return replayed(self._means.store.runs(thread_id))


def compared(exports: Exports, history: History, left: str, right: str) -> Comparison:
    """Compare two threads, a source and its replay, say; `NotFound`."""
    sides = (exports.transcript(left), exports.transcript(right))
    lines = (
        line
        for thread_id in (left, right)
        for line in history.each_run(Filter(thread_id=thread_id))
    )
    return compare(*sides, {line.run_id: line.price for line in lines})
