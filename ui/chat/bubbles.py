"""Drawing one exchange: each item in a place of its own, drawn again only when it has changed."""

from collections.abc import Callable
from typing import Any, Final, Protocol

from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.mutable_status_container import StatusContainer

from conversation.narration import call_text
from ui import texts
from ui.chat.telling import Answer, Call, Item, Notice, Telling
from ui.data import laid_out
from ui.prose import literal, model_markdown

LONGEST: Final = 20_000
GLIMPSE: Final = 40
SHORT: Final = 60
CURSOR: Final = " ▍"

_NOTES: Final = {"part": texts.BROKEN_OFF, "stopped": texts.STOPPED}

Decide = Callable[[str, str, bool], None]


class Bubble(Protocol):
    """The place of one item."""

    def draw(self, item: Any) -> None:
        """Show the item as it is now."""
        ...

    def clear(self) -> None:
        """Leave the place empty."""
        ...


class Bubbles:
    """One exchange on the page."""

    def __init__(self, place: DeltaGenerator, run_id: str, decide: Decide | None = None) -> None:
        self._place = place
        self._run_id = run_id
        self._decide = decide
        self._drawn: dict[str, tuple[Bubble, Item]] = {}

    def draw(self, telling: Telling) -> None:
        """Show what has changed since the last time."""
        for key in self._drawn.keys() - telling.items.keys():
            self._drawn.pop(key)[0].clear()
        for key, item in telling.items.items():
            bubble, before = self._drawn.get(key, (None, None))
            if item is before:
                continue
            bubble = bubble or self._bubble(item)
            bubble.draw(item)
            self._drawn[key] = (bubble, item)

    def _bubble(self, item: Item) -> Bubble:
        match item:
            case Answer():
                return AnswerBubble(self._place.empty())
            case Call():
                return CallBubble(self._place.empty(), self._ask)
            case Notice():
                return NoticeBubble(self._place.empty())

    def _ask(self, call_id: str, approved: bool) -> None:
        if self._decide:
            self._decide(self._run_id, call_id, approved)


def draw_user(place: DeltaGenerator, text: str) -> None:
    """Show what a person has typed, as it was typed."""
    place.chat_message("user", avatar=":material/person:").text(text, width="stretch")


def draw_answer(place: DeltaGenerator, text: str) -> None:
    """Show a message of a model that no run on this page tells of."""
    AnswerBubble(place.empty()).draw(Answer(id="", text=text, progress="whole"))


class AnswerBubble:
    """A message of the model, while it grows and after."""

    def __init__(self, place: DeltaGenerator) -> None:
        self._place = place
        chat = place.chat_message("assistant", avatar=":material/forum:")
        self._chat = chat
        self._text = chat.empty()

    def draw(self, item: Answer) -> None:
        """Show the text, and a note where it is not a whole answer."""
        cursor = CURSOR if item.progress == "writing" else ""
        self._text.markdown(model_markdown(item.text + cursor), anchors=False)
        note = _NOTES.get(item.progress) or (texts.DECLINED if item.refusal else "")
        if note:
            self._chat.caption(note)

    def clear(self) -> None:
        """Leave the place empty."""
        self._place.empty()


class CallBubble:
    """A System message: a function's name, arguments, output or error, and how long it took."""

    def __init__(self, place: DeltaGenerator, ask: Callable[[str, bool], None]) -> None:
        self._place = place
        self._ask = ask
        self._chat = place.chat_message(texts.SYSTEM, avatar=":material/build:")
        self._status: StatusContainer | None = None
        self._question: DeltaGenerator | None = None

    def draw(self, item: Call) -> None:
        """Show the call as far as it is."""
        self._draw_status(item)
        if item.phase == "waiting":
            self._draw_question(item.id)
        elif self._question:
            self._question.empty()

    def _draw_status(self, item: Call) -> None:
        """Show the line and what is under it; a line that stays the same stays open."""
        label, state = _label(item), _state(item)
        if self._status is None:
            self._status = self._chat.status(label, state=state, type="compact")
            _data(self._status, texts.ARGUMENTS, item.arguments)
        else:
            self._status.update(label=label, state=state)
        if item.output is not None:
            _data(self._status, texts.ERROR if item.failed else texts.OUTPUT, item.output)
        elif item.phase == "dropped":
            self._status.caption(texts.NO_OUTPUT)

    def clear(self) -> None:
        """Leave the place empty."""
        self._place.empty()

    def _draw_question(self, call_id: str) -> None:
        self._question = self._chat.empty()
        row = self._question.container(horizontal=True, vertical_alignment="center")
        row.markdown(texts.APPROVE, width="content")
        for label, approved in ((texts.ALLOW, True), (texts.DECLINE, False)):
            row.button(
                label,
                key=f"{label}-{call_id}",
                type="primary" if approved else "secondary",
                on_click=self._ask,
                args=(call_id, approved),
            )


class NoticeBubble:
    """How an exchange ended badly, or that it was stopped."""

    def __init__(self, place: DeltaGenerator) -> None:
        self._place = place
        self._chat = place.chat_message(texts.SYSTEM, avatar=":material/info:")

    def draw(self, item: Notice) -> None:
        """Show what happened and what can be done."""
        said = "  \n".join(filter(None, (literal(item.text), literal(item.hint))))
        match item.kind:
            case "failed" | "expired":
                self._chat.error(said)
            case "incomplete":
                self._chat.warning(said)
            case "cancelled":
                self._chat.caption(texts.STOPPED_EARLY)

    def clear(self) -> None:
        """Leave the place empty."""
        self._place.empty()


def _label(item: Call) -> str:
    return f"**{texts.SYSTEM}** {_outcome(item)}"


def _outcome(item: Call) -> str:
    call = literal(call_text(item.name, item.arguments))
    match item.phase:
        case "done":
            said = texts.FAILED_AFTER if item.failed else texts.DONE_AFTER
            return said.format(call=call, output=_glimpse(item.output or ""), time=_time(item))
        case "waiting":
            return texts.WAITS.format(call=call)
        case "dropped":
            return texts.DROPPED.format(call=call)
        case "asked" | "running":
            return call


def _glimpse(output: str) -> str:
    """Return the beginning of an output, for the line that can be opened to see it whole."""
    line = " ".join(output[: 4 * GLIMPSE].split())
    return literal(line if len(line) <= GLIMPSE else line[: GLIMPSE - 1] + "…")


def _time(item: Call) -> str:
    return f"{item.seconds:.1f} s" if item.seconds >= 1 else f"{item.seconds * 1000:.0f} ms"


def _state(item: Call) -> Any:
    if item.phase == "dropped" or item.failed:
        return "error"
    return "complete" if item.phase == "done" else "running"


def _data(place: DeltaGenerator, title: str, text: str) -> None:
    """Show arguments or an output: JSON laid out, anything else as it is; never interpreted."""
    box = place.container(gap="xxsmall")
    box.caption(title)
    shown, language = laid_out(text, short=SHORT)
    box.code(shown[:LONGEST], language=language, wrap_lines=True)
    if len(shown) > LONGEST:
        box.caption(texts.MORE.format(count=len(shown) - LONGEST))


def spinner(place: DeltaGenerator, said: str) -> None:
    """Show that something is under way where no text grows."""
    if said:
        place.markdown(f":gray[:shimmer[{literal(said)} …]]")
    else:
        place.empty()
