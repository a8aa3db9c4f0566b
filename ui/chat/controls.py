"""Model and settings: who answers from the next message on, how, and in which language."""

from collections.abc import Iterable
from typing import Final

import streamlit as st

from conversation.errors import NotFound, ParleyError
from conversation.ports import Core
from conversation.records import ProviderStatus
from setup.settings import settings
from ui.chat import changes, choosing
from ui.chat.headroom import draw_headroom
from ui.chat.visit import STREAM, Visit
from ui.language import LANGUAGES, choose, texts
from ui.preferences import LANGUAGE
from ui.prose import literal
from ui.ticks import draw_every

LOOK: Final = 0.5
"""Seconds until the page looks whether more is known of the providers."""

MODEL: Final = "model"
ASSISTANT: Final = "assistant"


def draw_controls(core: Core, visit: Visit) -> None:
    """Draw what a person can choose, out of the way of the list."""
    known = {status.name: status for status in core.providers()}
    chosen = known[visit.provider]
    usual = choosing.usual_model(core, chosen, visit.assistant_id)
    with st.expander(texts.SETTINGS, icon=":material/tune:", key="settings"):
        _draw_providers(known.values(), visit)
        _draw_model(core, visit, chosen, usual)
        _draw_assistant(core, visit)
        st.button(
            texts.INSTRUCTIONS,
            key="instruct",
            icon=":material/assignment:",
            width="stretch",
            on_click=changes.ask,
            args=(visit, "instructions"),
        )
        _draw_switches(visit)
    model = choosing.bare(visit, visit.model) or usual
    who = " · ".join(literal(part) for part in (chosen.label, model) if part)
    st.caption(texts.MODEL.format(model=who))
    draw_headroom(chosen.headroom.get(model))
    _draw_problem(core, visit)
    if not core.providers_known():
        draw_every(LOOK, _await_more, core)


def _draw_providers(statuses: Iterable[ProviderStatus], visit: Visit) -> None:
    listed = tuple(statuses)
    st.caption(texts.PROVIDER)
    with st.container(horizontal=True, gap="xxsmall", key="providers"):
        for status in listed:
            st.button(
                literal(status.label),
                key=f"provider-{status.name}",
                type="primary" if status.name == visit.provider else "secondary",
                disabled=not status.available,
                on_click=choosing.choose_provider,
                args=(visit, status.name),
            )
    needs = [
        texts.NEEDS.format(label=literal(status.label), setting=status.needs)
        for status in listed
        if status.needs
    ]
    if needs:
        st.caption(texts.NEEDS_WHERE.format(needs=", ".join(needs)))
    gone = [literal(status.label) for status in listed if status.offline]
    if gone:
        st.caption(texts.OFFLINE.format(labels=", ".join(gone)))


def _draw_model(core: Core, visit: Visit, status: ProviderStatus, usual: str) -> None:
    def shown(model: str) -> str:
        name = choosing.bare(visit, model)
        return name or (texts.MODEL_USUAL.format(model=usual) if usual else texts.MODEL_FIRST)

    st.session_state[MODEL] = visit.model
    st.selectbox(
        texts.MODEL_CHOICE,
        ("", *choosing.models(core, visit, status, usual)),
        key=MODEL,
        format_func=shown,
        accept_new_options=True,
        help=texts.MODEL_HELP,
        on_change=choosing.choose_model,
        args=(visit, MODEL),
    )


def _draw_assistant(core: Core, visit: Visit) -> None:
    names = choosing.assistants(core)
    default = settings().assistant_id
    nobody = texts.ASSISTANT_NOBODY
    if default:
        nobody = texts.ASSISTANT_DEFAULT.format(name=names.get(default, default))
    chosen = (visit.assistant_id,) if visit.assistant_id not in names else ()
    st.session_state[ASSISTANT] = visit.assistant_id
    st.selectbox(
        texts.ASSISTANT_CHOICE,
        tuple(dict.fromkeys(("", *chosen, *names))),
        key=ASSISTANT,
        format_func=lambda one: names.get(one, one) or nobody,
        accept_new_options=True,
        help=texts.ASSISTANT_CHOICE_HELP,
        on_change=choosing.choose_assistant,
        args=(core, visit, ASSISTANT),
    )


def _draw_switches(visit: Visit) -> None:
    st.session_state[STREAM] = visit.stream
    st.toggle(texts.STREAM, key=STREAM, help=texts.STREAM_HELP, on_change=_stream, args=(visit,))
    st.session_state[LANGUAGE] = visit.wish(LANGUAGE)
    st.selectbox(
        texts.LANGUAGE,
        ("", *LANGUAGES),
        key=LANGUAGE,
        format_func=lambda code: LANGUAGES.get(code, texts.LANGUAGE_OF_BROWSER),
        on_change=_speak,
        args=(visit,),
    )


def _await_more(core: Core) -> None:
    """Draw the page anew when it is known what the providers offer."""
    if core.providers_known():
        st.rerun()


def _stream(visit: Visit) -> None:
    wanted = bool(st.session_state.get(STREAM, True))
    visit.stream = wanted
    visit.keep(STREAM, wanted)


def _speak(visit: Visit) -> None:
    code = str(st.session_state.get(LANGUAGE) or "")
    choose(code or None)
    visit.keep(LANGUAGE, code)


def _draw_problem(core: Core, visit: Visit) -> None:
    """Say what would keep the next message from being sent."""
    place = st.empty()
    try:
        core.check(visit.choice)
    except NotFound as problem:
        place.error(literal(f"{problem} {problem.hint}"))
    except ParleyError as problem:
        place.warning(literal(f"{problem} {problem.hint}"))
