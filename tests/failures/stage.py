"""A whole core with the pretended providers behind it, on which failures are played."""

import itertools
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from conversation.choice import Choice
from conversation.errors import ParleyError
from conversation.ports import ToolPolicy
from conversation.records import Run
from setup.core import ParleyCore
from tests.contract.cores import DEMO as DEMO_CHOICE
from tests.contract.cores import ended, running
from tests.wire import chat_server, gemini_server, openai_server
from tests.wire.server import ProviderServer, Reply
from tools.function import FunctionTool
from tools.registry import Tools

OPENAI, GEMINI, COMPATIBLE, DEMO = "openai", "gemini", "compatible", "demo"
SECRETS: Final = {
    OPENAI: "sk-fake-0123456789-openai",
    GEMINI: "AIzaFake0123456789Gemini",
    COMPATIBLE: "fake-key-0123456789-compatible",
}
ADDRESSES: Final = {
    OPENAI: "openai_base_url",
    GEMINI: "google_gemini_base_url",
    COMPATIBLE: "compatible_base_url",
}
_MODELS: Final = {OPENAI: "gpt", GEMINI: "gemini", COMPATIBLE: "llama"}
_CALLED: Final = {OPENAI: "OpenAI", GEMINI: "Gemini", DEMO: "Demo"}
_WORDS: Final[dict[str, Any]] = {
    OPENAI: openai_server,
    GEMINI: gemini_server,
    COMPATIBLE: chat_server,
}
_numbers: Final = itertools.count(1)

Servers = dict[str, ProviderServer[Any]]
Calls = tuple[tuple[str, Any], ...]


class Clock:
    """A clock that can be set wrong."""

    def __init__(self) -> None:
        self.wrong_by = timedelta()

    def __call__(self) -> datetime:
        """Return its time."""
        return datetime.now(UTC) + self.wrong_by


@dataclass(slots=True)
class Stage:
    """One failure's place: a core, who is talked to there, and the thread of the exchange."""

    servers: Servers
    folder: Path
    ports: dict[str, int]
    undo: ExitStack
    core: ParleyCore = field(init=False)
    provider: str = DEMO
    choice: Choice = DEMO_CHOICE
    stream: bool = True
    thread_id: str | None = None
    clock: "Clock | None" = None

    def talk_to(self, provider: str, *, stream: bool = True) -> None:
        """Say who is talked to: a model that nobody has asked, for what is learnt is remembered."""
        self.provider, self.stream = provider, stream
        if provider != DEMO:
            self.choice = Choice(provider=provider, model=f"{_MODELS[provider]}-{next(_numbers)}")

    @property
    def who(self) -> str:
        """How messages name the provider."""
        return _CALLED.get(self.provider) or f"127.0.0.1:{self.server.port}"

    @property
    def server(self) -> ProviderServer[Any]:
        """The pretended provider."""
        return self.servers[self.provider]

    def ask(self, text: str, choice: Choice | None = None) -> Run | ParleyError:
        """Send a message; return the run when it is over, or why there is none."""
        try:
            run = self.core.start(
                text, choice or self.choice, thread_id=self.thread_id, stream=self.stream
            )
        except ParleyError as error:
            return error
        self.thread_id = run.thread_id
        return ended(self.core, run.id)

    def refuse(
        self, status: int, message: str, code: str = "", *, retry_after: str = "", quota: str = ""
    ) -> Reply:
        """Return an HTTP error in the provider's words, which quote the key."""
        said = f"{message} (Bearer {SECRETS[self.provider]})" if message else " "
        if self.provider == GEMINI:
            wait = f"{retry_after}s" if retry_after else ""
            return gemini_server.failure(
                status, "FAILED", said, reason=code, retry_delay=wait, quota=quota
            )
        return openai_server.failure(status, code or "odd", said, retry_after=retry_after)

    def answer(self, text: str = "", calls: Calls = (), **parts: Any) -> Any:
        """Return what the model says and calls; `parts` are the provider's own."""
        words = _WORDS[self.provider]
        called = tuple(words.Call(name, arguments) for name, arguments in calls)
        return words.Answer(text=text, calls=called, **parts)


def functions(released: threading.Event) -> Tools:
    """Return functions that go wrong in every way, and one that does not."""

    def price(symbol: str) -> float:
        """Give a price.

        Args:
            symbol: A ticker.
        """
        return float(len(symbol))

    def fail() -> str:
        """Fail."""
        raise RuntimeError("The exchange is closed.")

    def hang() -> str:
        """Hang."""
        released.wait(60)
        return "late"

    def flood() -> str:
        """Say too much."""
        return "x" * 50_000_000

    def mumble() -> object:
        """Return what JSON can't say."""
        return object()

    def die() -> str:
        """End the process, but for this one."""
        return "done twice"

    hanging = FunctionTool(hang, ToolPolicy(timeout=0.1))
    return Tools(price, fail, hanging, flood, mumble, die)


def settings_for(servers: Servers) -> dict[str, Any]:
    """Return settings by which every provider is set up; two attempts, the second at once."""
    addresses = {ADDRESSES[name]: server.base_url for name, server in servers.items()}
    return {
        "openai_api_key": SECRETS[OPENAI],
        "google_api_key": SECRETS[GEMINI],
        "compatible_api_key": SECRETS[COMPATIBLE],
        "provider_max_attempts": 2,
        "max_tool_rounds": 3,
        **addresses,
    }


@contextmanager
def opened(servers: Servers, folder: Path, **settings: Any) -> Iterator[ParleyCore]:
    """Have a core on a database of its own."""
    released = threading.Event()
    url = f"sqlite:///{folder / 'parley.db'}"
    try:
        given = settings_for(servers) | settings
        with running(url, tools=functions(released), **given) as core:
            yield core
            released.set()
    finally:
        released.set()
