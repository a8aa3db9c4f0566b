"""A conversation and its replay side by side: answers word by word, calls, path, tokens, time."""

from collections.abc import Iterable
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from conversation.comparison import Comparison, Pair, Side, Totals
from conversation.difference import Difference
from conversation.exports.transcript import Call
from conversation.narration import call_text
from ui.history import cells
from ui.language import counted
from ui.language import history_texts as texts
from ui.language import texts as shared
from ui.prose import literal

_LEFT: Final = "delete"
_RIGHT: Final = "insert"
_COLOURS: Final = {_LEFT: "red", _RIGHT: "green"}


def draw_comparison(found: Comparison) -> None:
    """Draw what both add up to, then message by message."""
    _draw_totals(found)
    for pair in found.pairs:
        _draw_pair(pair)


def _draw_totals(found: Comparison) -> None:
    rows = [
        {"": what, texts.ORIGINAL: left, texts.REPLAYED: right}
        for what, left, right in zip(
            texts.COMPARED, _sums(found.left), _sums(found.right), strict=True
        )
    ]
    st.dataframe(rows, hide_index=True, key="totals")


def _sums(totals: Totals) -> tuple[str, ...]:
    return (
        cells.count(totals.answers),
        cells.count(totals.calls),
        cells.count(totals.failed_calls),
        cells.count(totals.usage.input + totals.usage.output),
        cells.money(totals.cost),
        cells.seconds(totals.seconds),
    )


def _draw_pair(pair: Pair) -> None:
    with st.container(border=True):
        st.text(pair.asked)
        columns = st.columns(2)
        sides = ((texts.ORIGINAL, pair.left, _LEFT), (texts.REPLAYED, pair.right, _RIGHT))
        for number, (title, side, op) in enumerate(sides):
            calls = [both[number] for both in pair.calls]
            _draw_side(columns[number], title, side, calls, marked(pair.answers, op))


def _draw_side(
    place: DeltaGenerator,
    title: str,
    side: Side | None,
    calls: Iterable[Call | None],
    answer: str,
) -> None:
    place.caption(title)
    if side is None:
        place.markdown(texts.NOBODY)
        return
    figures = (
        side.model,
        shared.state(side.state),
        counted(texts.COUNTS["tokens"], side.usage.input + side.usage.output),
        cells.money(side.cost),
        cells.seconds(side.seconds),
    )
    place.markdown(f":small[{literal(' · '.join(figures))}]")
    for call in calls:
        place.markdown(f":small[{_called(call)}]")
    place.markdown(answer)
    path = " → ".join(shared.state(state) for state in side.path)
    place.caption(f"{texts.PATH}: {literal(path)}")


def _called(call: Call | None) -> str:
    """Say what was called and what came of it."""
    if call is None:
        return cells.NOTHING
    colour = "red" if call.failed else "gray"
    output = literal(cells.line(call.output, 80))
    return f":material/build: {literal(call_text(call.name, call.arguments))} :{colour}[→ {output}]"


def marked(answers: Difference, own: str) -> str:
    """Return one side's answer as Markdown that shows it as it is, its own words marked."""
    shown = []
    for op, text in answers:
        if op == "equal":
            shown.append(_lines(text))
        elif op == own:
            shown.append(_coloured(text, _COLOURS[own]))
    return "".join(shown)


def _coloured(text: str, colour: str) -> str:
    return "  \n".join(
        f":{colour}-background[{literal(line)}]" if line.strip() else ""
        for line in text.split("\n")
    ) + (" " if text[-1:].isspace() else "")


def _lines(text: str) -> str:
    return "  \n".join(literal(line) for line in text.split("\n")) + (
        " " if text[-1:].isspace() else ""
    )
