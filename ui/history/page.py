"""The history page: the address says what is asked, one pass draws the answer."""

from dataclasses import replace

import streamlit as st

from conversation.history import EVERYTHING, Filter, Sort, Window
from setup.core import ParleyCore
from ui.chat.page import ICON, LOGO
from ui.chat.visit import step_aside
from ui.history import address, filters, named
from ui.history.lists import draw_runs, draw_threads
from ui.history.matches import draw_matches
from ui.history.overview import draw_overview
from ui.history.run import draw_run
from ui.history.takeaway import draw_list_files
from ui.history.threads import draw_thread, link_to_chat
from ui.language import history_texts as texts
from ui.opening import opened_core, problems_shown, speak


def show() -> None:
    """Draw the page."""
    speak()
    st.set_page_config(page_title=texts.TITLE_TAB, page_icon=str(ICON), layout="wide")
    st.logo(LOGO, size="large")
    step_aside()
    with problems_shown():
        core = opened_core()
        if core.history.threads(EVERYTHING, Sort(), Window(size=1)).total:
            Page(core).draw()
        else:
            _draw_empty()


class Page:
    """One pass over the page."""

    def __init__(self, core: ParleyCore) -> None:
        self._core = core
        self._place = address.place(core)

    def draw(self) -> None:
        """Draw everything."""
        view, text = self._draw_top()
        wanted = filters.draw_filters(self._core.history.choices(), text)
        size = filters.draw_size(st.sidebar)
        with st.sidebar:
            draw_list_files(self._core, wanted)
        self._draw_notes()
        match view:
            case "overview":
                draw_overview(self._core.history, wanted)
            case "matches":
                draw_matches(self._core.history, wanted, size)
            case "runs":
                self._draw_all_runs(wanted, size)
            case _:
                self._draw_threads(wanted, size)

    def _draw_top(self) -> tuple[str, str]:
        """Draw the choice of the view and the search box; return what they say."""
        with st.container(horizontal=True, vertical_alignment="center", key="top"):
            named.take(address.VIEW, texts.VIEWS, "threads")
            view = st.segmented_control(
                texts.VIEW,
                tuple(texts.VIEWS),
                required=True,
                format_func=texts.VIEWS.__getitem__,
                key=address.VIEW,
                label_visibility="collapsed",
                on_change=_first_page,
            )
            named.write(address.VIEW, view, "threads")
            text = filters.search_box()
        return view or "threads", text

    def _draw_notes(self) -> None:
        if self._place.note:
            st.warning(self._place.note, icon=":material/info:")
        if deleted := st.session_state.pop("deleted", ""):
            st.toast(deleted, icon=":material/delete:")

    def _draw_threads(self, wanted: Filter, size: int) -> None:
        here = self._place
        shown = draw_threads(self._core.history, wanted, size, here.thread_id)
        if not shown:
            st.caption(texts.NOTHING_FITS)
        if here.thread_id is None:
            st.caption(texts.CHOOSE_THREAD if shown else "")
            return
        draw_thread(self._core, here.thread_id)
        runs = draw_runs(
            self._core.history, replace(wanted, thread_id=here.thread_id), size, here.run_id
        )
        if not runs:
            st.caption(texts.NO_RUNS)
        self._draw_run(size)

    def _draw_all_runs(self, wanted: Filter, size: int) -> None:
        if not draw_runs(self._core.history, wanted, size, self._place.run_id):
            st.caption(texts.NOTHING_FITS)
        if self._place.thread_id and self._place.run_id:
            draw_thread(self._core, self._place.thread_id)
        self._draw_run(size)

    def _draw_run(self, size: int) -> None:
        if self._place.run_id:
            draw_run(self._core, self._place.run_id, size)
        else:
            st.caption(texts.CHOOSE_RUN)


def _first_page() -> None:
    st.session_state[address.PAGE] = 1


def _draw_empty() -> None:
    """Say how the log comes to have something in it."""
    st.header(texts.EMPTY, anchor=False)
    beside = link_to_chat(texts.TO_CHAT)
    st.markdown(texts.EMPTY_BESIDE if beside else texts.EMPTY_ALONE)
