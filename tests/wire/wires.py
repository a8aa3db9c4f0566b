"""Both providers behind one set of words, for claims that hold for both."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from conversation.ports import AssistantProxy
from conversation.signals import Asking, Item, Requested, Responded, Retrying, Saying, Signal
from conversation.turns import Round, Said, ToolResult, ToolSpec, Turn
from proxies.retry import RetryPolicy
from tests.wire import chat_server, gemini_server, openai_server
from tests.wire.server import Break, ProviderServer, Reply

SECRET = "sk-verysecretkey-0123456789"  # noqa: S105
PRICE = ToolSpec(
    name="get_stock_price",
    description="Return the latest price.",
    parameters={
        "type": "object",
        "properties": {"symbol": {"type": "string"}},
        "required": ["symbol"],
    },
)
_SERVERS: dict[str, Any] = {
    "OpenAI": openai_server,
    "Gemini": gemini_server,
    "Llama": chat_server,
}
TAPED = (Requested, Responded)
QUICK = RetryPolicy(first_delay=0.0, longest_delay=0.0, jitter=0.0)


@dataclass(frozen=True, kw_only=True)
class Wire:
    """One provider: its pretended server, how to connect to it, and how it words things."""

    title: str
    server: ProviderServer[Any]
    connect: Callable[..., AssistantProxy]
    model: str
    fail: Callable[..., Reply]
    faults: dict[str, Reply]
    opened: list[AssistantProxy] = field(default_factory=list)

    def proxy(self, **options: Any) -> AssistantProxy:
        """Return a proxy with a quick retry policy, closed when the test is over."""
        given = {"api_key": SECRET, "base_url": self.server.base_url, "retry": QUICK, **options}
        self.opened.append(self.connect(**given))
        return self.opened[-1]

    def turn(self, text: str = "What is the price of AAPL?", **parts: Any) -> Turn:
        """Return a turn that says `text`."""
        return Turn(model=self.model, messages=(Said(role="user", text=text),), **parts)

    def answer(self, text: str = "", *symbols: str, **parts: Any) -> Any:
        """Return an answer with a text and a call for each symbol."""
        here = _SERVERS[self.title]
        calls = tuple(here.Call("get_stock_price", {"symbol": symbol}) for symbol in symbols)
        return here.Answer(text=text, calls=calls, **parts)

    def broken(self, text: str, how: Break | bytes) -> Any:
        """Return an answer that breaks after its text."""
        return self.answer(text, breaks=how)


async def hear(proxy: AssistantProxy, turn: Turn) -> list[Signal]:
    """Return all signals of an answer, but for what went over the wire."""
    return [signal async for signal in proxy.respond(turn) if not isinstance(signal, TAPED)]


async def hear_until_failure(proxy: AssistantProxy, turn: Turn) -> tuple[list[Signal], Exception]:
    """Return the signals that came before the failure, and the failure."""
    heard: list[Signal] = []
    try:
        async for signal in proxy.respond(turn):
            if not isinstance(signal, TAPED):
                heard.append(signal)
    except Exception as error:  # noqa: BLE001 - whatever it is, the test wants to see it
        return heard, error
    raise AssertionError(f"Nothing failed: {heard}")


def text_of(signals: list[Signal]) -> str:
    """Return what was said."""
    return "".join(signal.text for signal in signals if isinstance(signal, Saying))


def retries_in(signals: list[Signal]) -> list[Retrying]:
    """Return the retries."""
    return [signal for signal in signals if isinstance(signal, Retrying)]


def asked_in(signals: list[Signal]) -> Asking:
    """Return the one request for tools."""
    (asking,) = (signal for signal in signals if isinstance(signal, Asking))
    return asking


def round_of(signals: list[Signal], *outputs: str, failed: bool = False) -> Round:
    """Return the round that these signals and the tools' outputs make."""
    calls = asked_in(signals).calls
    results = tuple(
        ToolResult(call_id=call.call_id, output=output, failed=failed)
        for call, output in zip(calls, outputs, strict=True)
    )
    kept = [signal.item for signal in signals if isinstance(signal, Item)]
    # They go through a database on their way back.
    items = tuple(replace(item, body=json.loads(json.dumps(item.body))) for item in kept)
    return Round(text=text_of(signals), calls=calls, results=results, items=items)
