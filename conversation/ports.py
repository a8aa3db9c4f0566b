"""What the parts of Parley need of each other; `setup.bootstrap` fills every one of these.

Names are roles, not makers. What is awaited runs on the core's event loop; what is not is called
from any thread, and may block for a disk's or a database's time.
"""

from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from conversation.api_ports import ApiCore, ApiStore
from conversation.choice import Choice
from conversation.events import Logged
from conversation.history import History
from conversation.records import (
    Assistant,
    Exchange,
    Message,
    Opening,
    Page,
    PendingText,
    ProviderStatus,
    Run,
    Step,
    Thread,
    Write,
)
from conversation.script import State
from conversation.signals import Signal
from conversation.thread_ports import ThreadCore, ThreadStore
from conversation.turns import ToolCall, ToolResult, ToolSpec, Turn


class AssistantProxy(Protocol):
    """Speaks for a remote model, and alone calls its API."""

    name: str
    """The provider's name; goes with the items it stores."""

    def respond(self, turn: Turn) -> AsyncGenerator[Signal, None]:
        """Send `turn` and yield the model's signals; cancelling the reader cancels the request."""
        ...

    async def models(self) -> tuple[str, ...]:
        """Return the chat models the provider lists, newest or best first as far as it says.

        At most 200; none when it does not say within a few seconds. Never raises for that.
        """
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolPolicy:
    """How a function may be run; `timeout` in seconds.

    An idempotent function may be run again when it is not known whether it has run.
    """

    idempotent: bool = False
    needs_approval: bool = False
    timeout: float = 60.0


class ToolRunner(Protocol):
    """Runs functions by name."""

    def specs(self) -> tuple[ToolSpec, ...]:
        """Return what is on offer to models."""
        ...

    def policy(self, name: str) -> ToolPolicy | None:
        """Return how `name` may be run; None when there is no such function."""
        ...

    async def run(self, call: ToolCall) -> ToolResult:
        """Run one call. Never raises: what goes wrong is told to the model in the output."""
        ...


class ToolJournal(Protocol):
    """Where the user proxy reports what it does with calls."""

    async def tool_started(self, call: ToolCall) -> None:
        """Record that `call` is about to run; durable on return."""
        ...

    async def tool_executed(self, call: ToolCall, result: ToolResult) -> None:
        """Record what came of `call`."""
        ...


class ToolExecutor(Protocol):
    """The user proxy's side that the mediator sees while the model waits for tools."""

    def policy(self, name: str) -> ToolPolicy | None:
        """Return how `name` may be run; None when there is no such function."""
        ...

    async def execute_tools(self, calls: Iterable[ToolCall], journal: ToolJournal) -> None:
        """Run all calls at the same time, reporting each start and end to `journal`."""
        ...


class RunLog(Protocol):
    """The mediator's side of the log; only what is durable is told around."""

    async def accept(self, opening: Opening) -> Run:
        """Begin a run; `ThreadBusy` while the thread has another one under way."""
        ...

    def write(self, write: Write) -> Awaitable[None]:
        """Make one step, after all that were handed over before; it is durable once awaited.

        `Superseded` when the run is no longer where the writer thinks.
        """
        ...

    def say(self, text: PendingText) -> None:
        """Pass streamed text on at once; it reaches the log within a flush."""
        ...


