"""The load on a process that is to be killed: everything people and clients do, in any order."""

import random
import time
from collections.abc import Callable
from functools import partial
from typing import Final, TypeVar

from conversation.choice import Choice
from conversation.errors import ParleyError, StoreUnavailable
from conversation.follower import Follower
from conversation.history import Filter
from conversation.ids import new_id
from conversation.records import CallRecord, Message, Page, Run, Thread
from conversation.script import State
from setup.core import ParleyCore
from tests.chaos.functions import CLIENTS
from tests.chaos.journal import Journal
from tests.contract.cores import DEMO

T = TypeVar("T")

AT_ONCE: Final = 6
PATIENCE: Final = 0.2
RECENT: Final = Page(limit=12)
WAITING: Final = Filter(states=frozenset({State.REQUIRES_ACTION}))


class Load:
    """Does one thing after the other, and tells what it asks for and what it was promised."""

    def __init__(self, core: ParleyCore, journal: Journal, seed: str, assistant_id: str) -> None:
        self._core = core
        self._store = core.store
        self._tell = journal.tell
        self._dice = random.Random(seed)  # noqa: S311 (to be repeated, not to be secret)
        self._choices = (DEMO, Choice(assistant_id=assistant_id))
        self._begun: list[str] = []

    def step(self) -> None:
        """Do something; a refusal is as good as anything else."""
        actions: dict[Callable[[], object], int] = {
            self._begin: 6,
            self._send_some: 4,
            self.tend: 4,
            self._edit: 2,
            self._ask_again: 2,
            self._go_on: 2,
            self._stop: 2,
            self._send_held: 1,
        }
        [act] = self._dice.choices([*actions], [*actions.values()])
        self._tried(act)
        if len(self._begun) >= AT_ONCE:
            self._await(self._begun.pop(0))

    def tend(self) -> None:
        """Decide what waits for a person, and answer what waits for a client."""
        for line in list(self._core.history.each_run(WAITING)):
            for record in self._store.exchange(line.run_id).calls:
                if record.output is None:
                    self._tried(partial(self._attend, record))

    # messages

    def _begin(self) -> None:
        key, text = self._message()
        run = self._core.start(text, self._choice(), stream=self._dice.random() < 0.8)
        self._accepted("start", key, run)

    def _send_some(self) -> None:
        thread = self._thread()
        for _ in range(self._dice.randint(1, 4)):
            key, text = self._message()
            sent = self._core.send(text, self._choice(), thread_id=thread.id)
            if isinstance(sent, Run):
                self._accepted("send", key, sent)
            else:
                self._tell("queued", key, thread.id, sent.id)

    def _edit(self) -> None:
        asked = [said for said in self._said(self._thread()) if said.role == "user"]
        key, text = self._message()
        run = self._core.edit(self._dice.choice(asked).id, text, self._choice())
        self._accepted("edit", key, run)

    def _ask_again(self) -> None:
        run = self._core.regenerate(self._run(self._thread()).id, self._choice())
        self._accepted("again", "-", run)

    def _go_on(self) -> None:
        run = self._core.carry_on(self._run(self._thread()).id, self._choice())
        self._accepted("on", "-", run)

    def _send_held(self) -> None:
        if run := self._core.send_queued(self._thread().id):
            self._accepted("held", "-", run)

    def _stop(self) -> None:
        if run := self._store.active_run(self._thread().id):
            stopped = self._core.cancel(run.id)
            self._tell("stopped", run.id, stopped.state)

    # answers to what waits

    def _attend(self, record: CallRecord) -> None:
        run_id, call_id = record.run_id, record.call.call_id
        if record.call.name == CLIENTS:
            outputs = {
                call.call.call_id: f"answer-{new_id('wait')}"
                for call in self._store.exchange(run_id).calls
                if call.call.name == CLIENTS and call.output is None
            }
            for asked, value in outputs.items():
                self._tell("submitting", asked, value)
            self._core.submit(run_id, outputs)
            for asked, value in outputs.items():
                self._tell("submitted", asked, value)
        elif record.approved is None:
            approved = self._dice.random() < 0.6
            self._core.decide(run_id, call_id, approved=approved)
            self._tell("decided", call_id, str(approved))

    # beneath

    def _tried(self, act: Callable[[], T]) -> T | None:
        try:
            return act()
        except StoreUnavailable as error:
            self._tell("unavailable", *error.message.split())
            watch_a_moment(self._core)
        except (ParleyError, LookupError) as error:  # nothing there yet to choose from
            self._tell("refused", type(error).__name__)
        return None

    def _accepted(self, how: str, key: str, run: Run) -> None:
        self._tell("accepted", key, run.thread_id, run.id, how)
        self._begun.append(run.id)

    def _message(self) -> tuple[str, str]:
        """Return a message and the key in it by which it will be known; some can't have one."""
        key = f"k{self._dice.randrange(10**12)}"
        text = self._text(key)
        if key not in text:
            return "-", text
        self._tell("asked", key)
        return key, text

    def _choice(self) -> Choice:
        return self._dice.choice(self._choices)

    def _thread(self) -> Thread:
        return self._dice.choice(self._store.threads(RECENT))

    def _said(self, thread: Thread) -> list[Message]:
        return self._store.messages(thread.id)

    def _run(self, thread: Thread) -> Run:
        return self._dice.choice(self._store.runs(thread.id, Page(limit=3)))

    def _await(self, run_id: str) -> None:
        """Wait a little for a run, so that not too many are begun."""
        try:
            with Follower(self._core.feed, run_id) as follower:
                while not follower.ended and follower.wait(PATIENCE):
                    follower.take()
        except ParleyError:
            watch_a_moment(self._core)

    def _text(self, key: str) -> str:
        number = self._dice.randrange(1, 60)
        texts = (
            f"count to {number} {key}",
            f"Tell me a story {key}",
            f"wait {number / 300:.2f} {key}",
            f"echo {key}",
            _call("look_up", key),
            _call("launch", key),
            "\n".join(_call("launch", f"{key}{letter}") for letter in "abc"),
            _call("sign", key),
            _call(CLIENTS, key),
            "\n".join(_call(name, key) for name in ("launch", "look_up", "sign", CLIENTS)),
            self._dice.choice(("break off", "fail", "refuse")),
        )
        weights = (4, 1, 2, 3, 2, 3, 3, 2, 2, 2, 2)
        return self._dice.choices(texts, weights)[0]


def watch_a_moment(core: ParleyCore) -> None:
    """Wait for a commit, or a moment."""
    try:
        watch = core.store.watch_changes()
    except StoreUnavailable:
        time.sleep(PATIENCE)
        return
    try:
        watch.wait(PATIENCE)
    except StoreUnavailable:
        return
    finally:
        watch.close()


def _call(name: str, key: str) -> str:
    return f'call {name} {{"key": "{key}"}}'
