"""The servers as their clients see them: whichever of them is asked, each answer is looked at."""

import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Final, TypeVar

import httpx2
import openai
from openai import OpenAI

from conversation.ids import new_id
from tests.chaos.journal import Journal

T = TypeVar("T")

TIMEOUT: Final = 10.0
TRIES: Final = 40
BETWEEN: Final = 0.1
UNDER_WAY: Final = 10
"""How often one is told that a request is being carried out, before one gives it up."""

_BETA: Final = {"OpenAI-Beta": "assistants=v2"}
_REFUSALS: Final = re.compile(
    r"Can't add messages to thread_\w+ while a run run_\w+ is active\."
    r"|Thread thread_\w+ already has an active run run_\w+\."
    r"|Cannot cancel run with status '\w+'\."
    r'|Runs in status "\w+" do not accept tool outputs\.'
    r"|Expected tool outputs for call_ids .*"
)
_RUN: Final = re.compile(r'"(run_[A-Za-z0-9]{24})"')
_STREAMED: Final = re.compile(r"answered with a stream.* run '(run_\w+)'")


class Unlucky(Exception):
    """A request could not be served now, or nobody knows what became of it."""


class Refused(Exception):
    """The API has said no, as it may."""


class Api:
    """Several servers over one database; each request goes to any of them."""

    def __init__(self, ports: Sequence[int], journal: Journal, dice: random.Random) -> None:
        self._tell = journal.tell
        self._dice = dice
        bases = [f"http://127.0.0.1:{port}/v1" for port in ports]
        self._clients = [
            OpenAI(base_url=base, api_key="none", max_retries=0, timeout=TIMEOUT) for base in bases
        ]
        self._plain = [
            httpx2.Client(base_url=base, timeout=TIMEOUT, headers=_BETA, trust_env=False)
            for base in bases
        ]

    def ask(self, call: Callable[[OpenAI], T]) -> T:
        """Ask by OpenAI's client, once."""
        with self._judged():
            return call(self._dice.choice(self._clients))

    def get(self, path: str) -> dict[str, Any]:
        """Read an object."""
        with self._judged():
            answer = self._any().get(path)
            self._judge(answer)
            return _object(answer)

    def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send a request until it is answered, always by the same key.

        Of one that was answered with a stream only the id of the run is known.
        """
        headers = {"Idempotency-Key": new_id("key")}
        under_way = 0
        for _ in range(TRIES):
            answer = self._sent(path, body, headers)
            if answer is not None and answer.status_code == 409:
                under_way += 1
                if under_way == UNDER_WAY:
                    break
            elif answer is not None and answer.status_code != 503:
                return self._found(answer)
            time.sleep(BETWEEN)
        self._tell("unanswered", path)
        raise Unlucky

    def stream(self, path: str, body: Mapping[str, Any]) -> str:
        """Have a run streamed, and ask once more when that is over or broken; return the run's id.

        The second answer names the run; it is no second run.
        """
        headers = {"Idempotency-Key": new_id("key")}
        with (
            suppress(Unlucky),
            self._judged(),
            self._any().stream("POST", path, json=body, headers=headers) as answer,
        ):
            if not answer.is_success:
                answer.read()
                self._judge(answer)
            for _, name, data in _frames(answer):
                self._look_for_error(name, data)
        again = self._sent(path, body, headers)
        if again is None or again.status_code in {409, 503}:
            raise Unlucky
        if again.is_success:
            return str(_RUN.findall(again.text)[0])
        return str(self._found(again)["id"])

    def events(self, path: str, after: int) -> Iterator[tuple[int | None, str]]:
        """Follow a run by its own events: yield the number of each, and its name."""
        with (
            self._judged(),
            self._any().stream("GET", f"{path}/events", params={"after": after}) as answer,
        ):
            if not answer.is_success:
                answer.read()
                self._judge(answer)
            for number, name, data in _frames(answer):
                self._look_for_error(name, data)
                yield number, name

    # beneath

    def _any(self) -> httpx2.Client:
        return self._dice.choice(self._plain)

    def _sent(
        self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]
    ) -> httpx2.Response | None:
        try:
            answer = self._any().post(path, json=body, headers=dict(headers))
        except httpx2.TransportError as error:
            self._tell("lost", type(error).__name__)
            return None
        if answer.status_code == 503:
            self._note_outage(answer)
        if "idempotent-replayed" in answer.headers:
            self._tell("replayed", path)
        return answer

    def _found(self, answer: httpx2.Response) -> dict[str, Any]:
        if answer.status_code == 400 and (named := _STREAMED.search(answer.text)):
            return {"id": named[1]}
        self._judge(answer)
        return _object(answer)

    @contextmanager
    def _judged(self) -> Iterator[None]:
        try:
            yield
        except openai.APIStatusError as error:
            self._judge(error.response)
        except (openai.APIError, httpx2.TransportError) as error:
            self._tell("lost", type(error).__name__)
            raise Unlucky from error

    def _judge(self, answer: httpx2.Response) -> None:
        """Go on after an answer that is good, and only after such a one."""
        if answer.is_success:
            return
        if answer.status_code == 503:
            self._note_outage(answer)
            raise Unlucky
        message = _message(answer)
        if answer.status_code == 400 and _REFUSALS.fullmatch(message):
            self._tell("refused", *message.split())
            raise Refused
        path = answer.request.url.path
        self._tell("wrong", str(answer.status_code), answer.request.method, path, *message.split())
        raise Unlucky

    def _note_outage(self, answer: httpx2.Response) -> None:
        self._tell("unavailable", *_message(answer).split())
        if "retry-after" not in answer.headers:
            self._tell("wrong", "503", "without", "Retry-After", answer.request.url.path)

    def _look_for_error(self, name: str, data: str) -> None:
        if name == "error":
            self._tell("lost", "stream", *data.split())
            raise Unlucky


def _frames(answer: httpx2.Response) -> Iterator[tuple[int | None, str, str]]:
    """Yield the events of a stream: number, name, data."""
    number: int | None = None
    name = ""
    for line in answer.iter_lines():
        field, _, value = line.partition(": ")
        if field == "id":
            number = int(value)
        elif field == "event":
            name = value
        elif field == "data":
            yield number, name, value
            number = None


def _object(answer: httpx2.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()
    return found


def _message(answer: httpx2.Response) -> str:
    try:
        return str(json.loads(answer.read())["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return f"no error of the API's shape: {answer.text[:200]}"
