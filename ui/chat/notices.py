"""How an exchange ended where that needs saying: what happened, and what can be done."""

from streamlit.delta_generator import DeltaGenerator

from conversation.events import Cancelled, Expired, Failed, Incomplete
from conversation.narration import narrate
from ui.chat.answers import chat_of
from ui.chat.telling import Ending, Notice
from ui.language import phrases, texts
from ui.prose import literal


class NoticeBubble:
    """How an exchange ended badly, or that it was stopped."""

    def __init__(self, place: DeltaGenerator, *, live: bool = False) -> None:
        self._place = place.empty() if live else place
        self.chat = chat_of(self._place, texts.SYSTEM, "info")

    def draw(self, item: Notice) -> None:
        """Show what happened and what can be done."""
        match item.ending:
            case Failed() as failed:
                self.chat.error(_said(failed.message, failed.hint))
            case Expired():
                self.chat.error(_said(_told(item.ending), texts.EXPIRED_HINT))
            case Incomplete(reason=reason):
                hint = texts.INCOMPLETE_HINTS.get(reason, "")
                self.chat.warning(_said(_told(item.ending), hint))
            case Cancelled():
                self.chat.caption(texts.STOPPED_EARLY)

    def clear(self) -> None:
        """Leave the place empty."""
        self._place.empty()


def _told(ending: Ending) -> str:
    return narrate(ending, phrases())


def _said(what: str, hint: str) -> str:
    return "  \n".join(filter(None, (literal(what), literal(hint))))
