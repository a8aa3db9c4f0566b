"""A thread as a chat shows it: its messages, and in their places the exchanges they are part of."""

from dataclasses import dataclass

from conversation.ports import Core, Cursor
from conversation.records import Message, Page, Run
from ui.chat.telling import Telling


@dataclass(frozen=True, slots=True)
class Transcript:
    """The newest part of a thread; `more` tells that there is an earlier one."""

    entries: tuple[Message | Run, ...] = ()
    more: bool = False
    last: Run | None = None

    @property
    def active(self) -> Run | None:
        """The exchange that is under way."""
        return self.last if self.last and not self.last.ended else None


def read_transcript(core: Core, thread_id: str, limit: int) -> Transcript:
    """Return the last `limit` messages, and the runs that belong to them."""
    page = Page(limit=limit + 1)
    runs = core.store.runs(thread_id, page)  # before the messages: no run without its message
    messages = core.store.messages(thread_id, page)
    return Transcript(
        entries=_woven(list(reversed(messages[:limit])), runs),
        more=len(messages) > limit,
        last=runs[0] if runs else None,
    )


def newest_run(core: Core, thread_id: str) -> str | None:
    """Return the id of a thread's newest run."""
    runs = core.store.runs(thread_id, Page(limit=1))
    return runs[0].id if runs else None


def told(core: Core, run: Run, known: dict[str, Telling]) -> Telling:
    """Return what a run has told; that of an ended run is remembered in `known`."""
    telling = known.get(run.id)
    if telling is None:
        telling = Telling(run.id)
        telling.take(core.feed.read(run.id, Cursor()).news)
    if telling.ended:
        known[run.id] = telling
    return telling


def _woven(messages: list[Message], runs: list[Run]) -> tuple[Message | Run, ...]:
    """Put every run after the message that began it; what a run wrote is told by the run."""
    by_id = {run.id: run for run in runs}
    begun = {run.message_id: run for run in runs}
    woven: dict[str, Message | Run] = {}
    for message in messages:
        run = by_id.get(message.run_id or "")
        if run is not None:
            woven.setdefault(run.id, run)
        elif message.incomplete_reason != "superseded":
            woven[message.id] = message
        if message.role == "user" and message.id in begun:
            woven[begun[message.id].id] = begun[message.id]
    return tuple(woven.values())
