"""What each event of the Responses API says; no network is needed for that."""

from typing import Any

import pytest

from conversation.signals import Alive, Asking, Finished, Item, Refusing, Saying, Signal, Used
from conversation.turns import ProviderItem
from proxies.openai_signals import signals_in

USAGE = {
    "input_tokens": 3,
    "output_tokens": 2,
    "input_tokens_details": {"cached_tokens": 1},
    "output_tokens_details": {"reasoning_tokens": 1},
}


def completed(*output: dict[str, Any]) -> dict[str, Any]:
    response = {"status": "completed", "output": list(output), "usage": USAGE}
    return {"type": "response.completed", "response": response}


@pytest.mark.parametrize(
    ("raw", "signals"),
    [
        ({"type": "response.created", "response": {"status": "queued"}}, [Alive("queued")]),
        (
            {"type": "response.in_progress", "response": {"status": "in_progress"}},
            [Alive("in_progress")],
        ),
        ({"type": "response.output_text.delta", "delta": "Hi"}, [Saying("Hi")]),
        ({"type": "response.refusal.delta", "delta": "No"}, [Refusing("No")]),
        (
            {"type": "response.output_item.done", "item": {"type": "reasoning"}},
            [Item(ProviderItem(provider="openai", body={"type": "reasoning"}))],
        ),
        (completed(), [Used(input=3, output=2, cached=1, reasoning=1), Finished("stop")]),
        ({"type": "response.output_item.added", "item": {"type": "message"}}, []),
        ({"type": "keepalive"}, []),
        ({"type": "response.completed"}, []),
        ({}, []),
    ],
)
def test_events_become_signals(raw: dict[str, Any], signals: list[Signal]) -> None:
    assert list(signals_in(raw)) == signals


@pytest.mark.parametrize(("given", "text"), [("", "{}"), (None, "{}"), ({"a": 1}, '{"a": 1}')])
def test_arguments_are_always_json_text(given: object, text: str) -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "now", "arguments": given}

    asking, *_ = signals_in(completed(call))

    assert isinstance(asking, Asking)
    assert (asking.calls[0].arguments, asking.calls[0].ref) == (text, "c1")
