"""A page's own looks after what has changed never get in the way of its drawing."""

from streamlit.testing.v1 import AppTest


def _page() -> None:
    import streamlit as st
    from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

    from ui.ticks import draw_every

    draw_every(60, st.caption, "It is noon.")
    context = get_script_run_ctx()
    assert context is not None
    names = st.session_state.setdefault("names", [])
    names.append(set(context.shared.new_fragment_ids.snapshot()))


def test_a_tick_of_an_earlier_drawing_is_nobodys() -> None:
    page = AppTest.from_function(_page).run().run()

    first, second = page.session_state["names"]
    assert len(first) == len(second) == 1
    assert not first & second


def test_what_is_drawn_from_time_to_time_is_there_at_once() -> None:
    page = AppTest.from_function(_page).run()

    assert [caption.value for caption in page.caption] == ["It is noon."]
