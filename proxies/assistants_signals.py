"""From what an Assistants API server sends to signals. Nothing here talks to anybody.

Streamed events are plain dicts, `{"event": name, "data": ...}`; runs and messages are those that
the API answers with. What is unknown is passed over.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from conversation.errors import ProviderTimeout, StreamCut
from conversation.ids import new_id
from conversation.signals import (
    Alive,
    Asking,
    Finished,
    FinishReason,
    Item,
    Refusing,
    Saying,
    Signal,
    Used,
)
from conversation.turns import ProviderItem, ToolCall
from proxies.assistants_request import PROVIDER
from proxies.failures import cut_off, unreadable
from proxies.openai_signals import failure_in

Raw = dict[str, Any]

STANDING: Final = "thread.run"
"""No event of the API's: how a run stands that is not streamed."""

WAITING: Final = "requires_action"
UNDER_WAY: Final = frozenset({"queued", "in_progress", WAITING, "cancelling"})
FAILED: Final = frozenset({"failed", "cancelled", "expired"})

_ENDED: Final = FAILED | {"completed", "incomplete"}
_BETWEEN: Final = "\n\n"


@dataclass(slots=True)
class Answer:
    """What a run says from here to its end or to its next wait.

    `told` are messages that were passed on in earlier rounds, `answered` the calls whose outputs
    it was given.
    """

    label: str
    secrets: tuple[str, ...] = ()
    told: tuple[str, ...] = ()
    answered: frozenset[str] = frozenset()
    run: Raw = field(default_factory=dict)
    _streamed: bool = False
    _said: dict[str, str] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Tell whether the run is over, or waits for outputs that it was not given yet."""
        status = self.run.get("status")
        asked = {call["id"] for call in calls_in(self.run)}
        return status in _ENDED or (status == WAITING and not (asked and asked <= self.answered))

    @property
    def complete(self) -> bool:
        """Tell whether the run has ended in a stream, which has told all that there is."""
        return self.ended and self._streamed

    def heard(self, event: Raw) -> Iterator[Signal]:
        """Yield what an event says; raise what it reports as a failure."""
        match event:
            case {"event": "thread.message.delta", "data": dict(data)}:
                yield from self._delta(data)
            case {
                "event": "thread.message.completed" | "thread.message.incomplete",
                "data": dict(data),
            }:
                yield from self.caught_up([data])
            case {"event": "error", "data": data}:
                raise failure_in(_dict(data), self.secrets, self.label)
            case {"data": {"object": "thread.run", "status": str(status)} as run}:
                self.run, self._streamed = run, event["event"] != STANDING
                if status in UNDER_WAY and status != WAITING:
                    yield Alive(status)
            case _:
                pass

    def caught_up(self, messages: list[Raw]) -> Iterator[Signal]:
        """Yield what of whole messages was not said; `StreamCut` if they don't go on from it."""
        for message in messages:
            name = str(message.get("id") or "")
            if name in self.told or message.get("role", "assistant") != "assistant":
                continue
            parts = list(_parts(message.get("content")))
            said = self._said.get(name, "")
            if not "".join(text for _, text in parts).startswith(said):
                raise cut_off(self.label)
            left = len(said)
            for kind, text in parts:
                yield from self._say(name, kind, text[left:])
                left = max(0, left - len(text))

    def ending(self) -> Iterator[Signal]:
        """Yield how the run ended, or what it waits for; raise why it failed."""
        status = self.run.get("status")
        if status == WAITING:
            yield from self._asking()
            return
        if usage := _dict(self.run.get("usage")):
            yield _used(usage)
        match status:
            case "completed":
                yield Finished("stop")
            case "incomplete":
                yield _cut_short(self.run)
            case "failed":
                raise failure_in(_dict(self.run.get("last_error")), self.secrets, self.label)
            case "expired":
                raise ProviderTimeout(f"The run at {self.label} has expired.")
            case "cancelled":
                raise StreamCut(f"The run was cancelled at {self.label}.")
            case _:
                raise cut_off(self.label)

    def body(self) -> Raw:
        """Return what has come, as it is kept."""
        said = [{"id": name, "content": text} for name, text in self._said.items()]
        return {"run": self.run, "messages": said}

    # beneath

    def _delta(self, data: Raw) -> Iterator[Signal]:
        name = str(data.get("id") or "")
        if name not in self.told:
            for kind, text in _parts(_dict(data.get("delta")).get("content")):
                yield from self._say(name, kind, text)

    def _say(self, name: str, kind: type[Saying | Refusing], text: str) -> Iterator[Signal]:
        if not text:
            return
        if name not in self._said and any(self._said.values()):
            yield Saying(_BETWEEN)
        self._said[name] = self._said.get(name, "") + text
        yield kind(text)

    def _asking(self) -> Iterator[Signal]:
        calls = tuple(_call(call) for call in calls_in(self.run))
        if not calls:
            raise unreadable(self.label)
        place = {
            "thread_id": self.run.get("thread_id"),
            "run_id": self.run.get("id"),
            "told": [*self.told, *self._said],
        }
        yield Item(ProviderItem(provider=PROVIDER, body=place))
        yield Asking(calls)
        yield Finished("tool_calls")


def calls_in(run: Raw) -> list[Raw]:
    """Return the calls that a run waits for."""
    match run.get("required_action"):
        case {"submit_tool_outputs": {"tool_calls": [*calls]}}:
            return [call for call in calls if _is_call(call)]
        case _:
            return []


def _parts(content: object) -> Iterator[tuple[type[Saying | Refusing], str]]:
    """Yield the texts of a message's content, or of a piece of it; pictures have none."""
    if isinstance(content, str):
        yield Saying, content
        return
    for part in content if isinstance(content, list) else ():
        match part:
            case {"text": {"value": str(text)}} | {"text": str(text)}:
                yield Saying, text
            case {"refusal": str(text)}:
                yield Refusing, text
            case _:
                pass


def _is_call(call: object) -> bool:
    match call:
        case {"id": str(), "function": dict()}:
            return True
        case _:
            return False


def _call(call: Raw) -> ToolCall:
    function = call["function"]
    return ToolCall(
        call_id=new_id("call"),
        name=str(function.get("name") or ""),
        arguments=str(function.get("arguments") or "{}"),
        ref=call["id"],
    )


def _cut_short(run: Raw) -> Finished:
    reason = str(_dict(run.get("incomplete_details")).get("reason") or "")
    short: FinishReason = "content_filter" if reason == "content_filter" else "max_tokens"
    return Finished(short, reason)


def _used(usage: Raw) -> Used:
    """Return the tokens of the whole run, which the API tells at its end alone."""
    # Told with and without the s.
    asked = usage.get("prompt_tokens_details") or usage.get("prompt_token_details")
    return Used(
        input=_count(usage, "prompt_tokens"),
        output=_count(usage, "completion_tokens"),
        cached=_count(_dict(asked), "cached_tokens"),
        reasoning=_count(_dict(usage.get("completion_tokens_details")), "reasoning_tokens"),
    )


def _count(told: Raw, name: str) -> int:
    count = told.get(name)
    return count if isinstance(count, int) else 0


def _dict(value: object) -> Raw:
    return value if isinstance(value, dict) else {}
