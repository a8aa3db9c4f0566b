"""Searching all conversations: what was found stands in the place of the list."""

import re
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

import streamlit as st

from conversation.errors import NotFound
from conversation.history import Filter, Found, Hit, ThreadLine, Window
from conversation.ports import Core
from ui.chat import changes
from ui.chat.threads import BY_ACTIVITY, draw_more, draw_row, place_for, shown_title
from ui.chat.visit import Visit
from ui.history.cells import count, zone
from ui.language import texts
from ui.prose import literal

SEARCH: Final = "search"
PAUSE: Final = "300ms"
TITLES: Final = 10
_MARKUP: Final = re.compile(r"\*\*|`+|(?<!\S)#{1,6}(?=\s)|\|(?: ?:?-+:? ?\|)+")


def draw_search(visit: Visit) -> str:
    """Draw the search field; return what is in it."""
    typed = st.text_input(
        texts.SEARCH,
        key=SEARCH,
        type="search",
        live=PAUSE,
        placeholder=texts.SEARCH_HINT,
        label_visibility="collapsed",
        on_change=changes.find_anew,
        args=(visit,),
    )
    return (typed or "").strip()


def draw_found(core: Core, visit: Visit, typed: str, *, idle: bool) -> None:
    """Draw the conversations of that title, and where the words occur; newest first."""
    found = core.history.hits(Filter(text=being_typed(typed)), Window(size=visit.found))
    titled = _titled(core, typed, {hit.thread_id for hit in found.rows})
    rows = len(titled) + len(found.rows)
    with place_for(visit, "found", rows, idle=idle).container(gap="small"):
        _draw_head(visit, _total(found.total, len(titled)))
        with st.container(key="titled", gap=None):
            for line in titled:
                draw_row(core, visit, line)
        _draw_hits(core, visit, found)


def _titled(core: Core, typed: str, shown: Collection[str]) -> list[ThreadLine]:
    """Return conversations with this in their titles, but for those that are shown anyway."""
    title = " ".join(typed.replace('"', " ").replace("*", " ").split())
    if not title:
        return []
    found = core.history.threads(Filter(title=title), BY_ACTIVITY, Window(size=TITLES))
    return [line for line in found.rows if line.thread_id not in shown]


def _draw_head(visit: Visit, said: str) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="search-head"):
        st.caption(said, width="stretch")
        st.button(
            texts.CLEAR_SEARCH,
            key="search-clear",
            type="tertiary",
            on_click=changes.clear_search,
            args=(visit, SEARCH),
        )


def _draw_hits(core: Core, visit: Visit, found: Found[Hit]) -> None:
    titles: dict[str, str | None] = {}
    with st.container(key="found", gap="small"):
        for position, hit in enumerate(found.rows):
            _draw_hit(core, visit, hit, _title(core, hit.thread_id, titles), position)
    if found.total > len(found.rows):
        draw_more("find-more", changes.find_more, visit)


def being_typed(text: str) -> str:
    """Return the query for a text that is being typed: its last word may go on."""
    return text if text.endswith(('"', "*")) else f"{text}*"


def marked(pieces: Iterable[tuple[str, bool]]) -> str:
    """Return the text around matches as Markdown: as it is, with the matches marked.

    The commonest signs of Markdown are left out: they were not meant to be read.
    """
    return "".join(
        f":orange-background[{literal(text)}]" if matched else _spaced(_MARKUP.sub("", text))
        for text, matched in pieces
    )


def _draw_hit(core: Core, visit: Visit, hit: Hit, title: str | None, position: int) -> None:
    if title is None:
        return  # deleted since it was found
    with st.container(gap=None, key=f"hit-{position}"):
        st.button(
            title,
            key=f"hit-{position}-{hit.thread_id}",
            type="secondary" if hit.thread_id == visit.thread_id else "tertiary",
            width="stretch",
            wrap=False,
            on_click=changes.open_hit,
            args=(core, visit, hit),
        )
        st.markdown(f":small[{marked(hit.context)}]")
        st.caption(_date(hit.at))


def _title(core: Core, thread_id: str, known: dict[str, str | None]) -> str | None:
    if thread_id not in known:
        try:
            known[thread_id] = shown_title(core.store.thread(thread_id).title)
        except NotFound:
            known[thread_id] = None
    return known[thread_id]


def _total(number: int, titled: int) -> str:
    if not number:
        return texts.FOUND_IN_TITLES if titled else texts.NOTHING_FOUND
    return texts.MATCH if number == 1 else texts.MATCHES.format(count=count(number))


def _date(at: datetime) -> str:
    return f"{at.astimezone(zone()):%Y-%m-%d %H:%M}"


def _spaced(text: str) -> str:
    """Return a text to be read as it is, with the spaces at its ends."""
    before = " " if text[:1].isspace() else ""
    after = " " if text[-1:].isspace() else ""
    return f"{before}{literal(text)}{after}"
