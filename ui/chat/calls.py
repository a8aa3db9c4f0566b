"""System messages: the functions that a model has run, their arguments, outputs and times."""

import json
from collections.abc import Callable
from typing import Final, Literal

from streamlit.delta_generator import DeltaGenerator
from streamlit.elements.lib.mutable_status_container import StatusContainer

from conversation.narration import call_text
from ui.chat.answers import chat_of
from ui.chat.telling import Call, Round
from ui.data import laid_out
from ui.language import number, phrases, texts
from ui.prose import literal

LONGEST: Final = 20_000
GLIMPSE: Final = 40
SHORT: Final = 60

State = Literal["running", "complete", "error"]
ICONS: Final[dict[State, str]] = {
    "running": "spinner",
    "complete": ":material/check:",
    "error": ":material/error:",
}

Ask = Callable[[str, bool], None]


class RoundBubble:
    """The calls of one round, each with a line of its own, in the order of the model."""

    def __init__(self, place: DeltaGenerator, ask: Ask, *, live: bool = False) -> None:
        self._place = place.empty() if live else place
        self.chat = chat_of(self._place, texts.SYSTEM, "build")
        self._ask = ask
        self._live = live
        self._lines: dict[str, CallLine] = {}
        self._drawn: dict[str, Call] = {}

    def draw(self, item: Round) -> None:
        """Show the calls as far as they are."""
        if not self._lines:
            self._open(item)
        for call in item.calls:
            if call != self._drawn.get(call.id):
                self._lines[call.id].draw(call)
                self._drawn[call.id] = call

    def clear(self) -> None:
        """Leave the place empty."""
        self._place.empty()

    def _open(self, item: Round) -> None:
        if len(item.calls) > 1:
            self.chat.caption(texts.AT_ONCE.format(count=len(item.calls)))
        for call in item.calls:
            self._lines[call.id] = CallLine(self.chat, self._ask, live=self._live)
            self._lines[call.id].draw(call)
            self._drawn[call.id] = call


class CallLine:
    """One call: a line that says how it stands, and its data underneath."""

    def __init__(self, place: DeltaGenerator, ask: Ask, *, live: bool) -> None:
        self._place = place
        self._ask = ask
        self._live = live
        self._line: DeltaGenerator | None = None
        self._question: DeltaGenerator | None = None

    def draw(self, item: Call) -> None:
        """Show the call as far as it is; a line that is open stays open."""
        label, state = f"**{texts.SYSTEM}** {_outcome(item)}", _state(item)
        if isinstance(self._line, StatusContainer):
            self._line.update(label=label, state=state)
        else:
            self._line = self._open(label, state)
            _data(self._line, texts.ARGUMENTS, item.arguments)
            self._question = self._place.empty() if item.phase != "done" else None
        self._draw_end(item, self._line)
        self._draw_question(item)

    def _open(self, label: str, state: State) -> DeltaGenerator:
        """Return the line: making one that can change takes Streamlit a twentieth of a second."""
        if self._live:
            return self._place.status(label, state=state, type="compact")
        return self._place.expander(label, icon=ICONS[state], type="compact")

    def _draw_end(self, item: Call, line: DeltaGenerator) -> None:
        if item.output is not None:
            title = f":red[{texts.ERROR}]" if item.failed else texts.OUTPUT
            _data(line, title, item.output)
        elif item.phase == "dropped":
            line.caption(f":red[{texts.NO_OUTPUT}]")

    def _draw_question(self, item: Call) -> None:
        if self._question is None:
            return
        if item.phase != "waiting":
            self._question.empty()
            return
        row = self._question.container(horizontal=True, vertical_alignment="center")
        row.markdown(texts.APPROVE, width="content")
        for label, approved in ((texts.ALLOW, True), (texts.DECLINE, False)):
            row.button(
                label,
                key=f"{'allow' if approved else 'decline'}-{item.id}",
                type="primary" if approved else "secondary",
                on_click=self._ask,
                args=(item.id, approved),
            )


def _outcome(item: Call) -> str:
    """Say in a line what is called and what came of it."""
    call = literal(main_call(item))
    match item.phase:
        case "done":
            said = texts.FAILED_AFTER if item.failed else texts.DONE_AFTER
            time = phrases().duration(item.seconds)
            told = said.format(call=call, output=_glimpse(item.output or ""), time=time)
            return f":red[{told}]" if item.failed else told
        case "waiting":
            return texts.WAITS.format(call=call)
        case "dropped":
            return f":red[{texts.DROPPED.format(call=call)}]"
        case "asked" | "running":
            return call


def main_call(item: Call) -> str:
    """Return a call with its first argument alone, and that not too long."""
    try:
        arguments = json.loads(item.arguments or "{}")
    except (ValueError, RecursionError):
        arguments = None
    if not isinstance(arguments, dict) or not arguments:
        return call_text(item.name, _cut(item.arguments, GLIMPSE))
    name, value = next(iter(arguments.items()))
    shown = _cut(value, GLIMPSE) if isinstance(value, str) else value
    text = call_text(item.name, json.dumps({name: shown}))
    return text if len(arguments) == 1 else f"{text[:-1]}, …)"


def _glimpse(output: str) -> str:
    """Return the beginning of an output, for the line that can be opened to see it whole."""
    return literal(_cut(" ".join(output[: 4 * GLIMPSE].split()), GLIMPSE))


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _state(item: Call) -> State:
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
        box.caption(texts.MORE.format(count=number(len(shown) - LONGEST)))
