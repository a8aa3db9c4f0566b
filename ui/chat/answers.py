"""Messages of people and models: a model's text in pieces, so that only its end is drawn again."""

from typing import Final

from streamlit.delta_generator import DeltaGenerator

from ui.chat.telling import Answer
from ui.language import number, texts
from ui.prose import model_markdown, pieces

PIECE: Final = 6_000
LONGEST_ANSWER: Final = 100_000
LONGEST_MESSAGE: Final = 20_000
CURSOR: Final = " ▍"


class AnswerBubble:
    """A message of the model, while it grows and after.

    With `joined`, the place of the answer that this one goes on with, it stands in the same
    bubble; `fence` is the line that began the code in which that one broke off.
    """

    def __init__(
        self,
        place: DeltaGenerator,
        *,
        live: bool = False,
        joined: DeltaGenerator | None = None,
        fence: str = "",
        remarks: bool = True,
        unfolded: set[str] | None = None,
    ) -> None:
        self._place = None if joined else (place.empty() if live else place)
        self.chat = joined or chat_of(self._place or place, "assistant")
        self._live = live
        self._fence = fence
        self._remarks = remarks
        self._unfolded = unfolded
        self._slots: list[DeltaGenerator] = []
        self._drawn: list[tuple[str, bool]] = []

    def draw(self, item: Answer) -> None:
        """Show the text, and a remark where it is not a whole answer."""
        writing = item.progress == "writing"
        hidden = _hidden(item.text, LONGEST_ANSWER, item.id, self._unfolded)
        shown = item.text[:LONGEST_ANSWER] if hidden else item.text
        wanted = pieces(self._opened(shown) + (CURSOR if writing else ""), PIECE)
        growing = len(wanted) - 1 if writing else None
        self._draw_pieces(wanted, growing)
        if hidden and not writing:
            _draw_fold(self.chat, item.id, hidden, self._unfolded)
        remark = _remark(item) if self._remarks else ""
        if remark:
            self.chat.caption(remark)

    def clear(self) -> None:
        """Leave the place empty; of one that is shared, what stood in it."""
        for slot in (self._place,) if self._place else self._slots:
            slot.empty()

    def _opened(self, text: str) -> str:
        return f"{self._fence}\n{text}" if self._fence else text

    def _draw_pieces(self, wanted: list[str], growing: int | None) -> None:
        """Draw what is new; long code is coloured once it grows no more."""
        while len(self._slots) < len(wanted):
            self._slots.append(self.chat.empty() if self._live else self.chat)
            self._drawn.append(("", True))
        for at, piece in enumerate(wanted):
            coloured = at != growing or len(piece) < 2 * PIECE
            if (piece, coloured) != self._drawn[at]:
                self._slots[at].markdown(model_markdown(piece, coloured=coloured), anchors=False)
                self._drawn[at] = piece, coloured


def chat_of(place: DeltaGenerator, author: str, icon: str = "forum") -> DeltaGenerator:
    """Return a message's place."""
    return place.chat_message(author, avatar=f":material/{icon}:")


def draw_user(
    place: DeltaGenerator, text: str, *, key: str = "", unfolded: set[str] | None = None
) -> DeltaGenerator:
    """Show what a person has typed, as it was typed; return the message's place."""
    chat = chat_of(place, "user", "person")
    hidden = _hidden(text, LONGEST_MESSAGE, key, unfolded)
    if text:
        chat.text(text[:LONGEST_MESSAGE] if hidden else text, width="stretch")
    if hidden:
        _draw_fold(chat, key, hidden, unfolded)
    return chat


def draw_answer(
    place: DeltaGenerator, text: str, *, key: str = "", unfolded: set[str] | None = None
) -> DeltaGenerator:
    """Show a message of a model that no run on this page tells of; return its place."""
    bubble = AnswerBubble(place, unfolded=unfolded)
    bubble.draw(Answer(id=key, text=text, progress="whole"))
    return bubble.chat


def _hidden(text: str, longest: int, key: str, unfolded: set[str] | None) -> int:
    """Return how many characters of a very long text are not shown."""
    return 0 if key in (unfolded or ()) else max(0, len(text) - longest)


def _draw_fold(place: DeltaGenerator, key: str, hidden: int, unfolded: set[str] | None) -> None:
    """Say how much is not shown, with a button that shows it."""
    row = place.container(horizontal=True, vertical_alignment="center")
    row.caption(texts.MORE.format(count=number(hidden)), width="content")
    if unfolded is not None:
        row.button(
            texts.SHOW_ALL, key=f"whole-{key}", type="tertiary", on_click=unfolded.add, args=(key,)
        )


def _remark(item: Answer) -> str:
    match item.progress:
        case "part":
            return texts.BROKEN_OFF
        case "stopped":
            return texts.STOPPED
        case _:
            return texts.DECLINED if item.refusal else ""
