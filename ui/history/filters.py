"""The filters in the sidebar, and the search box: together they are a `Filter`."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from conversation.history import Choices, Filter
from conversation.records import Rating
from conversation.script import State
from ui.history import address, named
from ui.history.cells import zone
from ui.language import history_texts as texts
from ui.language import texts as shared

WHEN: Final = "when"
SINCE: Final = "since"
UNTIL: Final = "until"
STATUS: Final = "status"
PROVIDER: Final = "provider"
MODEL: Final = "model"
ASSISTANT: Final = "assistant"
TOOL: Final = "tool"
FAILED: Final = "failed"
RATING: Final = "rating"
LONGER: Final = "longer"
TOKENS: Final = "tokens"
SIZE: Final = "rows"

SIZES: Final = (10, 25, 50, 100, 200)
CLEARED: Final[dict[str, object]] = {
    address.SEARCH: "",
    WHEN: "any",
    STATUS: [],
    PROVIDER: [],
    MODEL: [],
    ASSISTANT: [],
    TOOL: [],
    FAILED: None,
    RATING: [],
    LONGER: None,
    TOKENS: None,
}

_AGO: Final = {
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(days=7),
    "month": timedelta(days=30),
}
_STATUSES: Final = tuple(state.value for state in State if state is not State.NEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time; None is no limit."""

    since: datetime | None = None
    until: datetime | None = None


def span(when: str, now: datetime, where: tzinfo) -> Span:
    """Return what a quick choice means now, in that zone; to the minute, so that it can be kept."""
    minute = now.astimezone(UTC).replace(second=0, microsecond=0)
    today = datetime.combine(now.astimezone(where).date(), time(), where)
    if when in _AGO:
        return Span(since=minute - _AGO[when])
    if when == "today":
        return Span(since=today)
    if when == "yesterday":
        return Span(since=today - timedelta(days=1), until=today)
    return Span()


def search_box() -> str:
    """Draw the search box; return what is in it."""
    return (
        st.text_input(
            texts.SEARCH,
            key=address.SEARCH,
            type="search",
            placeholder=texts.SEARCH_HINT,
            icon=":material/search:",
            label_visibility="collapsed",
            on_change=_searched,
            bind="query-params",
        )
        or ""
    )


def draw_filters(choices: Choices, text: str) -> Filter:
    """Draw the filters; return them with the text that is searched for."""
    place = st.sidebar.container(gap="small")
    row = place.container(horizontal=True, vertical_alignment="center")
    row.markdown(f"**{texts.FILTERS}**", width="stretch")
    row.button(texts.CLEAR, key="clear", type="tertiary", on_click=_clear)
    begun = _draw_when(place)
    return Filter(
        text=text,
        since=begun.since,
        until=begun.until,
        states=_draw_states(place),
        providers=_draw_many(place, PROVIDER, texts.PROVIDER, choices.providers),
        models=_draw_many(place, MODEL, texts.MODEL, choices.models),
        assistants=_draw_many(place, ASSISTANT, texts.ASSISTANT, choices.assistants),
        tools=_draw_many(place, TOOL, texts.TOOL, choices.tools),
        failed=_draw_failed(place),
        ratings=_draw_ratings(place),
        longer_than=_draw_number(place, LONGER, texts.LONGER),
        more_tokens_than=_draw_number(place, TOKENS, texts.TOKENS),
    )


def draw_size(place: DeltaGenerator) -> int:
    """Draw how many rows a page has; return it."""
    return place.selectbox(
        texts.SIZE, SIZES, index=1, key=SIZE, on_change=_first_page, bind="query-params"
    )


def _draw_when(place: DeltaGenerator) -> Span:
    named.take(WHEN, texts.WHENS, "any")
    when = place.selectbox(
        texts.WHEN,
        tuple(texts.WHENS),
        format_func=texts.WHENS.__getitem__,
        key=WHEN,
        on_change=_first_page,
    )
    named.write(WHEN, when, "any")
    where = zone()
    if when != "between":
        return span(when, datetime.now(UTC), where)
    since, until = (
        place.datetime_input(label, value=None, key=key, on_change=_first_page, bind="query-params")
        for label, key in ((texts.SINCE, SINCE), (texts.UNTIL, UNTIL))
    )
    return Span(
        since=since.replace(tzinfo=where) if since else None,
        until=until.replace(tzinfo=where) if until else None,
    )


def _draw_states(place: DeltaGenerator) -> frozenset[State]:
    named.take_many(STATUS, _STATUSES)
    chosen = place.multiselect(
        texts.STATUS,
        _STATUSES,
        format_func=_named,
        key=STATUS,
        placeholder=texts.ALL,
        on_change=_first_page,
    )
    named.write(STATUS, chosen)
    return frozenset(map(State, chosen))


def _draw_many(
    place: DeltaGenerator, key: str, label: str, options: Iterable[str]
) -> frozenset[str]:
    chosen = place.multiselect(
        label,
        tuple(options),
        key=key,
        placeholder=texts.ALL,
        on_change=_first_page,
        bind="query-params",
    )
    return frozenset(chosen)


def _draw_failed(place: DeltaGenerator) -> bool | None:
    named.take(FAILED, texts.FAILEDS, None)
    chosen = place.segmented_control(
        texts.FAILED,
        tuple(texts.FAILEDS),
        format_func=texts.FAILEDS.__getitem__,
        key=FAILED,
        on_change=_first_page,
    )
    named.write(FAILED, chosen)
    return None if chosen is None else chosen == "yes"


def _draw_ratings(place: DeltaGenerator) -> frozenset[Rating]:
    named.take_many(RATING, texts.RATINGS)
    chosen = place.segmented_control(
        texts.RATING,
        tuple(texts.RATINGS),
        format_func=texts.RATINGS.__getitem__,
        selection_mode="multi",
        key=RATING,
        on_change=_first_page,
    )
    named.write(RATING, chosen)
    return frozenset(chosen)


def _draw_number(place: DeltaGenerator, key: str, label: str) -> int | None:
    return place.number_input(
        label,
        min_value=0,
        max_value=10**9,
        value=None,
        key=key,
        placeholder=texts.NONE,
        on_change=_first_page,
        bind="query-params",
    )


def _named(state: str) -> str:
    return shared.state(State(state))


def _searched() -> None:
    """Show where the words occur; without words, the threads."""
    _first_page()
    view = st.session_state.get(address.VIEW)
    typed = bool(st.session_state.get(address.SEARCH))
    if typed and view != "matches":
        st.session_state[address.VIEW] = "matches"
    elif not typed and view == "matches":
        st.session_state[address.VIEW] = "threads"


def _first_page() -> None:
    st.session_state[address.PAGE] = 1


def _clear() -> None:
    st.session_state.update(CLEARED)
    _searched()
