"""What a person has typed and what became of it: nothing is lost between a key and the log.

A message waits here until the log has it. A run of the script may be ended at any moment and
another may stand beside it, so exactly one takes a message to send it.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from typing import Literal

from conversation.errors import ParleyError


@dataclass(slots=True, kw_only=True)
class Letter:
    """A message on its way to a thread, or to a new one; `problem` says why it was not sent."""

    number: int
    text: str
    thread_id: str | None
    state: Literal["waiting", "sending", "failed"] = "waiting"
    problem: ParleyError | None = None


class Outbox:
    """The messages of one tab that are not in the log, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._letters: dict[int, Letter] = {}
        self._numbers = count(1)

    def put(self, text: str, thread_id: str | None) -> None:
        """Add a message."""
        with self._lock:
            number = next(self._numbers)
            self._letters[number] = Letter(number=number, text=text, thread_id=thread_id)

    def letters(self, thread_id: str | None) -> list[Letter]:
        """Return those for a thread."""
        with self._lock:
            return [one for one in self._letters.values() if one.thread_id == thread_id]

    def busy(self, thread_id: str | None) -> bool:
        """Tell whether one for this thread is being sent or about to be."""
        return any(letter.state != "failed" for letter in self.letters(thread_id))

    def again(self, number: int) -> None:
        """Put one that was not sent back in line."""
        with self._lock:
            if number in self._letters and self._letters[number].state == "failed":
                self._letters[number].state = "waiting"

    def discard(self, number: int) -> None:
        """Drop one that was not sent."""
        with self._lock:
            self._letters.pop(number, None)

    def readdress(self, thread_id: str | None) -> None:
        """Let what could not be sent to a thread begin a new one, if it is sent again."""
        with self._lock:
            for letter in self._letters.values():
                if letter.thread_id == thread_id and letter.state == "failed":
                    letter.thread_id = None

    def deliver(self, send: Callable[[Letter], str]) -> None:
        """Send what waits, one after another; what fails stays, with its problem.

        `send` returns the thread that a message went to: where it began one, those that were
        typed with it follow.
        """
        while letter := self._take():
            try:
                thread_id = send(letter)
            except ParleyError as problem:
                letter.problem = problem
            else:
                self._delivered(letter, thread_id)
            finally:
                letter.state = "failed"

    def _take(self) -> Letter | None:
        with self._lock:
            for letter in self._letters.values():
                if letter.state == "waiting":
                    letter.state = "sending"
                    return letter
        return None

    def _delivered(self, sent: Letter, thread_id: str) -> None:
        with self._lock:
            self._letters.pop(sent.number, None)
            for letter in self._letters.values():
                if letter.thread_id == sent.thread_id:
                    letter.thread_id = thread_id
