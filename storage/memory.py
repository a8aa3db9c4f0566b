"""The store's twin in memory: for tests and for trying things out; gone when the process ends."""

from collections.abc import Collection, Mapping
from concurrent.futures import Future
from datetime import datetime

from conversation.events import Logged
from conversation.ports import ChangeWatch
from conversation.records import (
    Assistant,
    Exchange,
    Message,
    Opening,
    Page,
    PendingText,
    Run,
    Thread,
    Write,
)
from storage.memory_access import CountWatch
from storage.memory_api import MemoryApi
from storage.memory_lists import carrying, cut, known, listed
from storage.memory_threads import MemoryThreads


class MemoryStore(MemoryThreads, MemoryApi):
    """`conversation.ports.Store` in dictionaries under one lock; its futures are done at once."""

    def save_assistant(self, assistant: Assistant) -> Assistant:
        """Create it, or make a new version when its id is known."""
        return self._write(lambda: self._rows.save(assistant)).result()

    def assistant(self, assistant_id: str, version: int | None = None) -> Assistant:
        """Return the newest (or the named) version."""
        with self._open():
            if version is None:
                return self._rows.newest(assistant_id)
            versions = known(self._rows.assistants, "assistant", assistant_id)
            return known({one.version: one for one in versions}, "assistant", version)

    def assistants(
        self,
        page: Page | None = None,
        *,
        metadata: Mapping[str, str] | None = None,
        project_id: str | None = None,
    ) -> list[Assistant]:
        """Return assistants, only those that carry all of `metadata`."""
        with self._open():
            rows = self._rows
            newest = [them[-1] for id_, them in rows.assistants.items() if id_ not in rows.deleted]
        return listed("assistant", carrying(newest, metadata, project_id), page)

    def thread(self, thread_id: str) -> Thread:
        """Return a thread."""
        with self._open():
            return known(self._rows.threads, "thread", thread_id)

    def threads(
        self,
        page: Page | None = None,
        *,
        metadata: Mapping[str, str] | None = None,
        project_id: str | None = None,
    ) -> list[Thread]:
        """Return threads by their creation."""
        with self._open():
            threads = [*self._rows.threads.values()]
        return listed("thread", carrying(threads, metadata, project_id), page)

    def messages(
        self, thread_id: str, page: Page | None = None, *, run_id: str | None = None
    ) -> list[Message]:
        """Return the active branch's messages."""
        with self._open():
            thread = known(self._rows.threads, "thread", thread_id)
            shown = self._rows.branch(thread.branch_id)
        own = shown if run_id is None else [one for one in shown if one.run_id == run_id]
        return cut("message", own, page)

    def run(self, run_id: str) -> Run:
        """Return a run."""
        with self._open():
            return known(self._rows.runs, "run", run_id)

    def runs(self, thread_id: str, page: Page | None = None) -> list[Run]:
        """Return a thread's runs."""
        with self._open():
            known(self._rows.threads, "thread", thread_id)
            own = [run for run in self._rows.runs.values() if run.thread_id == thread_id]
        return listed("run", own, page)

    def active_run(self, thread_id: str) -> Run | None:
        """Return the run that is under way on the thread."""
        with self._open():
            return self._rows.under_way(thread_id)

    def exchange(self, run_id: str) -> Exchange:
        """Return a run with all its rows."""
        with self._open():
            rows, run = self._rows, known(self._rows.runs, "run", run_id)
            steps = [step for step in rows.steps.values() if step.run_id == run_id]
            place = {step.id: number for number, step in enumerate(steps)}
            calls = [call for call in rows.calls.values() if call.run_id == run_id]
            return Exchange(
                run=run,
                messages=tuple(map(rows.with_flushed, rows.branch(run.branch_id))),
                steps=tuple(steps),
                calls=tuple(sorted(calls, key=lambda c: (place[c.step_id], c.position))),
                items=tuple(rows.items[key] for key in sorted(rows.items) if key[0] == run_id),
            )

    def events(self, run_id: str, *, after: int = 0) -> list[Logged]:
        """Return the run's events with `seq > after`."""
        with self._open():
            known(self._rows.runs, "run", run_id)
            return self._rows.events[run_id][after:]

    def texts(self, run_id: str) -> list[Message]:
        """Return the run's own messages, one in progress with what was flushed."""
        with self._open():
            return self._rows.texts(run_id)

    def accept(self, opening: Opening) -> Future[tuple[Run, list[Logged]]]:
        """Begin a run."""
        return self._write(lambda: self._rows.accept(opening, self._now()))

    def write(self, write: Write) -> Future[list[Logged]]:
        """Make one step of a run."""
        return self._write(lambda: self._rows.step(write, self._now()))

    def append_texts(self, texts: tuple[PendingText, ...]) -> Future[None]:
        """Keep streamed text."""
        return self._write(lambda: self._rows.append(texts))

    def sweep_texts(self, *, ended_before: datetime) -> Future[int]:
        """Remove streamed text of messages that were final by then."""
        return self._write(lambda: self._rows.sweep(ended_before))

    def register_worker(self, worker_id: str) -> Future[None]:
        """Enter a process that executes runs."""
        return self._write(lambda: self._rows.workers.update({worker_id: self._now()}))

    def worker_alive(self, worker_id: str) -> Future[None]:
        """Renew a worker's sign of life."""

        def renew() -> None:
            known(self._rows.workers, "worker", worker_id)
            self._rows.workers[worker_id] = self._now()

        return self._write(renew)

    def remove_worker(self, worker_id: str) -> Future[None]:
        """Strike a worker off."""

        def strike_off() -> None:
            self._rows.workers.pop(worker_id, None)

        return self._write(strike_off)

    def remove_dead_workers(self) -> Future[int]:
        """Strike off nobody: all workers are in this process, which lives."""
        return self._write(lambda: 0)

    def claim(
        self, run_id: str, worker_id: str, *, dead_after: float, fence: int | None = None
    ) -> Future[Run]:
        """Take an open run over."""
        since = self._since(dead_after)
        return self._write(lambda: self._rows.claim(run_id, worker_id, since, fence))

    def orphans(
        self, *, providers: Collection[str], dead_after: float, limit: int = 100
    ) -> list[str]:
        """Return open runs of these providers that nobody executes and that wait for nobody."""
        with self._open():
            runs = self._rows.abandoned(self._since(dead_after))
        wanted = [run for run in runs if run.spec.provider in providers and not run.waiting]
        return [run.id for run in wanted[:limit]]

    def expired(self, *, now: datetime, dead_after: float, limit: int = 100) -> list[Run]:
        """Return open runs past their `expires_at` that no living worker executes."""
        with self._open():
            runs = self._rows.abandoned(self._since(dead_after))
        return [run for run in runs if run.expires_at and run.expires_at <= now][:limit]

    def executing(self, worker_id: str) -> dict[str, tuple[str, int]]:
        """Return `{run_id: (state, fence)}` of the open runs this worker has."""
        with self._open():
            own = [run for run in self._rows.runs.values() if run.worker_id == worker_id]
        return {run.id: (run.state, run.fence) for run in own if not run.ended}

    def executed_by(self, run_id: str, *, dead_after: float) -> str | None:
        """Return the living worker that has the run, if any."""
        with self._open():
            worker_id = known(self._rows.runs, "run", run_id).worker_id
            return worker_id if self._rows.lives(worker_id, self._since(dead_after)) else None

    def watch_changes(self) -> ChangeWatch:
        """Return a watch on what is written."""
        return CountWatch(self._changed, lambda: self._commits)
