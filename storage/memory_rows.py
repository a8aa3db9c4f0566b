"""Rows in dictionaries, and the jobs that change them; the caller holds the lock."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from conversation.api_ports import ApiKey, Once
from conversation.errors import NotFound, Outdated, Superseded, ThreadBusy
from conversation.events import Event, Logged
from conversation.records import (
    Assistant,
    Branch,
    CallRecord,
    Feedback,
    Message,
    ModelCall,
    Opening,
    PendingText,
    QueuedMessage,
    Run,
    Step,
    StoredItem,
    Thread,
    Write,
)
from conversation.script import ACTIVE, State
from storage import rules
from storage.memory_lists import known, listed


@dataclass
class Rows:
    """All rows by their keys, in the order they came in."""

    assistants: dict[str, list[Assistant]] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    threads: dict[str, Thread] = field(default_factory=dict)
    branches: dict[str, Branch] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    messages: dict[str, Message] = field(default_factory=dict)
    steps: dict[str, Step] = field(default_factory=dict)
    calls: dict[tuple[str, str], CallRecord] = field(default_factory=dict)
    items: dict[tuple[str, int, int], StoredItem] = field(default_factory=dict)
    model_calls: dict[tuple[str, int, int], ModelCall] = field(default_factory=dict)
    feedback: dict[str, Feedback] = field(default_factory=dict)
    queue: dict[str, QueuedMessage] = field(default_factory=dict)
    preferences: defaultdict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    events: defaultdict[str, list[Logged]] = field(default_factory=lambda: defaultdict(list))
    deltas: defaultdict[str, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    workers: dict[str, datetime] = field(default_factory=dict)
    keys: dict[str, ApiKey] = field(default_factory=dict)
    requests: dict[tuple[str, str], Once] = field(default_factory=dict)

    def save(self, assistant: Assistant) -> Assistant:
        """Create an assistant, or make a new version of it; `NotFound`, `Outdated`."""
        self._refuse_deleted(assistant.id)
        versions = self.assistants.get(assistant.id, [])
        if versions and assistant.version != len(versions):
            raise Outdated("assistant", assistant.id)
        created_at = versions[0].created_at if versions else assistant.created_at
        saved = replace(assistant, version=len(versions) + 1, created_at=created_at)
        self.assistants[assistant.id] = [*versions, saved]
        return saved

    def newest(self, assistant_id: str) -> Assistant:
        """Return the newest version of an assistant that was not deleted."""
        self._refuse_deleted(assistant_id)
        return known(self.assistants, "assistant", assistant_id)[-1]

    def branch(self, branch_id: str) -> list[Message]:
        """Return the messages of a branch with those it shares of older branches, in order."""
        shown: list[Message] = []
        branch, before = self.branches.get(branch_id), float("inf")
        while branch is not None:
            shown += (one for one in self._own(branch.id) if one.position < before)
            before = min(before, branch.fork_position or 1)
            branch = self.branches.get(branch.parent_id or "")
        return sorted(shown, key=lambda message: message.position)

    def texts(self, run_id: str) -> list[Message]:
        """Return a run's own messages, those in progress with what was flushed."""
        run = known(self.runs, "run", run_id)
        own = [message for message in self.branch(run.branch_id) if message.run_id == run_id]
        return [self.with_flushed(message) for message in own]

    def under_way(self, thread_id: str) -> Run | None:
        """Return the run that is under way on a thread."""
        known(self.threads, "thread", thread_id)
        active = (run for run in self.runs.values() if run.state in ACTIVE)
        return next((run for run in active if run.thread_id == thread_id), None)

    def accept(self, opening: Opening, now: datetime) -> tuple[Run, list[Logged]]:
        """Begin a run."""
        run, thread = opening.run, opening.thread
        if thread is None:
            thread = self._joined(opening)
        else:
            self.branches[thread.branch_id] = Branch(id=thread.branch_id, thread_id=thread.id)
        self.threads[thread.id] = rules.titled(thread, opening.messages)
        self.queue.pop(opening.queued_id or "", None)
        if opening.branch is not None:
            self.branches[opening.branch.id] = opening.branch
            self.activate(opening.branch)
        accepted = replace(run, state=State.READY, seq=len(opening.events))
        self.runs[run.id] = accepted
        self.put_messages(opening.messages)
        return accepted, self._log(accepted, opening.events, now)

    def activate(self, branch: Branch) -> Thread:
        """Make a branch the active one of its thread."""
        thread = replace(self.threads[branch.thread_id], branch_id=branch.id)
        self.threads[thread.id] = thread
        return thread

    def refuse_busy(self, thread_id: str) -> None:
        """Raise `ThreadBusy` when a run is under way on the thread."""
        if busy := self.under_way(thread_id):
            raise ThreadBusy(thread_id, busy.id)

    def step(self, write: Write, now: datetime) -> list[Logged]:
        """Make one step of a run."""
        run = known(self.runs, "run", write.run_id)
        fenced_off = write.fence not in (None, run.fence) or write.seq not in (None, run.seq)
        if run.state != write.expect or fenced_off or not rules.may_apply(write):
            raise Superseded(run.id)
        moved = self.runs[run.id] = rules.moved(run, write, now)
        self.put_messages(write.messages)
        self.steps |= {step.id: step for step in write.steps}
        self.calls |= {(call.run_id, call.call.call_id): call for call in write.calls}
        self.items |= {(item.run_id, item.round, item.position): item for item in write.items}
        self.model_calls |= {
            (call.run_id, call.number, call.attempt): call for call in write.model_calls
        }
        if rules.ends(write):
            self._close_steps(write, now)
            self._close_messages(write, now)
        return self._log(moved, write.events, now)

    def append(self, texts: tuple[PendingText, ...]) -> None:
        """Keep streamed text that is neither fenced off nor late."""
        for text in texts:
            run, message = self.runs.get(text.run_id), self.messages.get(text.message_id)
            current = run and run.fence == text.fence
            if current and message and message.status == "in_progress":
                self.deltas[message.id].setdefault(text.offset, text.text)

    def sweep(self, ended_before: datetime) -> int:
        """Remove streamed text of messages that were final by then."""
        final = [
            message.id
            for message in self.messages.values()
            if message.status != "in_progress"
            and (message.ended_at or message.created_at) < ended_before
        ]
        return sum(len(self.deltas.pop(message_id, ())) for message_id in final)

    def claim(
        self, run_id: str, worker_id: str, alive_since: datetime, fence: int | None = None
    ) -> Run:
        """Take an open run over, unless another living worker has it."""
        run = known(self.runs, "run", run_id)
        taken = run.worker_id != worker_id and self.lives(run.worker_id, alive_since)
        if run.ended or taken or fence not in {None, run.fence}:
            raise Superseded(run_id)
        attempt = run.attempt if rules.released(run) else run.attempt + 1
        counted = replace(run, fence=run.fence + 1, attempt=attempt)
        self.runs[run_id] = replace(counted, worker_id=worker_id, waiting=None)
        return self.runs[run_id]

    def lives(self, worker_id: str | None, alive_since: datetime) -> bool:
        """Tell whether a worker gave a sign of life since then."""
        alive_at = self.workers.get(worker_id or "")
        return alive_at is not None and alive_at >= alive_since

    def abandoned(self, alive_since: datetime) -> list[Run]:
        """Return open runs that nobody executes, by their creation."""
        still_open = [run for run in self.runs.values() if not run.ended]
        return listed("run", [r for r in still_open if not self.lives(r.worker_id, alive_since)])

    def with_flushed(self, message: Message) -> Message:
        """Return a message; one in progress with what was flushed."""
        if message.status != "in_progress":
            return message
        return rules.with_text(message, rules.joined(self.deltas[message.id].items()))

    def put_messages(self, messages: Iterable[Message]) -> None:
        """Add messages, each at the end of its branch, or replace those that are there.

        Those keep the metadata they have: clients of the API may have changed it meanwhile.
        """
        for message in messages:
            before = self.messages.get(message.id)
            self.messages[message.id] = (
                replace(message, position=before.position, metadata=before.metadata)
                if before
                else replace(message, position=self._last(message.branch_id) + 1)
            )

    def _last(self, branch_id: str) -> int:
        near = (b for b in self.branches.values() if branch_id in (b.id, b.parent_id))
        shared = [(branch.fork_position or 1) - 1 for branch in near]
        return max(*shared, *(message.position for message in self._own(branch_id)), 0)

    def _own(self, branch_id: str) -> list[Message]:
        return [message for message in self.messages.values() if message.branch_id == branch_id]

    def _refuse_deleted(self, assistant_id: str) -> None:
        if assistant_id in self.deleted:
            raise NotFound("assistant", assistant_id)

    def _joined(self, opening: Opening) -> Thread:
        thread = known(self.threads, "thread", opening.run.thread_id)
        if opening.queued_id is not None:
            known(self.queue, "queued message", opening.queued_id)
        self.refuse_busy(thread.id)
        return thread

    def _close_steps(self, ending: Write, now: datetime) -> None:
        status = rules.step_status(ending)
        self.steps |= {
            step.id: replace(step, status=status, ended_at=now)
            for step in self.steps.values()
            if step.run_id == ending.run_id and step.status == "in_progress"
        }

    def _close_messages(self, ending: Write, now: datetime) -> None:
        reason = rules.message_reason(ending)
        self.messages |= {
            message.id: replace(
                message, status="incomplete", incomplete_reason=reason, ended_at=now
            )
            for message in self.texts(ending.run_id)
            if message.status == "in_progress"
        }

    def _log(self, run: Run, events: tuple[Event, ...], now: datetime) -> list[Logged]:
        lines = rules.logged(run.id, events, run.seq, now)
        self.events[run.id] += lines
        return lines
