"""What stands under a message: what can be done with it, and what it took, in one quiet row.

The labels of the small buttons are for screen readers and to be shown on hover: the page's style
sheet knows the rows by their keys.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from streamlit.delta_generator import DeltaGenerator

from conversation.branches import Variants
from conversation.errors import ContextTooLong
from conversation.ports import Core
from conversation.records import Feedback, Message, Rating, Run
from conversation.script import State
from ui.chat import acts, rework
from ui.chat.clipboard import copy_button
from ui.chat.figures import figures_text
from ui.chat.telling import Telling
from ui.chat.transcript import Reply, Transcript
from ui.chat.visit import Visit
from ui.language import texts
from ui.prose import literal

LONGEST_COMMENT: Final = 2_000
LAST_MESSAGES: Final = 10
RATINGS: Final[tuple[Rating, ...]] = ("up", "down")
NEEDING_THREAD: Final = (rework.begin_edit, rework.regenerate, rework.show_variant)
_HARD_SPACE: Final = "\N{NO-BREAK SPACE}"
CUT_OFF: Final = frozenset({State.ERROR, State.CANCELLED, State.EXPIRED, State.INCOMPLETE})


@dataclass(frozen=True, slots=True)
class Footers:
    """Draws the rows of one thread as it stands."""

    core: Core
    visit: Visit
    transcript: Transcript

    def under_message(self, place: DeltaGenerator, message: Message) -> None:
        """Draw what can be done with a user's message."""
        row = _row(place, f"actions-{message.id}", at="right")
        edit = (rework.begin_edit, self.visit, message.id)
        self._draw_button(row, texts.EDIT, "edit", f"edit-{message.id}", *edit)
        with row:
            copy_button(message.text, message.id)
        self._draw_variants(row, message.position)

    def under_reply(self, place: DeltaGenerator, reply: Reply) -> None:
        """Draw what can be done with an answer, and what it took."""
        run, newest = reply.last, reply == self.transcript.newest
        tellings = [self.transcript.tellings[one.id] for one in reply.runs]
        if run.state in CUT_OFF:
            if newest and run.message_id:
                self._draw_ways_on(place, run, tellings)
            elif newest:
                place.caption(texts.NO_WAY_ON)
            else:
                place.empty()  # where they were: a page that follows an answer keeps what it had
        row = _row(place, f"actions-{'newest-' if newest else ''}{run.id}")
        self._draw_figures(row, reply, tellings)
        self._draw_actions(row, reply, tellings)

    def _draw_actions(self, row: DeltaGenerator, reply: Reply, tellings: list[Telling]) -> None:
        run = reply.last
        said = "\n\n".join(filter(None, (telling.text for telling in tellings)))
        if said:
            with row:
                copy_button(said, run.id)
        again = (rework.regenerate, self.core, self.visit, run.id)
        asked = run.message_id is not None
        label = texts.REGENERATE if asked else texts.NOT_AGAIN
        self._draw_button(row, label, "refresh", f"again-{run.id}", *again, disabled=not asked)
        if reply.position not in self.transcript.asked_at:  # else the switch is under that message
            self._draw_variants(row, reply.position)
        self._draw_rating(row, run)
        show = (acts.show_exchange, self.visit, run.id)
        self._draw_button(row, texts.HOW, "account_tree", f"how-{run.id}", *show)

    @property
    def busy(self) -> bool:
        """Tell whether an answer is under way, so that the thread can't be changed."""
        return self.transcript.active is not None

    def answerer(self, run: Run) -> str:
        """Name who answers in a run."""
        labels = {status.name: status.label for status in self.core.providers()}
        spec = run.spec
        known = (labels.get(spec.provider, spec.provider), spec.model, spec.assistant_id)
        return " · ".join(filter(None, known))

    def _draw_ways_on(self, place: DeltaGenerator, run: Run, tellings: list[Telling]) -> None:
        """Offer to go on with what is there of an answer, or to begin it again."""
        row = _row(place, f"ways-on-{run.id}")
        if any(telling.text.strip() for telling in tellings):
            self._draw_way_on(row, texts.CONTINUE, "play_arrow", rework.carry_on, run)
        self._draw_way_on(row, texts.RETRY, "refresh", rework.regenerate, run)
        if fewer := self._fewer(run):
            label = texts.RETRY_SHORTENED[fewer > 1].format(count=fewer)
            self._draw_way_on(row, label, "content_cut", rework.regenerate_shortened, run, fewer)

    def _fewer(self, run: Run) -> int:
        """Return how many of the last messages to try after too many; 0 where there is no less."""
        if run.error is None or run.error.code != ContextTooLong.code:
            return 0
        pulse = self.transcript.pulse
        sent = run.spec.last_messages or (pulse.position if pulse else 0)
        return LAST_MESSAGES if sent > LAST_MESSAGES else sent // 2

    def _draw_way_on(
        self,
        row: DeltaGenerator,
        label: str,
        icon: str,
        act: Callable[..., None],
        run: Run,
        *more: int,
    ) -> None:
        row.button(
            label,
            key=f"{act.__name__}-{run.id}",
            icon=f":material/{icon}:",
            on_click=act,
            args=(self.core, self.visit, run.id, *more),
        )

    def _draw_variants(self, row: DeltaGenerator, position: int | None) -> None:
        """Draw a switch where the thread could have gone on otherwise."""
        here = self.transcript.variants.get(position or 0)
        if here is None:
            return
        key = f"variant-{position}"
        self._draw_turn(row, here, -1, texts.VARIANT_BEFORE, f"{key}-before")
        row.caption(f"{here.current + 1}/{len(here.leaves)}", width="content")
        self._draw_turn(row, here, 1, texts.VARIANT_AFTER, f"{key}-after")

    def _draw_turn(
        self, row: DeltaGenerator, here: Variants, by: int, label: str, key: str
    ) -> None:
        to = here.current + by
        there = 0 <= to < len(here.leaves)
        leaf = here.leaves[to if there else here.current]
        icon = "chevron_left" if by < 0 else "chevron_right"
        show = (rework.show_variant, self.core, self.visit, self.visit.thread_id, leaf)
        self._draw_button(row, label, icon, key, *show, disabled=not there)

    def _draw_rating(self, row: DeltaGenerator, run: Run) -> None:
        rated = self.transcript.feedback.get(run.id)
        for rating in RATINGS:
            chosen = rated is not None and rated.rating == rating
            wanted = None if chosen else rating
            self._draw_button(
                row,
                (texts.RATED if chosen else texts.RATE)[rating],
                f"thumb_{rating}",
                f"{'rated' if chosen else 'rate'}-{rating}-{run.id}",
                *(rework.rate, self.core, self.visit, run.id, wanted),
            )
        if rated:
            self._draw_comment(row, run, rated)

    def _draw_comment(self, row: DeltaGenerator, run: Run, rated: Feedback) -> None:
        key = f"comment-{run.id}"
        label = texts.COMMENTED if rated.comment else texts.COMMENT
        icon = ":material/comment:"
        popover = row.popover(label, type="tertiary", icon=icon, key=f"popover-{run.id}")
        form = popover.form(f"form-{key}", border=False)
        form.text_area(texts.COMMENT_WHAT, value=rated.comment, key=key, max_chars=LONGEST_COMMENT)
        form.form_submit_button(
            texts.SAVE,
            key=f"save-{key}",
            on_click=rework.comment,
            args=(self.core, self.visit, run.id, rated.rating, key),
        )

    def _draw_figures(self, row: DeltaGenerator, reply: Reply, tellings: list[Telling]) -> None:
        known = self.transcript.figures
        said = figures_text([known[run.id] for run in reply.runs if run.id in known], tellings)
        if said:
            row.caption(_unbroken(literal(said)), width="content")

    def _draw_button(
        self,
        row: DeltaGenerator,
        label: str,
        icon: str,
        key: str,
        act: Callable[..., None],
        *args: Any,
        disabled: bool = False,
    ) -> None:
        """Draw a small button; what needs the thread waits for the answer under way."""
        row.button(
            label,
            key=key,
            icon=f":material/{icon}:",
            type="tertiary",
            disabled=disabled or (self.busy and act in NEEDING_THREAD),
            on_click=act,
            args=args,
        )


def _unbroken(figures: str) -> str:
    """Return figures whose numbers stay with their units where a line ends."""
    return figures.replace(" ", _HARD_SPACE).replace(f"·{_HARD_SPACE}", "· ")


def _row(place: DeltaGenerator, key: str, at: Literal["left", "right"] = "left") -> DeltaGenerator:
    return place.container(
        horizontal=True,
        horizontal_alignment=at,
        vertical_alignment="center",
        gap="xxsmall",
        key=key,
    )