class Store(ThreadStore, ApiStore, Protocol):
    """What is kept, in a database or in memory; every method may be called from any thread.

    Reads raise `NotFound` for unknown ids and `StoreUnavailable`. Writes return a future that is
    done once the data is durable.
    """

    # assistants

    def save_assistant(self, assistant: Assistant) -> Assistant:
        """Create it, or make a new version when its id is known; return it with its version.

        `Outdated`, and nothing is changed, unless the version it has is the newest one.
        """
        ...

    def assistant(self, assistant_id: str, version: int | None = None) -> Assistant:
        """Return the newest (or the named) version."""
        ...

    def assistants(
        self,
        page: Page | None = None,
        *,
        metadata: Mapping[str, str] | None = None,
        project_id: str | None = None,
    ) -> list[Assistant]:
        """Return assistants (newest versions), only those that carry all of `metadata`.

        Without a page: all of them, oldest first.
        """
        ...

    # threads

    def thread(self, thread_id: str) -> Thread:
        """Return a thread."""
        ...

    def threads(
        self,
        page: Page | None = None,
        *,
        metadata: Mapping[str, str] | None = None,
        project_id: str | None = None,
    ) -> list[Thread]:
        """Return threads by their creation; without a page all of them, oldest first."""
        ...

    def messages(
        self, thread_id: str, page: Page | None = None, *, run_id: str | None = None
    ) -> list[Message]:
        """Return the active branch's messages (with what it shares of older branches).

        Without a page: all of them, oldest first. With a run: those that it wrote.
        """
        ...

    # runs

    def run(self, run_id: str) -> Run:
        """Return a run."""
        ...

    def runs(self, thread_id: str, page: Page | None = None) -> list[Run]:
        """Return a thread's runs; without a page all of them, oldest first."""
        ...

    def active_run(self, thread_id: str) -> Run | None:
        """Return the run that is under way on the thread."""
        ...

    def exchange(self, run_id: str) -> Exchange:
        """Return a run with all its rows."""
        ...

    def events(self, run_id: str, *, after: int = 0) -> list[Logged]:
        """Return the run's events with `seq > after`, oldest first."""
        ...

    def texts(self, run_id: str) -> list[Message]:
        """Return the run's own messages, oldest first; one in progress with what was flushed."""
        ...

    # writes

    def accept(self, opening: Opening) -> Future[tuple[Run, list[Logged]]]:
        """Begin a run; `ThreadBusy`, `NotFound`."""
        ...

    def write(self, write: Write) -> Future[list[Logged]]:
        """Make one step of a run; `Superseded`, `NotFound`.

        A run in a terminal state never changes. Reaching one closes what is still open: messages
        in progress become incomplete and keep what was flushed of them, steps end as the run did.
        """
        ...

    def append_texts(self, texts: tuple[PendingText, ...]) -> Future[None]:
        """Keep streamed text; what is fenced off or already final is dropped."""
        ...

    def sweep_texts(self, *, ended_before: datetime) -> Future[int]:
        """Remove streamed text of messages that were final by then; return how many rows."""
        ...

    # who executes what

    def register_worker(self, worker_id: str) -> Future[None]:
        """Enter a process that executes runs, alive as of now."""
        ...

    def worker_alive(self, worker_id: str) -> Future[None]:
        """Renew a worker's sign of life; `NotFound` when it was struck off."""
        ...

    def remove_worker(self, worker_id: str) -> Future[None]:
        """Strike a worker off; its runs can be claimed at once."""
        ...

    def remove_dead_workers(self) -> Future[int]:
        """Strike off workers whose process is gone for certain; return how many.

        Of processes on other computers, or in other containers, nothing is certain.
        """
        ...

    def claim(
        self, run_id: str, worker_id: str, *, dead_after: float, fence: int | None = None
    ) -> Future[Run]:
        """Take an open run over: its fence rises, `waiting` is cleared.

        Its attempt rises, too, unless the run was released: then this is only its next segment.
        `Superseded` when it is terminal or another worker, with a sign of life in the last
        `dead_after` seconds, has it, or when its fence is not `fence` any more, if that is given.
        """
        ...

    def orphans(
        self, *, providers: Collection[str], dead_after: float, limit: int = 100
    ) -> list[str]:
        """Return open runs of these providers that nobody executes and that wait for nobody.

        Nobody: no worker, or one without a sign of life for `dead_after` seconds.
        """
        ...

    def expired(self, *, now: datetime, dead_after: float, limit: int = 100) -> list[Run]:
        """Return open runs past their `expires_at` that no living worker executes."""
        ...

    def executing(self, worker_id: str) -> dict[str, tuple[str, int]]:
        """Return `{run_id: (state, fence)}` of the open runs this worker has."""
        ...

    def executed_by(self, run_id: str, *, dead_after: float) -> str | None:
        """Return the living worker that has the run, if any."""
        ...

    # changes by other processes

    def watch_changes(self) -> "ChangeWatch":
        """Return a watch on what any process commits."""
        ...

    def close(self) -> None:
        """Finish what is queued and close."""
        ...


