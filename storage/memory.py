"""The store's twin in memory: for tests and for trying things out; gone when the process ends."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Condition
from typing import Any, TypeVar

from conversation.errors import NotFound, StoreUnavailable, Superseded, ThreadBusy
from conversation.events import Logged
from conversation.ports import ChangeWatch
from conversation.records import (
    Assistant,
    CallRecord,
    Exchange,
    Message,
    Opening,
    Page,
    PendingText,
    Run,
    Step,
    StoredItem,
    Thread,
    Write,
)
from conversation.script import ACTIVE, State
from storage import rules

Result = TypeVar("Result")
Record = TypeVar("Record", Assistant, Thread, Run, Message)


class MemoryStore:
    """`conversation.ports.Store` in dictionaries under one lock; its futures are done at once."""

    def __init__(self, *, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._changed = Condition()
        self._commits = 0
        self._closed = False
        self._assistants: dict[str, list[Assistant]] = {}
        self._threads: dict[str, Thread] = {}
        self._runs: dict[str, Run] = {}
        self._messages: dict[str, Message] = {}
        self._steps: dict[str, Step] = {}
        self._calls: dict[tuple[str, str], CallRecord] = {}
        self._items: dict[tuple[str, int, int], StoredItem] = {}
        self._events: defaultdict[str, list[Logged]] = defaultdict(list)
        self._deltas: defaultdict[str, dict[int, str]] = defaultdict(dict)
        self._workers: dict[str, datetime] = {}

    # assistants

    def save_assistant(self, assistant: Assistant) -> Assistant:
        """Create it, or make a new version when its id is known."""
        return self._write(lambda: self._save(assistant)).result()

    def assistant(self, assistant_id: str, version: int | None = None) -> Assistant:
        """Return the newest (or the named) version."""
        with self._changed:
            versions = _known(self._assistants, "assistant", assistant_id)
            if version is None:
                return versions[-1]
            return _known({one.version: one for one in versions}, "assistant", version)

    def assistants(
        self, page: Page | None = None, *, metadata: dict[str, str] | None = None
    ) -> list[Assistant]:
        """Return assistants, only those that carry all of `metadata`."""
        wanted = (metadata or {}).items()
        with self._changed:
            newest = [versions[-1] for versions in self._assistants.values()]
        return _paged("assistant", [one for one in newest if wanted <= one.metadata.items()], page)

    # threads and runs

    def thread(self, thread_id: str) -> Thread:
        """Return a thread."""
        return _known(self._threads, "thread", thread_id)

    def threads(self, page: Page | None = None) -> list[Thread]:
        """Return threads by their creation."""
        with self._changed:
            return _paged("thread", list(self._threads.values()), page)

    def messages(self, thread_id: str, page: Page | None = None) -> list[Message]:
        """Return the active branch's messages."""
        with self._changed:
            return _cut("message", self._branch(self.thread(thread_id).branch_id), page)

    def run(self, run_id: str) -> Run:
        """Return a run."""
        return _known(self._runs, "run", run_id)

    def runs(self, thread_id: str, page: Page | None = None) -> list[Run]:
        """Return a thread's runs."""
        with self._changed:
            self.thread(thread_id)
            own = [run for run in self._runs.values() if run.thread_id == thread_id]
        return _paged("run", own, page)

    def active_run(self, thread_id: str) -> Run | None:
        """Return the run that is under way on the thread."""
        return next((run for run in self.runs(thread_id) if run.state in ACTIVE), None)

    def exchange(self, run_id: str) -> Exchange:
        """Return a run with all its rows."""
        with self._changed:
            run = self.run(run_id)
            steps = [step for step in self._steps.values() if step.run_id == run_id]
            place = {step.id: number for number, step in enumerate(steps)}
            calls = [call for call in self._calls.values() if call.run_id == run_id]
            return Exchange(
                run=run,
                messages=tuple(self._branch(run.branch_id)),
                steps=tuple(steps),
                calls=tuple(sorted(calls, key=lambda c: (place[c.step_id], c.position))),
                items=tuple(self._items[key] for key in sorted(self._items) if key[0] == run_id),
            )

    def events(self, run_id: str, *, after: int = 0) -> list[Logged]:
        """Return the run's events with `seq > after`."""
        with self._changed:
            self.run(run_id)
            return self._events[run_id][after:]

    def texts(self, run_id: str) -> list[Message]:
        """Return the run's own messages, one in progress with what was flushed."""
        with self._changed:
            self.run(run_id)
            own = [message for message in self._messages.values() if message.run_id == run_id]
            return [self._with_flushed(message) for message in sorted(own, key=_position)]

    # writes

    def accept(self, opening: Opening) -> Future[tuple[Run, list[Logged]]]:
        """Begin a run."""
        return self._write(lambda: self._accept(opening))

    def write(self, write: Write) -> Future[list[Logged]]:
        """Make one step of a run."""
        return self._write(lambda: self._step(write))

    def append_texts(self, texts: tuple[PendingText, ...]) -> Future[None]:
        """Keep streamed text."""
        return self._write(lambda: self._append(texts))

    def sweep_texts(self, *, ended_before: datetime) -> Future[int]:
        """Remove streamed text of messages that were final by then."""
        return self._write(lambda: self._sweep(ended_before))

    # who executes what

    def register_worker(self, worker_id: str) -> Future[None]:
        """Enter a process that executes runs."""
        return self._write(lambda: self._workers.update({worker_id: self._now()}))

    def worker_alive(self, worker_id: str) -> Future[None]:
        """Renew a worker's sign of life."""

        def renew() -> None:
            _known(self._workers, "worker", worker_id)
            self._workers[worker_id] = self._now()

        return self._write(renew)

    def remove_worker(self, worker_id: str) -> Future[None]:
        """Strike a worker off."""

        def strike_off() -> None:
            self._workers.pop(worker_id, None)

        return self._write(strike_off)

    def claim(self, run_id: str, worker_id: str, *, dead_after: float) -> Future[Run]:
        """Take an open run over."""
        return self._write(lambda: self._claim(run_id, worker_id, dead_after))

    def orphans(
        self, *, providers: Collection[str], dead_after: float, limit: int = 100
    ) -> list[str]:
        """Return open runs of these providers that nobody executes and that wait for nobody."""
        abandoned = self._abandoned(dead_after)
        wanted = [run for run in abandoned if run.spec.provider in providers and not run.waiting]
        return [run.id for run in wanted[:limit]]

    def expired(self, *, now: datetime, dead_after: float, limit: int = 100) -> list[Run]:
        """Return open runs past their `expires_at` that no living worker executes."""
        abandoned = self._abandoned(dead_after)
        return [run for run in abandoned if run.expires_at and run.expires_at <= now][:limit]

    def executing(self, worker_id: str) -> dict[str, tuple[str, int]]:
        """Return `{run_id: (state, fence)}` of the open runs this worker has."""
        with self._changed:
            own = [run for run in self._runs.values() if run.worker_id == worker_id]
        return {run.id: (run.state, run.fence) for run in own if not run.ended}

    def executed_by(self, run_id: str, *, dead_after: float) -> str | None:
        """Return the living worker that has the run, if any."""
        with self._changed:
            worker_id = self.run(run_id).worker_id
            return worker_id if self._lives(worker_id, dead_after) else None

    # changes

    def watch_changes(self) -> ChangeWatch:
        """Return a watch on what is written."""
        return _CountWatch(self._changed, lambda: self._commits)

    def close(self) -> None:
        """Refuse what comes later."""
        self._closed = True

    # how

    def _write(self, work: Callable[[], Result]) -> Future[Result]:
        future: Future[Result] = Future()
        try:
            if self._closed:
                raise StoreUnavailable("The store is closed.")
            with self._changed:
                result = work()
                self._commits += 1
                self._changed.notify_all()
        except Exception as error:  # noqa: BLE001 (it belongs to the caller)
            future.set_exception(error)
        else:
            future.set_result(result)
        return future

    def _save(self, assistant: Assistant) -> Assistant:
        versions = self._assistants.setdefault(assistant.id, [])
        created_at = versions[0].created_at if versions else assistant.created_at
        saved = replace(assistant, version=len(versions) + 1, created_at=created_at)
        versions.append(saved)
        return saved

    def _branch(self, branch_id: str) -> list[Message]:
        own = [message for message in self._messages.values() if message.branch_id == branch_id]
        return sorted(own, key=_position)

    def _with_flushed(self, message: Message) -> Message:
        if message.status != "in_progress":
            return message
        return rules.with_text(message, rules.joined(self._deltas[message.id].items()))

    def _accept(self, opening: Opening) -> tuple[Run, list[Logged]]:
        run, thread = opening.run, opening.thread
        if thread is None:
            self.thread(run.thread_id)
            if busy := self.active_run(run.thread_id):
                raise ThreadBusy(run.thread_id, busy.id)
        else:
            self._threads[thread.id] = thread
        accepted = replace(run, state=State.READY, seq=len(opening.events))
        self._runs[run.id] = accepted
        self._put_messages(opening.messages)
        return accepted, self._log(accepted, opening.events)

    def _step(self, write: Write) -> list[Logged]:
        run = self.run(write.run_id)
        fenced_off = write.fence not in (None, run.fence)
        if run.state != write.expect or fenced_off or not rules.may_apply(write):
            raise Superseded(run.id)
        moved = self._runs[run.id] = rules.moved(run, write, self._now())
        self._put_messages(write.messages)
        self._steps |= {step.id: step for step in write.steps}
        self._calls |= {(call.run_id, call.call.call_id): call for call in write.calls}
        self._items |= {(item.run_id, item.round, item.position): item for item in write.items}
        if rules.ends(write):
            self._close(write)
        return self._log(moved, write.events)

    def _close(self, ending: Write) -> None:
        closed: dict[str, Any] = {"ended_at": self._now()}
        for step in list(self._steps.values()):
            if step.run_id == ending.run_id and step.status == "in_progress":
                status = rules.step_status(ending)
                self._steps[step.id] = replace(step, status=status, **closed)
        reason = rules.message_reason(ending)
        for message in self.texts(ending.run_id):
            if message.status == "in_progress":
                closed |= {"status": "incomplete", "incomplete_reason": reason}
                self._messages[message.id] = replace(message, **closed)

    def _log(self, run: Run, events: tuple[Any, ...]) -> list[Logged]:
        lines = rules.logged(run.id, events, run.seq, self._now())
        self._events[run.id] += lines
        return lines

    def _put_messages(self, messages: Iterable[Message]) -> None:
        for message in messages:
            known = self._messages.get(message.id)
            branch = self._branch(message.branch_id)
            last = branch[-1].position if branch else 0
            position = known.position if known else last + 1
            self._messages[message.id] = replace(message, position=position)

    def _append(self, texts: tuple[PendingText, ...]) -> None:
        for text in texts:
            run, message = self._runs.get(text.run_id), self._messages.get(text.message_id)
            current = run and run.fence == text.fence
            if current and message and message.status == "in_progress":
                self._deltas[message.id].setdefault(text.offset, text.text)

    def _sweep(self, ended_before: datetime) -> int:
        final = [
            message.id
            for message in self._messages.values()
            if message.status != "in_progress"
            and (message.ended_at or message.created_at) < ended_before
        ]
        return sum(len(self._deltas.pop(message_id, ())) for message_id in final)

    def _claim(self, run_id: str, worker_id: str, dead_after: float) -> Run:
        run = self.run(run_id)
        taken = run.worker_id != worker_id and self._lives(run.worker_id, dead_after)
        if run.ended or taken:
            raise Superseded(run_id)
        counted = replace(run, fence=run.fence + 1, attempt=run.attempt + 1)
        claimed = replace(counted, worker_id=worker_id, waiting=None)
        self._runs[run_id] = claimed
        return claimed

    def _lives(self, worker_id: str | None, dead_after: float) -> bool:
        alive_at = self._workers.get(worker_id or "")
        return alive_at is not None and alive_at >= self._now() - timedelta(seconds=dead_after)

    def _abandoned(self, dead_after: float) -> list[Run]:
        with self._changed:
            runs = [run for run in self._runs.values() if not run.ended]
            runs = [run for run in runs if not self._lives(run.worker_id, dead_after)]
        return _paged("run", runs, None)


