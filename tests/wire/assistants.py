"""An Assistants API server and the proxy that speaks to it, for claims about both."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from conversation.ports import AssistantProxy
from conversation.turns import Round, Said, Turn
from tests.wire.assistants_events import Answer, Call
from tests.wire.assistants_server import AssistantsServer
from tests.wire.wires import PRICE, QUICK, SECRET, hear, round_of

RUN = r"POST /threads/\w+/runs"
POLL = r"GET /threads/\w+/runs/\w+"
SUBMIT = r"POST /threads/\w+/runs/\w+/submit_tool_outputs"
CANCEL = r"POST /threads/\w+/runs/\w+/cancel"
MESSAGES = r"GET /threads/\w+/messages"


@dataclass(frozen=True)
class RemoteWire:
    """The pretended server, and how to connect to it."""

    server: AssistantsServer
    connect: Callable[..., AssistantProxy]
    opened: list[AssistantProxy] = field(default_factory=list)

    def proxy(self, **options: Any) -> AssistantProxy:
        """Return a proxy with a quick retry policy, closed when the test is over."""
        given = {"api_key": SECRET, "base_url": self.server.base_url, "retry": QUICK, **options}
        self.opened.append(self.connect(**given))
        return self.opened[-1]

    async def close(self) -> None:
        """Close all proxies; what they tidy up is done then."""
        while self.opened:
            await self.opened.pop().aclose()

    @property
    def left(self) -> list[str]:
        """The ids of what is left on the server."""
        return [*self.server.threads, *self.server.assistants]

    def statuses(self) -> list[str]:
        """Return where the runs stand, in the order they were begun."""
        return [run.status for run in self.server.runs.values()]


def turn(text: str = "What is the price of AAPL?", **parts: Any) -> Turn:
    """Return a turn that says `text`."""
    return Turn(model="gpt-test", messages=(Said(role="user", text=text),), **parts)


def prices(*symbols: str, text: str = "", **parts: Any) -> Answer:
    """Return an answer that asks for prices."""
    calls = tuple(Call("get_stock_price", {"symbol": symbol}) for symbol in symbols)
    return Answer(text=text, calls=calls, **parts)


async def first_round(
    proxy: AssistantProxy, *outputs: str, asked: Turn, before: tuple[Round, ...] = ()
) -> Turn:
    """Hear an answer that asks for functions; return the turn that has what they gave."""
    done = round_of(await hear(proxy, asked), *outputs)
    return turn(tools=(PRICE,), rounds=(*before, done), stream=asked.stream)
