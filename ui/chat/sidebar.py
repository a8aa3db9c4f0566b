"""The sidebar: who answers, how, and the steps of the last exchange."""

from collections.abc import Iterable
from typing import Final

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from conversation.errors import NotFound, ParleyError
from conversation.events import Logged
from conversation.narration import narrate
from conversation.ports import Choice, Core
from conversation.records import ProviderStatus, Run
from setup.settings import settings
from ui import texts
from ui.chat import acts
from ui.chat.telling import Telling
from ui.chat.visit import Visit
from ui.prose import literal

LONGEST: Final = 100
HEIGHT: Final = 230
WIDTH: Final = 120


def draw_controls(core: Core, visit: Visit, last: Run | None) -> None:
    """Draw what a person can choose."""
    with st.sidebar.container(gap="small"):
        st.button(
            texts.NEW,
            key="new",
            icon=":material/add:",
            width="stretch",
            on_click=acts.begin,
            args=(visit,),
        )
        _draw_providers(core.providers(), visit, last)
        _draw_assistant(core, visit, last)
        st.toggle(texts.STREAM, value=True, key=acts.STREAM, help=texts.STREAM_HELP)


class Steps:
    """The last exchange's steps, drawn again as they come."""

    def __init__(self) -> None:
        with st.sidebar:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.markdown(f"**{texts.STEPS}**", width="content")
                self._state = st.empty()
            self._list = st.container(
                key="steps", height=HEIGHT, border=False, autoscroll=True
            ).empty()
        self._shown = -1

    def draw_none(self) -> None:
        """Say what will be here."""
        self._list.caption(texts.NO_STEPS)

    def draw(self, telling: Telling) -> None:
        """Show the state the exchange is in, and every step with its time."""
        if len(telling.steps) == self._shown:
            return
        self._shown = len(telling.steps)
        colour = texts.STATES[telling.state]
        self._state.badge(texts.state(telling.state), color=colour)
        _draw_steps(self._list, telling.steps)


def _draw_steps(place: DeltaGenerator, steps: list[Logged]) -> None:
    hidden = max(0, len(steps) - LONGEST)
    lines = [_step(logged, steps[0]) for logged in steps[hidden:]]
    if hidden:
        lines.insert(0, texts.STEPS_CUT.format(count=hidden))
    place.markdown("  \n".join(f":small[{line}]" for line in lines))


def _step(logged: Logged, first: Logged) -> str:
    offset = (logged.at - first.at).total_seconds()
    said = narrate(logged.event)
    short = said if len(said) <= WIDTH else said[: WIDTH - 1] + "…"
    return f":gray[{offset:.2f} s] {literal(short)}"


def _draw_providers(providers: Iterable[ProviderStatus], visit: Visit, last: Run | None) -> None:
    known = {status.name: status for status in providers}
    if visit.provider not in known:
        visit.provider = _first_choice(known, last)
    chosen = known[visit.provider]
    st.caption(texts.MODEL.format(model=literal(chosen.model)))
    with st.container(horizontal=True, gap="xxsmall", key="providers"):
        for status in known.values():
            _draw_provider(status, visit)
    needs = [
        texts.NEEDS.format(label=status.label, setting=status.needs)
        for status in known.values()
        if not status.available
    ]
    if needs:
        st.caption(texts.NEEDS_WHERE.format(needs=", ".join(needs)))


def _first_choice(known: dict[str, ProviderStatus], last: Run | None) -> str:
    """Return who answered last if that is still possible, else the first that can."""
    if last and last.spec.provider in known and known[last.spec.provider].available:
        return last.spec.provider
    return next((name for name, status in known.items() if status.available), next(iter(known)))


def _draw_provider(status: ProviderStatus, visit: Visit) -> None:
    st.button(
        status.label,
        key=f"provider-{status.name}",
        type="primary" if status.name == visit.provider else "secondary",
        disabled=not status.available,
        on_click=acts.choose_provider,
        args=(visit, status.name),
    )


def _draw_assistant(core: Core, visit: Visit, last: Run | None) -> None:
    default = settings().assistant_id
    st.text_input(
        texts.ASSISTANT,
        key=acts.ASSISTANT,
        placeholder=default or texts.ASSISTANT_NONE,
        help=texts.ASSISTANT_HELP,
    )
    wanted = acts.wanted_assistant()
    if wanted or default:
        _check_assistant(core, visit, wanted)
    if last and last.spec.assistant_id:
        st.caption(texts.ASSISTANT_HERE.format(assistant=literal(last.spec.assistant_id)))


def _check_assistant(core: Core, visit: Visit, wanted: str | None) -> None:
    try:
        core.check(Choice(provider=visit.provider, assistant_id=wanted))
    except NotFound as problem:
        st.error(literal(f"{problem} {problem.hint}"))
    except ParleyError as problem:
        st.warning(literal(f"{problem} {problem.hint}"))
