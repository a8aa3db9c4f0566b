"""What doors for people ask of threads, beyond messages and runs: branches, a queue, ratings.

`conversation.ports` joins these with the rest of the store and of the core.
"""

from collections.abc import Collection, Mapping
from concurrent.futures import Future
from typing import Protocol

from conversation.choice import Choice
from conversation.events import Logged
from conversation.records import (
    Branch,
    Feedback,
    Message,
    ModelCall,
    QueuedMessage,
    Rating,
    Run,
    Thread,
)
from conversation.script import State


class ThreadStore(Protocol):
    """What is kept of threads for people, read and written as the rest of the store."""

    def message(self, message_id: str) -> Message:
        """Return a message of any branch."""
        ...

    def branches(self, thread_id: str) -> list[Branch]:
        """Return a thread's branches, the first one first, then as they were forked off."""
        ...

    def choose_branch(self, thread_id: str, branch_id: str) -> Future[Thread]:
        """Let this branch be shown and written to; `ThreadBusy`, `NotFound`."""
        ...

    def change_thread(
        self,
        thread_id: str,
        *,
        title: str | None = None,
        pinned: bool | None = None,
        instructions: str | None = None,
    ) -> Future[Thread]:
        """Change what is given; a title given here is a person's."""
        ...

    def entitle(self, thread_id: str, title: str) -> Future[bool]:
        """Give a thread a model's title, unless its title is no longer its first words."""
        ...

    def runs_of(self, messages: Collection[Message]) -> list[Run]:
        """Return the runs that these messages began or that wrote them, oldest first."""
        ...

    def logs(self, run_ids: Collection[str]) -> dict[str, list[Logged]]:
        """Return the events of several runs; those of unknown ones are missing."""
        ...

    def model_calls(self, run_id: str) -> list[ModelCall]:
        """Return a run's requests to its model, oldest first."""
        ...

    def rate(self, feedback: Feedback) -> Future[None]:
        """Keep what a person thinks of a run's answer, in place of what they thought before."""
        ...

    def unrate(self, run_id: str) -> Future[None]:
        """Forget what a person thinks of a run's answer."""
        ...

    def feedback(self, run_ids: Collection[str]) -> dict[str, Feedback]:
        """Return what people think, by run; those without are missing."""
        ...

    def enqueue(self, message: QueuedMessage) -> Future[None]:
        """Put a message in its thread's queue; `NotFound`."""
        ...

    def queue(self, thread_id: str) -> list[QueuedMessage]:
        """Return the messages that wait in a thread, oldest first."""
        ...

    def first_waiting(
        self, behind: Collection[State], run_id: str | None = None
    ) -> list[QueuedMessage]:
        """Return the first message of each queue behind a run in such a state.

        Both as of one moment: the run is the thread's newest, the message the next to be sent.
        With a run's id, of that run's thread only.
        """
        ...

    def dequeue(self, queued_id: str) -> Future[bool]:
        """Drop a message that waits; False when it waits no more."""
        ...

    def preferences(self, owner: str) -> dict[str, str]:
        """Return what somebody has set for themselves, by name."""
        ...

    def prefer(self, owner: str, preferences: Mapping[str, str]) -> Future[None]:
        """Keep these preferences, besides the others."""
        ...


class ThreadCore(Protocol):
    """What a person can do with a thread; any thread may call it. Durable on return."""

    def send(
        self,
        text: str,
        choice: Choice,
        *,
        thread_id: str,
        stream: bool = True,
    ) -> Run | QueuedMessage:
        """Accept a message as `Core.start` does, or put it in the queue of a busy thread.

        The queue moves on by itself when an exchange has ended, but not past one that failed or
        expired: then `send_queued` does, or the next message, which goes behind those that wait.
        """
        ...

    def send_queued(self, thread_id: str) -> Run | None:
        """Send the first message that waits; None when none does or the thread is busy.

        Raises what `Core.start` raises, `NotConfigured` say; the message then waits on.
        """
        ...

    def edit(self, message_id: str, text: str, choice: Choice, *, stream: bool = True) -> Run:
        """Send another text in place of a user's message, in a new branch that becomes active.

        Raises what `Core.start` raises.
        """
        ...

    def regenerate(
        self,
        run_id: str,
        choice: Choice,
        *,
        stream: bool = True,
        last_messages: int | None = None,
    ) -> Run:
        """Have a run's message answered again, in a new branch that becomes active.

        With `last_messages` the model is told no more than so many: the thread may be too long.
        """
        ...

    def carry_on(self, run_id: str, choice: Choice, *, stream: bool = True) -> Run:
        """Have the model go on with the answer of a run that ended before it was whole.

        It must be what the thread ends in; `BadInput` where there is nothing to go on with.
        """
        ...

    def rate(self, run_id: str, rating: Rating | None, comment: str = "") -> None:
        """Keep what a person thinks of an answer; None takes it back."""
        ...
