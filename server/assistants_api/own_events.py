"""Our own events of a run as a stream: its log as it is, with the text between.

This is no part of OpenAI's API. Any process can serve it, and a client that was away goes on
where it was.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict

from conversation.events import Logged, StateChanged
from conversation.ports import TextDelta
from conversation.script import TERMINAL, State
from server.assistants_api.rows import Rows
from server.assistants_api.sse import ServerEvent


class OwnEvents:
    """Makes server-sent events of a run's log; over at the run's end and when it waits."""

    holding: str | None = None

    def __init__(self, rows: Rows, after: int) -> None:
        self.over = False
        self.writing: str | None = None
        self._rows = rows
        self._seq = after
        self._may_wait = True

    def reads(self, news: Sequence[Logged | TextDelta]) -> bool:
        """Tell whether it would look at the run for this news."""
        return self._may_wait or not news or any(map(_awaits, news))

    def take(self, news: Iterable[Logged | TextDelta]) -> list[ServerEvent]:
        """Return the events for what is new; without news, look whether there will be more."""
        told = []
        for piece in news:
            told.append(_text(piece) if isinstance(piece, TextDelta) else _fact(piece))
            self._note(piece)
        if not self.over and (self._may_wait or not told):
            self._look()
        return told

    def _note(self, piece: Logged | TextDelta) -> None:
        if isinstance(piece, TextDelta):
            self.writing = piece.message_id
            return
        self._seq = piece.seq
        if isinstance(piece.event, StateChanged):
            self.over = piece.event.after in TERMINAL
            self._may_wait = piece.event.after is State.REQUIRES_ACTION

    def _look(self) -> None:
        run = self._rows.run()
        self._may_wait = run.state is State.REQUIRES_ACTION
        self.over = run.seq <= self._seq and (run.ended or run.waiting is not None)


def _awaits(piece: Logged | TextDelta) -> bool:
    event = piece.event if isinstance(piece, Logged) else None
    return isinstance(event, StateChanged) and event.after is State.REQUIRES_ACTION


def _text(piece: TextDelta) -> ServerEvent:
    return ServerEvent("text", asdict(piece))


def _fact(logged: Logged) -> ServerEvent:
    about = {"run_id": logged.run_id, "seq": logged.seq, "at": logged.at.isoformat()}
    return ServerEvent(logged.event.kind, about | asdict(logged.event), logged.seq)
