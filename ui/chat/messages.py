"""The messages of a thread that is not in motion: who said what, and marks where that changes."""

import time
from typing import Final

from streamlit.delta_generator import DeltaGenerator

from conversation.records import Message, Run
from ui.chat import rework
from ui.chat.answers import chat_of
from ui.chat.bubbles import Bubbles, Setting, draw_answer, draw_user
from ui.chat.enclosures import draw_enclosures, encloses
from ui.chat.footer import Footers
from ui.chat.telling import Answer, Telling
from ui.chat.transcript import SHIFT, Entry, Reply
from ui.language import texts
from ui.prose import literal, open_fence

SENT: Final = 0.05
"""Seconds after which Streamlit has sent what was drawn; until then, later drawing replaces it."""

LINE: Final = 60
LOWEST: Final = 100
TALLEST: Final = 400


class Messages:
    """Draws the entries of a transcript, one after the other.

    `setting` is that of what is under way, which may go on with the last of them.
    """

    def __init__(self, place: DeltaGenerator, footers: Footers) -> None:
        self.setting = Setting(live=True, unfolded=footers.visit.unfolded)
        self._earlier = place.container(gap="xxsmall")
        self.recent = place.container(gap="xxsmall")
        self._place = self.recent
        self._footers = footers
        self._before: Run | None = None

    def draw(self, *, newest_first: bool) -> None:
        """Draw all of them but what is under way; the newest first where all of them are new."""
        entries = self._footers.transcript.entries
        recent = sum(1 for entry in entries if (entry.position or 0) > self._seam)
        earlier = entries[: len(entries) - recent]
        if newest_first and earlier:
            self._draw_entries(self.recent, entries[len(earlier) :], _last_run(earlier))
            time.sleep(SENT)
            self._draw_entries(self._earlier, earlier, None)
        else:
            self._draw_entries(self._earlier, earlier, None)
            self._draw_entries(self.recent, entries[len(earlier) :], _last_run(earlier))

    @property
    def _seam(self) -> int:
        """The position after which messages are recent; like the beginning, it moves rarely."""
        pulse = self._footers.transcript.pulse
        return (pulse.position // SHIFT - 1) * SHIFT if pulse else 0

    def _draw_entries(
        self, place: DeltaGenerator, entries: tuple[Entry, ...], before: Run | None
    ) -> None:
        self._place, self._before = place, before
        for entry in entries:
            match entry:
                case Reply():
                    self._draw_reply(entry)
                case Message(role="user"):
                    self._draw_user(entry)
                case Message():
                    self._draw_other(entry)

    def _draw_user(self, message: Message) -> None:
        if self._footers.visit.editing == message.id:
            self._draw_form(message)
            return
        unfolded = self._footers.visit.unfolded
        chat = draw_user(self._place, message.text, key=message.id, unfolded=unfolded)
        draw_enclosures(chat, message)
        self._footers.under_message(chat, message)

    def _draw_other(self, message: Message) -> None:
        """Draw what no run here has written; a program may have put it in a model's mouth."""
        unfolded = self._footers.visit.unfolded
        chat = draw_answer(self._place, message.text, key=message.id, unfolded=unfolded)
        draw_enclosures(chat, message)
        if message.run_id is None:
            chat.caption(texts.ADDED)

    def _draw_form(self, message: Message) -> None:
        """Let a message be written anew, in its place."""
        chat, key, here = (
            chat_of(self._place, "user", "person"),
            f"draft-{message.id}",
            self._footers,
        )
        form = chat.form(f"form-{key}", border=False)
        form.text_area(
            texts.EDIT,
            value=message.text,
            key=key,
            height=_height(message.text),
            label_visibility="collapsed",
        )
        if encloses(message):
            form.caption(texts.EDIT_TEXT_ALONE)
        row = form.container(horizontal=True)
        row.form_submit_button(
            texts.SEND,
            key=f"send-{key}",
            type="primary",
            disabled=here.busy,
            on_click=rework.send_edit,
            args=(here.core, here.visit, message.id, key),
        )
        row.form_submit_button(
            texts.CANCEL,
            key=f"cancel-{key}",
            shortcut=None if here.busy else "Escape",
            on_click=rework.begin_edit,
            args=(here.visit, None),
        )
        chat.empty()  # where the row under it was

    def _draw_reply(self, reply: Reply) -> None:
        joined, said, place = None, "", None
        for at, run in enumerate(reply.runs):
            if self._draw_mark(run):
                joined = None
            here = Setting(
                live=not run.ended,
                goes_on=at + 1 < len(reply.runs),
                joined=joined,
                fence=open_fence(said),
                unfolded=self._footers.visit.unfolded,
            )
            if not run.ended:
                self.setting = here
                return
            telling = self._footers.transcript.tellings[run.id]
            bubbles = Bubbles(self._place, run.id, setting=here)
            bubbles.draw(telling)
            joined, place = bubbles.last_answer, bubbles.last or place
            said = _chained(said, telling)
        self._footers.under_reply(place or self._place, reply)

    def _draw_mark(self, run: Run) -> bool:
        """Say where somebody else answers from here on."""
        before, self._before = self._before, run
        if before is None or _who(before) == _who(run):
            return False
        who = self._footers.answerer(run)
        self._place.caption(
            f"─── {texts.ANSWERS_FROM_HERE.format(who=literal(who))} ───", text_alignment="center"
        )
        return True


def _last_run(entries: tuple[Entry, ...]) -> Run | None:
    replies = (entry for entry in reversed(entries) if isinstance(entry, Reply))
    return next((reply.last for reply in replies), None)


def _who(run: Run) -> tuple[str | None, ...]:
    return run.spec.provider, run.spec.model, run.spec.assistant_id


def _chained(said: str, telling: Telling) -> str:
    """Return what a reply has said, as far as it is one text: calls begin another."""
    items = [item for item in telling.items.values() if isinstance(item, Answer)]
    if not items:
        return said
    alone = len(items) == 1 and not telling.calls
    return said + items[-1].text if alone else items[-1].text


def _height(text: str) -> int:
    lines = sum(1 + len(line) // LINE for line in text[: LINE * LINE].splitlines())
    return min(TALLEST, max(LOWEST, 30 + 24 * lines))
