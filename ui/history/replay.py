"""Running a thread again: the dialog that starts it, and how far it is."""

from collections.abc import Callable
from typing import Final

import streamlit as st

from conversation.choice import Choice
from conversation.errors import NotFound, ParleyError
from setup.core import ParleyCore
from setup.replayed import Replay
from ui.history import address, cells
from ui.history.comparing import draw_comparison
from ui.language import history_texts as texts
from ui.prose import literal

COMPARE: Final = "compare"
EVERY: Final = 1.0


def draw_replay_button(core: ParleyCore, thread_id: str) -> None:
    """Offer to run a thread again."""
    if st.button(texts.REPLAY, key="replay", icon=":material/replay:"):
        st.dialog(texts.REPLAY_TITLE)(_ask)(core, thread_id)


def draw_replayed(core: ParleyCore, thread_id: str) -> None:
    """Draw how far a replay is, and both conversations side by side; nothing for other threads."""
    replay = _progress(core, thread_id)
    if replay:
        live = replay.state == "running"
        fragment: Callable[..., None] = st.fragment(_draw, run_every=EVERY if live else None)
        fragment(core, thread_id, live)


def _draw(core: ParleyCore, thread_id: str, live: bool) -> None:
    replay = _progress(core, thread_id)
    if replay is None or (live and replay.state != "running"):
        st.rerun()
    with st.container(border=True, key="replayed"):
        _draw_head(core, replay)
        if st.toggle(texts.COMPARE, value=True, key=COMPARE, bind="query-params"):
            try:
                draw_comparison(core.compare(replay.source_id, thread_id))
            except NotFound:
                st.caption(texts.ORIGINAL_GONE)


def _draw_head(core: ParleyCore, replay: Replay) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        far = texts.REPLAY_FAR.format(
            done=replay.done, total=replay.total, state=texts.REPLAY_STATES[replay.state]
        )
        how = f" · {texts.RECORDED}" if replay.recorded else ""
        st.markdown(f"{texts.REPLAY_OF}", width="content")
        st.button(
            cells.line(_title(core, replay.source_id), 60),
            key="to-original",
            type="tertiary",
            on_click=address.open_run,
            args=(replay.source_id, None),
        )
        st.caption(f"{far}{how}", width="content")
        _draw_control(core, replay)


def _draw_control(core: ParleyCore, replay: Replay) -> None:
    try:
        if replay.state == "running" and st.button(texts.REPLAY_STOP, key="replay-stop"):
            core.replays.cancel(replay.thread_id)
            st.rerun()
        if replay.state == "stopped" and st.button(texts.REPLAY_GO_ON, key="replay-on"):
            core.replays.go_on(replay.thread_id)
            st.rerun()
    except ParleyError as problem:
        st.error(literal(f"{problem} {problem.hint}"))


def _ask(core: ParleyCore, thread_id: str) -> None:
    st.markdown(texts.REPLAY_WHAT)
    known = {status.name: status.label for status in core.providers() if status.available}
    provider = st.selectbox(
        texts.REPLAY_WHO, tuple(known), format_func=known.__getitem__, key="replay-who"
    )
    model = st.text_input(
        texts.REPLAY_MODEL, key="replay-model", placeholder=texts.REPLAY_MODEL_HINT
    )
    assistant = st.text_input(
        texts.REPLAY_ASSISTANT, key="replay-assistant", placeholder=texts.REPLAY_ASSISTANT_HINT
    )
    recorded = st.toggle(texts.REPLAY_RECORDED, value=True, key="replay-recorded")
    if st.button(texts.REPLAY_START, key="replay-start", type="primary"):
        choice = Choice(
            provider=provider,
            model=model.strip() or None,
            assistant_id=assistant.strip() or None,
        )
        _start(core, thread_id, choice, recorded=recorded)


def _start(core: ParleyCore, thread_id: str, choice: Choice, *, recorded: bool) -> None:
    """Begin, and go where it can be watched."""
    try:
        replay = core.replays.start(thread_id, choice, recorded=recorded)
    except ParleyError as problem:
        st.error(literal(f"{problem} {problem.hint}"))
        return
    address.choose_thread(replay.thread_id)
    st.rerun()


def _progress(core: ParleyCore, thread_id: str) -> Replay | None:
    try:
        return core.replays.progress(thread_id)
    except NotFound:
        return None


def _title(core: ParleyCore, thread_id: str) -> str:
    try:
        return cells.title(core.store.thread(thread_id).title)
    except NotFound:
        return thread_id
