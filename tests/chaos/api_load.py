"""What API clients do while servers die: talk, follow, give outputs, stop; each tells what it was
promised."""

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from conversation.ids import new_id
from tests.chaos.api_calls import Api, Refused, Unlucky
from tests.chaos.api_manners import Manner, Plain, Sdk
from tests.chaos.journal import Journal

STUCK: Final = 60.0
"""Seconds in which nothing has moved in a run, so that it is stuck."""
PAUSE: Final = 0.1
_UNDER_WAY: Final = frozenset({"queued", "in_progress", "cancelling"})
_TALKERS: Final = 3


@dataclass
class World:
    """What the clients of a scenario know together."""

    journal: Journal
    ports: tuple[int, ...]
    assistants: list[str]
    done: Callable[[], None]
    threads: list[str] = field(default_factory=list)
    open: dict[str, str] = field(default_factory=dict)
    """Runs that nobody has seen the end of, with their threads."""
    over: threading.Event = field(default_factory=threading.Event)


class ApiClient:
    """One client, who does one thing after the other."""

    def __init__(self, world: World, seed: str, number: int) -> None:
        self._world = world
        self._tell = world.journal.tell
        self._dice = random.Random(f"{seed}-{number}")  # noqa: S311 (to be repeated)
        self._api = Api(world.ports, world.journal, self._dice)
        self._manner: Manner = Plain(self._api) if number % 2 else Sdk(self._api)

    def work(self) -> None:
        """Go on until all is over."""
        while not self._world.over.is_set():
            act = self._dice.choices(
                (self._talk, self._tend, self._stop, self._make_assistant), (8, 3, 1, 1)
            )[0]
            try:
                act()
            except Refused:
                continue
            except (Unlucky, LookupError):  # or nothing to choose from yet
                time.sleep(PAUSE)

    def settle(self) -> None:
        """See all runs through that were accepted."""
        while self._world.open:
            run_id, thread_id = next(iter(self._world.open.items()))
            self._see_through(thread_id, run_id)

    # what it does

    def _talk(self) -> None:
        thread_id = self._thread()
        text: str | None = None
        if self._dice.random() < 0.5:
            key, said = self._message()
            message_id = self._manner.message(thread_id, said)
            self._did("posted", key, thread_id, message_id)
        else:
            key, text = self._message()
        self._run(thread_id, key if text else "-", text)

    def _run(self, thread_id: str, key: str, text: str | None) -> None:
        name = self._wanted("run")
        assistant_id = self._dice.choice(self._world.assistants)
        begun: list[str] = []

        def heard(run_id: str) -> None:
            begun.append(run_id)
            self._world.open[run_id] = thread_id
            self._tell("kept", "run", name["key"], run_id)
            self._did("accepted", key, thread_id, run_id, "api")

        if self._dice.random() < 0.5:
            try:
                self._manner.stream(thread_id, assistant_id, name, text, heard)
            except Unlucky:
                if not begun:
                    raise
                self._tell("broke", *begun)
        else:
            heard(self._manner.run(thread_id, assistant_id, name, text))
        if self._dice.random() < 0.1:
            self._cancel(thread_id, begun[0])
        if self._dice.random() < 0.8:
            self._see_through(thread_id, begun[0])

    def _tend(self) -> None:
        run_id, thread_id = self._dice.choice(list(self._world.open.items()))
        self._see_through(thread_id, run_id)

    def _stop(self) -> None:
        run_id, thread_id = self._dice.choice(list(self._world.open.items()))
        self._cancel(thread_id, run_id)

    def _cancel(self, thread_id: str, run_id: str) -> None:
        status = self._manner.cancel(thread_id, run_id)
        self._did("stopped", run_id, status)

    def _make_assistant(self) -> None:
        name = self._wanted("assistant")
        assistant_id = self._manner.assistant(name)
        self._did("kept", "assistant", name["key"], assistant_id)
        self._world.assistants.append(assistant_id)

    def _thread(self) -> str:
        if self._world.threads and self._dice.random() < 0.7:
            return self._dice.choice(self._world.threads[-_TALKERS:])
        name = self._wanted("thread")
        text = self._message()[1] if self._dice.random() < 0.3 else None
        thread_id = self._manner.thread(name, text)
        self._did("kept", "thread", name["key"], thread_id)
        self._world.threads.append(thread_id)
        return thread_id

    # following a run

    def _see_through(self, thread_id: str, run_id: str) -> None:
        """Follow a run to its end, from whichever server, and answer what it asks for."""
        path = f"/threads/{thread_id}/runs/{run_id}"
        follow = self._followed if self._dice.random() < 0.5 else self._polled
        watch = _Watch()
        for _ in follow(path, watch):
            try:
                run = self._api.get(path)
                if run["status"] == "requires_action":
                    self._submit(thread_id, run)
                    watch.moved("submitted")
            except Refused:
                continue  # another client was quicker
            except Unlucky:
                time.sleep(PAUSE)
                continue
            watch.moved(run["status"])
            if run["status"] not in {*_UNDER_WAY, "requires_action"}:
                self._world.open.pop(run_id, None)
                self._did("seen", run_id, run["status"])
                return
        self._world.open.pop(run_id, None)
        self._tell("stuck", run_id, watch.last)

    def _polled(self, path: str, watch: "_Watch") -> Iterator[None]:
        while not watch.stuck:
            yield
            time.sleep(PAUSE)

    def _followed(self, path: str, watch: "_Watch") -> Iterator[None]:
        """Attach to the run's events, again and again from where it was; yield at each end."""
        seen = 0
        while not watch.stuck:
            try:
                for number, name in self._api.events(path, seen):
                    watch.moved(f"{number}-{name}")
                    if number is None:
                        continue
                    if number != seen + 1:
                        self._tell("hole", path.rpartition("/")[2], str(seen), str(number))
                    seen = number
            except Unlucky:
                self._tell("attached-again", path, str(seen))
                time.sleep(PAUSE)
                continue
            yield
            time.sleep(PAUSE)

    def _submit(self, thread_id: str, run: dict[str, Any]) -> None:
        calls = run["required_action"]["submit_tool_outputs"]["tool_calls"]
        outputs = {call["id"]: f"answer-{new_id('wait')}" for call in calls}
        for call_id, value in outputs.items():
            self._tell("submitting", call_id, value)
        self._manner.submit(thread_id, run["id"], outputs)
        for call_id, value in outputs.items():
            self._did("submitted", call_id, value)

    # beneath

    def _did(self, kind: str, *words: str) -> None:
        self._tell(kind, *words)
        self._world.done()

    def _wanted(self, kind: str) -> dict[str, str]:
        """Return metadata by which what is wanted will be known."""
        key = f"m{self._dice.randrange(10**12)}"
        self._tell("wanted", kind, key)
        return {"key": key}

    def _message(self) -> tuple[str, str]:
        key = f"k{self._dice.randrange(10**12)}"
        text = self._text(key)
        if key not in text:
            return "-", text
        self._tell("asked", key)
        return key, text

    def _text(self, key: str) -> str:
        number = self._dice.randrange(1, 60)
        calls = [f'call {name} {{"key": "{key}"}}' for name in ("launch", "look_up", "ask")]
        texts = (
            f"count to {number} {key}",
            f"wait {number / 300:.2f} {key}",
            f"echo {key}",
            *calls,
            "\n".join(calls),
            self._dice.choice(("break off", "fail", "refuse")),
        )
        return self._dice.choices(texts, (5, 2, 3, 2, 2, 3, 3, 1))[0]


class _Watch:
    """Whether something moves."""

    def __init__(self) -> None:
        self.last = ""
        self._since = time.monotonic()

    @property
    def stuck(self) -> bool:
        return time.monotonic() - self._since > STUCK

    def moved(self, what: str) -> None:
        if what != self.last:
            self.last, self._since = what, time.monotonic()
