"""What people do with threads, in memory."""

from collections.abc import Collection, Mapping
from concurrent.futures import Future
from dataclasses import replace

from conversation.errors import NotFound
from conversation.events import Logged
from conversation.records import (
    Branch,
    Feedback,
    Message,
    ModelCall,
    QueuedMessage,
    Run,
    Thread,
)
from conversation.script import State
from storage.memory_access import MemoryAccess
from storage.memory_lists import known, listed


class MemoryThreads(MemoryAccess):
    """`conversation.thread_ports.ThreadStore` in dictionaries."""

    def message(self, message_id: str) -> Message:
        """Return a message of any branch."""
        with self._open():
            return known(self._rows.messages, "message", message_id)

    def branches(self, thread_id: str) -> list[Branch]:
        """Return a thread's branches."""
        with self._open():
            known(self._rows.threads, "thread", thread_id)
            own = [one for one in self._rows.branches.values() if one.thread_id == thread_id]
        forked = [one for one in own if one.forked_at]
        first = [one for one in own if not one.forked_at]
        return first + sorted(forked, key=lambda one: (one.forked_at, one.id))

    def choose_branch(self, thread_id: str, branch_id: str) -> Future[Thread]:
        """Let this branch be shown and written to."""

        def choose() -> Thread:
            known(self._rows.threads, "thread", thread_id)
            branch = known(self._rows.branches, "branch", branch_id)
            if branch.thread_id != thread_id:
                raise NotFound("branch", branch_id)
            self._rows.refuse_busy(thread_id)
            return self._rows.activate(branch)

        return self._write(choose)

    def change_thread(
        self,
        thread_id: str,
        *,
        title: str | None = None,
        pinned: bool | None = None,
        instructions: str | None = None,
    ) -> Future[Thread]:
        """Change what is given."""

        def change() -> Thread:
            thread = known(self._rows.threads, "thread", thread_id)
            if title is not None:
                thread = replace(thread, title=title, titled_by="person")
            if pinned is not None:
                thread = replace(thread, pinned=pinned)
            if instructions is not None:
                thread = replace(thread, instructions=instructions)
            self._rows.threads[thread_id] = thread
            return thread

        return self._write(change)

    def entitle(self, thread_id: str, title: str) -> Future[bool]:
        """Give a thread a model's title, unless its title is no longer its first words."""

        def entitle() -> bool:
            thread = self._rows.threads.get(thread_id)
            if thread is None or thread.titled_by != "words":
                return False
            self._rows.threads[thread_id] = replace(thread, title=title, titled_by="model")
            return True

        return self._write(entitle)

    def runs_of(self, messages: Collection[Message]) -> list[Run]:
        """Return the runs that these messages began or that wrote them."""
        begun_by = {message.id for message in messages}
        writers = {message.run_id for message in messages}
        with self._open():
            runs = list(self._rows.runs.values())
        return listed("run", [r for r in runs if r.message_id in begun_by or r.id in writers])

    def logs(self, run_ids: Collection[str]) -> dict[str, list[Logged]]:
        """Return the events of several runs."""
        with self._open():
            return {one: [*self._rows.events[one]] for one in run_ids if one in self._rows.runs}

    def model_calls(self, run_id: str) -> list[ModelCall]:
        """Return a run's requests to its model."""
        with self._open():
            known(self._rows.runs, "run", run_id)
            calls = self._rows.model_calls
            return [calls[key] for key in sorted(calls) if key[0] == run_id]

    def rate(self, feedback: Feedback) -> Future[None]:
        """Keep what a person thinks of a run's answer."""

        def rate() -> None:
            known(self._rows.runs, "run", feedback.run_id)
            self._rows.feedback[feedback.run_id] = feedback

        return self._write(rate)

    def unrate(self, run_id: str) -> Future[None]:
        """Forget what a person thinks of a run's answer."""

        def unrate() -> None:
            self._rows.feedback.pop(run_id, None)

        return self._write(unrate)

    def feedback(self, run_ids: Collection[str]) -> dict[str, Feedback]:
        """Return what people think, by run."""
        with self._open():
            given = self._rows.feedback
            return {run_id: given[run_id] for run_id in run_ids if run_id in given}

    def enqueue(self, message: QueuedMessage) -> Future[None]:
        """Put a message in its thread's queue."""

        def enqueue() -> None:
            known(self._rows.threads, "thread", message.thread_id)
            self._rows.queue[message.id] = message

        return self._write(enqueue)

    def queue(self, thread_id: str) -> list[QueuedMessage]:
        """Return the messages that wait in a thread."""
        with self._open():
            known(self._rows.threads, "thread", thread_id)
            return [one for one in self._rows.queue.values() if one.thread_id == thread_id]

    def first_waiting(
        self, behind: Collection[State], run_id: str | None = None
    ) -> list[QueuedMessage]:
        """Return the first message of each queue behind a run in such a state."""
        with self._open():
            only = self._rows.runs[run_id].thread_id if run_id in self._rows.runs else None
            newest = {run.thread_id: run.state for run in listed("run", self._rows.runs.values())}
            first = {one.thread_id: one for one in reversed(self._rows.queue.values())}
            waiting = [one for one in self._rows.queue.values() if first[one.thread_id] is one]
        asked = (one for one in waiting if run_id is None or one.thread_id == only)
        return [one for one in asked if newest.get(one.thread_id) in behind]

    def dequeue(self, queued_id: str) -> Future[bool]:
        """Drop a message that waits."""
        return self._write(lambda: self._rows.queue.pop(queued_id, None) is not None)

    def preferences(self, owner: str) -> dict[str, str]:
        """Return what somebody has set for themselves."""
        with self._open():
            return dict(sorted(self._rows.preferences[owner].items()))

    def prefer(self, owner: str, preferences: Mapping[str, str]) -> Future[None]:
        """Keep these preferences, besides the others."""
        given = dict(preferences)
        return self._write(lambda: self._rows.preferences[owner].update(given))
