"""Where the words that were searched for occur, each with what stands around it."""

from collections.abc import Iterable

import streamlit as st

from conversation.history import Filter, History, Hit, Window
from ui.history import address, cells
from ui.history.lists import draw_head
from ui.language import history_texts as texts
from ui.prose import literal


def draw_matches(history: History, wanted: Filter, size: int) -> None:
    """Draw one page of matches, each with a way to its run."""
    if not wanted.text.strip():
        st.caption(texts.NOTHING_TYPED)
        return
    number = address.page(address.PAGE)
    found = history.hits(wanted, Window(page=number, size=size))
    draw_head("matches", address.PAGE, found.total, size)
    if not found.rows:
        st.caption(texts.NOTHING_FITS)
    for position, hit in enumerate(found.rows):
        _draw_hit(hit, f"{number}-{position}")


def _draw_hit(hit: Hit, name: str) -> None:
    with st.container(border=True, gap="xsmall", key=f"match-{name}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":small[{texts.KINDS[hit.kind]}]", width="content")
            st.caption(cells.moment(hit.at, cells.zone()), width="stretch")
            st.button(
                texts.OPEN,
                key=f"open-{name}",
                type="tertiary",
                icon=":material/arrow_forward:",
                on_click=address.open_run,
                args=(hit.thread_id, hit.run_id),
            )
        st.markdown(context(hit.context))


def context(pieces: Iterable[tuple[str, bool]]) -> str:
    """Return the pieces as Markdown: as they are, with what matched marked."""
    return "".join(
        f":orange-background[{literal(text)}]" if matched else _spaced(text)
        for text, matched in pieces
    )


def _spaced(text: str) -> str:
    """Return a text to be read as it is, with the spaces at its ends."""
    before = " " if text[:1].isspace() else ""
    after = " " if text[-1:].isspace() else ""
    return f"{before}{literal(text)}{after}"
