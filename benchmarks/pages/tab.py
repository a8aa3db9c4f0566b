"""A tab without a browser: speaks Streamlit's protocol, and counts what it is sent.

It costs a fraction of a browser's tab, so that many of them leave the processor to the server. It
answers as the browser would: it sends widgets' values, its address, what it has cached, and the
reruns that fragments ask for.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Self

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from benchmarks.pages.model import stamped

PATIENCE: Final = 120.0
TICK: Final = 0.05
FINISHED: Final = ForwardMsg.FINISHED_SUCCESSFULLY


class Tab:
    """One visit. `received` are the bytes so far, `runs` the ends of whole runs of the script."""

    def __init__(self, url: str, thread_id: str | None = None) -> None:
        self.received = self.runs = 0
        self.delays: list[float] = []
        self.query = f"thread={thread_id}" if thread_id else ""
        self._widgets: dict[str, str] = {}
        self._cached: dict[str, ForwardMsg] = {}
        self._fragments: dict[str, tuple[float, float]] = {}
        self._newest = 0.0
        self._ended: Exception | None = None
        self._changed = threading.Condition()
        self._socket = connect(
            f"{url.replace('http', 'ws', 1)}/_stcore/stream",
            subprotocols=[Subprotocol("streamlit")],
            compression=None,
            max_size=None,
            proxy=None,
        )
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        self.rerun()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:
        self.close()

    @property
    def thread_id(self) -> str:
        """The conversation in the address."""
        return self.query.rpartition("thread=")[2]

    def close(self) -> None:
        """Close the tab."""
        self._socket.close()
        self._thread.join()

    # what a person does

    def rerun(self, *widgets: WidgetState) -> None:
        """Have the page drawn, as any click does."""
        self._send(*widgets)

    def click(self, key: str) -> None:
        """Click on a button."""
        self._send(WidgetState(id=self.widget(key), trigger_value=True))

    def turn(self, key: str, *, on: bool) -> None:
        """Turn a switch."""
        self._send(WidgetState(id=self.widget(key), bool_value=on))

    def say(self, text: str) -> None:
        """Send a message."""
        said = WidgetState(id=self.widget("message"))
        said.chat_input_value.data = text
        self._send(said)

    # what can be waited for

    def widget(self, key: str) -> str:
        """Return a widget's id, once it is there."""
        self.wait(lambda: key in self._widgets, f"widget {key}")
        return self._widgets[key]

    def gone(self, key: str) -> None:
        """Wait until this widget is no longer drawn."""
        self.wait(lambda: key not in self._widgets, f"end of the widget {key}")

    def shows(self, key: str) -> bool:
        """Tell whether the last run of the script has drawn this widget."""
        return key in self._widgets

    def idle(self, runs: int = 0) -> None:
        """Wait until the script has run to its end more often than `runs` times."""
        self.wait(lambda: self.runs > runs, "end of a run")

    def wait(self, is_so: Callable[[], bool], what: str) -> None:
        """Wait for something that the server's messages bring about."""
        with self._changed:
            self._changed.wait_for(lambda: is_so() or self._ended, PATIENCE)
            if not is_so():
                seen = sorted(self._widgets)[:5]
                raise TimeoutError(f"No {what}, but {seen}, in {self.query}.") from self._ended

    # beneath

    def _send(self, *widgets: WidgetState, fragment: str = "") -> None:
        back = BackMsg()
        state = back.rerun_script
        state.query_string = self.query
        state.fragment_id = fragment
        state.is_auto_rerun = bool(fragment)
        state.cached_message_hashes.extend(self._cached)
        state.widget_states.widgets.extend(widgets)
        self._socket.send(back.SerializeToString())

    def _listen(self) -> None:
        try:
            while True:
                self._tick()
                with suppress(TimeoutError):
                    self._take(self._socket.recv(timeout=TICK))
        except Exception as problem:  # noqa: BLE001 (whoever waits for this tab is told)
            with self._changed:
                self._ended = problem
                self._changed.notify_all()

    def _tick(self) -> None:
        """Rerun the fragments whose time has come."""
        now = time.monotonic()
        for fragment, (interval, due) in tuple(self._fragments.items()):
            if now >= due:
                self._fragments[fragment] = (interval, now + interval)
                self._send(fragment=fragment)

    def _take(self, data: str | bytes) -> None:
        message = ForwardMsg()
        message.ParseFromString(data if isinstance(data, bytes) else data.encode())
        kind = message.WhichOneof("type") or ""
        with self._changed:
            self.received += len(data)
            if message.metadata.cacheable:
                self._cached[message.hash] = message
            if kind == "ref_hash":
                message = self._cached[message.ref_hash]
            self._hear(message)
            self._changed.notify_all()

    def _hear(self, message: ForwardMsg) -> None:
        match message.WhichOneof("type"):
            case "new_session" if not message.metadata.run.fragment_ids:
                self._fragments.clear()
                self._widgets.clear()
            case "auto_rerun":
                asked = message.auto_rerun
                due = time.monotonic() + asked.interval
                self._fragments[asked.fragment_id] = (asked.interval, due)
            case "page_info_changed":
                self.query = message.page_info_changed.query_string.lstrip("?")
            case "script_finished" if message.script_finished == FINISHED:
                self.runs += 1
            case "delta":
                self._draw(message)
            case _:
                pass

    def _draw(self, message: ForwardMsg) -> None:
        element = message.delta.new_element
        kind = element.WhichOneof("type")
        if kind is None:
            return
        drawn: Any = getattr(element, kind)
        if kind == "markdown":
            self._read(drawn.body)
        elif key := _key(getattr(drawn, "id", "")):
            self._widgets[key] = drawn.id

    def _read(self, text: str) -> None:
        """Note how old the newest stamp of a text is."""
        if (said := stamped(text)) is None:
            return
        if said > self._newest:
            self._newest = said
            self.delays.append(time.time() - said)


def _key(widget_id: str) -> str:
    """Return a widget's key: what follows the hash in its id."""
    return widget_id.split("-", 2)[2] if widget_id.count("-") > 1 else ""
