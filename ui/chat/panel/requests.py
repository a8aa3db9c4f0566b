"""What went to the model and what came back, as it went over the wire; one opened at a time."""

from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import Final

from streamlit.delta_generator import DeltaGenerator

from conversation.events import Logged
from conversation.ports import Core
from conversation.records import ModelCall, Run
from ui.chat.panel.look import Look
from ui.exchange.data import draw_data
from ui.language import phrases, texts

LONGEST: Final = 20_000
CALM: Final = 0.5
"""Seconds between two readings: the bodies are read with them."""


class RequestsPart:
    """The list of a run's requests, read only while it is looked at."""

    def __init__(self, place: DeltaGenerator, core: Core, run: Run, look: Look) -> None:
        self._core = core
        self._run = run
        self._look = look
        self._note = place.empty()
        self._list = place.container(key="panel-requests", gap="xsmall")
        self._rows: dict[tuple[int, int], _Row] = {}
        self._seen = -1
        self._read_at = float("-inf")

    def draw(self, log: Sequence[Logged]) -> None:
        """Show what was recorded with the steps that are new."""
        if len(log) == self._seen or monotonic() - self._read_at < CALM:
            return
        self._seen, self._read_at = len(log), monotonic()
        calls = self._core.store.model_calls(self._run.id)
        for call in calls:
            self._row(call).draw(call)
        if calls:
            self._note.caption(texts.REQUESTS_WHAT)
        else:
            self._note.caption(texts.NO_REQUESTS if self._run.ended else texts.NO_REQUESTS_YET)

    def _row(self, call: ModelCall) -> "_Row":
        key = (call.number, call.attempt)
        if key not in self._rows:
            self._rows[key] = _Row(self._list, call, self._look, live=not self._run.ended)
        return self._rows[key]


class _Row:
    """One request: a button that opens it, how long it took, and once it is open its bodies."""

    def __init__(self, place: DeltaGenerator, call: ModelCall, look: Look, *, live: bool) -> None:
        self._name = f"{call.run_id}-{call.number}-{call.attempt}"
        self._live = live
        self._open = look.request == self._name
        self._shown: set[str] = set()
        head = place.container(horizontal=True, vertical_alignment="center", gap="xsmall")
        head.button(
            texts.REQUEST.format(number=call.number, attempt=call.attempt),
            key=f"request-{self._name}",
            icon=f":material/{'expand_more' if self._open else 'chevron_right'}:",
            type="tertiary",
            on_click=open_request,
            args=(look, None if self._open else self._name),
        )
        self._time = head.empty()
        self._request, self._response = place.empty(), place.empty()

    def draw(self, call: ModelCall) -> None:
        """Show the request as far as it is; its bodies only once, for they never change."""
        self._time.caption(_state(call, live=self._live))
        if not self._open:
            return
        self._draw_body(self._request, "request", texts.REQUEST_SENT, call.request)
        if call.response is not None:
            self._draw_body(self._response, "response", texts.RESPONSE, call.response)
        elif not _open_still(call, live=self._live):
            self._response.caption(texts.NO_RESPONSE)

    def _draw_body(self, place: DeltaGenerator, what: str, title: str, body: str) -> None:
        if what not in self._shown:
            self._shown.add(what)
            with place.container(gap="xxsmall"):
                draw_data(title, body, f"{self._name}-{what}", longest=LONGEST)


def open_request(look: Look, name: str | None) -> None:
    """Show this request's bodies, or none's."""
    look.request = name


def _state(call: ModelCall, *, live: bool) -> str:
    if call.ended_at is not None:
        return phrases().duration(_seconds(call.started_at, call.ended_at))
    return texts.REQUEST_OPEN if live else texts.NO_RESPONSE


def _open_still(call: ModelCall, *, live: bool) -> bool:
    return live and call.ended_at is None


def _seconds(begun: datetime, ended: datetime) -> float:
    return max(0.0, (ended - begun).total_seconds())
