"""Drawing one exchange: each item in a place of its own, drawn again only when it has changed."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from streamlit.delta_generator import DeltaGenerator

from ui.chat.answers import AnswerBubble, draw_answer, draw_user
from ui.chat.calls import RoundBubble
from ui.chat.notices import NoticeBubble
from ui.chat.telling import Answer, Item, Notice, Round, Telling

__all__ = ["Bubbles", "Setting", "draw_answer", "draw_user"]

Decide = Callable[[str, str, bool], None]


class Bubble(Protocol):
    """The place of one item."""

    chat: DeltaGenerator

    def draw(self, item: Any) -> None:
        """Show the item as it is now."""
        ...

    def clear(self) -> None:
        """Leave the place empty."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """How an exchange stands among others.

    `live`: it is drawn as it happens. `goes_on`: another one carries its answer on, so that its
    ending is not the answer's. `joined` and `fence`: it carries on the answer drawn in that
    place, which breaks off in the code begun by that line. `unfolded`: very long messages that
    a person wants to see whole.
    """

    live: bool = False
    goes_on: bool = False
    joined: DeltaGenerator | None = None
    fence: str = ""
    unfolded: set[str] | None = None


@dataclass
class Bubbles:
    """One exchange on the page."""

    place: DeltaGenerator
    run_id: str
    decide: Decide | None = None
    setting: Setting = field(default_factory=Setting)
    _drawn: dict[str, tuple[Bubble, Item]] = field(default_factory=dict)

    @property
    def last(self) -> DeltaGenerator | None:
        """The place of the last item; where there is none, of the answer that was to go on."""
        bubble, _ = next(reversed(self._drawn.values()), (None, None))
        return bubble.chat if bubble else self.setting.joined

    @property
    def last_answer(self) -> DeltaGenerator | None:
        """That place, if it is an answer's."""
        _, item = next(reversed(self._drawn.values()), (None, None))
        return None if item and not isinstance(item, Answer) else self.last

    def draw(self, telling: Telling) -> None:
        """Show what has changed since the last time."""
        for key in self._drawn.keys() - telling.items.keys():
            self._drawn.pop(key)[0].clear()
        for key, item in telling.items.items():
            bubble, before = self._drawn.get(key, (None, None))
            if item is before or (self.setting.goes_on and isinstance(item, Notice)):
                continue
            bubble = bubble or self._bubble(item)
            bubble.draw(item)
            self._drawn[key] = (bubble, item)

    def _bubble(self, item: Item) -> Bubble:
        live = self.setting.live
        match item:
            case Answer():
                return self._answer()
            case Round():
                return RoundBubble(self.place, self._ask, live=live)
            case Notice():
                return NoticeBubble(self.place, live=live)

    def _answer(self) -> AnswerBubble:
        here, first = self.setting, not self._drawn
        return AnswerBubble(
            self.place,
            live=here.live,
            joined=here.joined if first else None,
            fence=here.fence if first else "",
            remarks=not here.goes_on,
            unfolded=here.unfolded,
        )

    def _ask(self, call_id: str, approved: bool) -> None:
        if self.decide:
            self.decide(self.run_id, call_id, approved)