class ChangeWatch(Protocol):
    """Notices commits of any process; used by one thread."""

    def wait(self, timeout: float) -> bool:
        """Return True as soon as something was committed since the last call, False in time."""
        ...

    def close(self) -> None:
        """Let go of the connection; a `wait` in another thread returns."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """How far a follower has read a run: the last event, and characters of its last message."""

    seq: int = 0
    message_id: str | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDelta:
    """A piece of an answer: goes to `offset` (characters) of a message."""

    message_id: str
    offset: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What is new since a cursor, in order; a message's last piece comes before its event."""

    cursor: Cursor
    news: tuple[Logged | TextDelta, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownRows:
    """The messages and steps that a run has written, oldest first."""

    messages: tuple[Message, ...]
    steps: tuple[Step, ...]


class Feed(Protocol):
    """Reading a run's log as it grows, in this process or another."""

    def watch(self, run_id: str, notify: Callable[[], None]) -> AbstractContextManager[None]:
        """Call `notify`, from any thread, whenever the run may have news."""
        ...

    def read(self, run_id: str, cursor: Cursor) -> Update:
        """Return what is new since `cursor`; `NotFound` for an unknown run."""
        ...

    def read_text(self, run_id: str, cursor: Cursor) -> Update | None:
        """Return more text of the cursor's message, from memory and at once.

        None where there may be other news, or the log has to be read.
        """
        ...

    def read_known(self, run_id: str, cursor: Cursor) -> Update | None:
        """Return what is new since `cursor`, from memory and at once; None: `read` has to."""
        ...

    def rows(self, run_id: str) -> KnownRows | None:
        """Return what a run executed here has written, from memory; None: the store knows it."""
        ...

    def under_way(self) -> int:
        """Return how many runs are executed in this process."""
        ...

    def keeps(self, run_id: str, message_id: str) -> bool:
        """Tell whether a message may be looked for in the log, as far as is known here.

        Its text is told at once, while the message itself is on its way there.
        """
        ...


class Core(ThreadCore, ApiCore, Protocol):
    """What every door stands on; any thread may call it."""

    @property
    def store(self) -> Store:
        """What is kept."""
        ...

    @property
    def feed(self) -> Feed:
        """What is happening."""
        ...

    @property
    def history(self) -> History:
        """What has happened, as lists and sums."""
        ...

    def diagram(self, path: Collection[State] = (), here: State | None = None) -> str:
        """Return the script as a Mermaid diagram, with a path and a state marked."""
        ...

    def route(self, moves: Sequence[tuple[State, State]], labels: Mapping[State, str]) -> str:
        """Return the usual script and a run's moves through it as a narrow Mermaid diagram."""
        ...

    def providers(self) -> tuple[ProviderStatus, ...]:
        """Return every provider, available or not, in the order doors show them.

        Never waits: what is not known yet is found out in the background.
        """
        ...

    def providers_known(self) -> bool:
        """Tell whether nothing is being found out for `providers` just now."""
        ...

    def tools(self) -> ToolRunner:
        """Return the functions this process can run."""
        ...

    def check(self, choice: Choice) -> None:
        """Raise what `start` would raise for this choice: `NotFound`, `NotConfigured`."""
        ...

    def start(
        self,
        text: str,
        choice: Choice,
        *,
        thread_id: str | None = None,
        stream: bool = True,
        instructions: str = "",
    ) -> Run:
        """Accept a user's message, in a new thread unless one is named; durable on return.

        `instructions` are for a new thread. Raises `EmptyMessage`, `ThreadBusy`, `NotFound`,
        `NotConfigured`, `StoreUnavailable`.
        """
        ...

    def cancel(self, run_id: str) -> Run:
        """Stop a run; returns it as it stands (`cancelling` or terminal). Ended runs stay."""
        ...

    def decide(self, run_id: str, call_id: str, *, approved: bool) -> Run:
        """Allow or decline a call that waits for a person; returns the run as that left it."""
        ...

    def submit(self, run_id: str, outputs: dict[str, str]) -> Run:
        """Give the outputs (by call id) that a client is asked for; returns the run likewise."""
        ...
