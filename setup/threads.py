"""What people do with a thread beside reading it: ask, ask otherwise, ask again, go on, rate.

Nothing is ever overwritten: another text, or another answer, begins a branch.
"""

from typing import Final, get_args

from conversation.branches import fork, line
from conversation.choice import Choice
from conversation.errors import BadInput, ThreadBusy
from conversation.records import Branch, Feedback, Message, Rating, Run, RunSpec, Thread
from conversation.script import State
from conversation.text import storable
from setup.exchanges import Exchanges, Next, new_thread, written
from setup.parts import Parts

LONGEST_COMMENT: Final = 2_000

_CUT_OFF: Final = frozenset({State.CANCELLED, State.INCOMPLETE, State.EXPIRED, State.ERROR})


class Threads:
    """Any thread but the event loop's may call it; what it does is durable on return."""

    def __init__(self, parts: Parts, exchanges: Exchanges) -> None:
        self._parts = parts
        self._store = parts.store
        self._exchanges = exchanges

    def start(
        self,
        text: str,
        choice: Choice,
        *,
        thread_id: str | None = None,
        stream: bool = True,
        instructions: str = "",
    ) -> Run:
        """Accept a user's message, in a new thread unless one is named."""
        text = written(text)
        known = self._store.thread(thread_id) if thread_id else None
        thread = known or new_thread(instructions, self._parts.clock())
        spec = self._spec(thread, choice, stream=stream)
        return self._begin(Next(thread=thread, spec=spec, text=text, new=not known))

    def edit(self, message_id: str, text: str, choice: Choice, *, stream: bool = True) -> Run:
        """Send another text in place of a user's message."""
        text = written(text)
        message = self._store.message(message_id)
        if message.role != "user":
            raise BadInput("message_id", "Only a user's message can be edited.")
        thread = self._store.thread(message.thread_id)
        spec = self._spec(thread, choice, stream=stream)
        branch = self._fork(message, message.position)
        return self._begin(Next(thread=thread, spec=spec, text=text, branch=branch))

    def regenerate(
        self,
        run_id: str,
        choice: Choice,
        *,
        stream: bool = True,
        last_messages: int | None = None,
    ) -> Run:
        """Have a run's message answered again; the model may be told the last messages only."""
        if last_messages is not None and last_messages < 1:
            raise BadInput("last_messages", "At least one message has to be sent.")
        run = self._store.run(run_id)
        message = self._asked(run)
        thread = self._store.thread(run.thread_id)
        spec = self._spec(thread, choice, stream=stream, last_messages=last_messages)
        branch = self._fork(message, message.position + 1)
        return self._begin(Next(thread=thread, spec=spec, message=message, branch=branch))

    def carry_on(self, run_id: str, choice: Choice, *, stream: bool = True) -> Run:
        """Have the model go on with the answer of a run that ended before it was whole."""
        run = self._store.run(run_id)
        partial = self._partial(run)
        thread = self._store.thread(run.thread_id)
        kept = run.spec.last_messages
        spec = self._spec(thread, choice, stream=stream, continues=partial.id, last_messages=kept)
        return self._begin(Next(thread=thread, spec=spec, message=self._asked(run)))

    def rate(self, run_id: str, rating: Rating | None, comment: str = "") -> None:
        """Keep what a person thinks of an answer; None takes it back."""
        comment = storable(comment).strip()
        if len(comment) > LONGEST_COMMENT:
            raise BadInput("comment", f"A comment has at most {LONGEST_COMMENT:,} characters.")
        run = self._store.run(run_id)
        if rating is None:
            self._store.unrate(run.id).result()
            return
        if rating not in get_args(Rating):
            raise BadInput("rating", f"'{rating}' is no rating.", hint="Use up or down.")
        at = self._parts.clock()
        feedback = Feedback(run_id=run.id, rating=rating, comment=comment, at=at)
        self._store.rate(feedback).result()

    # beneath

    def _begin(self, wanted: Next) -> Run:
        return self._parts.runner.call(self._exchanges.begin(wanted))

    def _spec(
        self,
        thread: Thread,
        choice: Choice,
        *,
        stream: bool,
        continues: str | None = None,
        last_messages: int | None = None,
    ) -> RunSpec:
        return self._parts.casting.spec(
            choice,
            stream=stream,
            instructions=thread.instructions,
            continues=continues,
            last_messages=last_messages,
        )

    def _fork(self, message: Message, position: int) -> Branch:
        here = line(self._store.branches(message.thread_id), message.branch_id)
        return fork(here, position, self._parts.clock())

    def _asked(self, run: Run) -> Message:
        if run.message_id is None:
            raise BadInput("run_id", "No message of a user began this exchange.")
        return self._store.message(run.message_id)

    def _partial(self, run: Run) -> Message:
        """Return what the thread ends in, if that is what the run has left of an answer.

        A run that was to go on with an answer, and said nothing, leaves it as it was.
        """
        if not run.ended:
            raise ThreadBusy(run.thread_id, run.id)
        last = self._last(run.thread_id)
        if run.state not in _CUT_OFF or last is None or not _left_by(run, last):
            raise BadInput("run_id", "There is no answer here that could be gone on with.")
        return last

    def _last(self, thread_id: str) -> Message | None:
        said = self._store.messages(thread_id)
        kept = (one for one in reversed(said) if one.incomplete_reason != "superseded")
        return next(kept, None)


def _left_by(run: Run, message: Message) -> bool:
    own = message.run_id == run.id or message.id == run.spec.continues
    return own and message.status == "incomplete" and bool(message.text.strip())