class _CountWatch:
    def __init__(self, changed: Condition, commits: Callable[[], int]) -> None:
        self._changed = changed
        self._commits = commits
        self._seen = commits()
        self._closed = False

    def wait(self, timeout: float) -> bool:
        """Return True as soon as something was committed since the last call, False in time."""
        with self._changed:
            self._changed.wait_for(lambda: self._closed or self._commits() != self._seen, timeout)
            before, self._seen = self._seen, self._commits()
        return before != self._seen and not self._closed

    def close(self) -> None:
        """Wake whoever waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()


def _known(known: dict[Any, Result], what: str, wanted: Any) -> Result:
    if wanted not in known:
        raise NotFound(what, wanted)
    return known[wanted]


def _position(message: Message) -> int:
    return message.position


def _paged(what: str, records: list[Record], page: Page | None) -> list[Record]:
    return _cut(what, sorted(records, key=lambda record: record.created_at), page)


def _cut(what: str, records: list[Record], page: Page | None) -> list[Record]:
    if page is None:
        return records
    directed = records[::-1] if page.newest_first else records
    ids = [record.id for record in directed]
    if page.after is not None and page.after not in ids:
        raise NotFound(what, page.after)
    start = ids.index(page.after) + 1 if page.after is not None else 0
    return directed[start : start + page.limit]
