"""What the Assistants API server asks of the store and the core, beyond what people's doors do.

`conversation.ports` joins these with the rest of the store and of the core.
"""

from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from conversation.records import Assistant, Message, Page, Run, RunSpec, Step, Thread
from conversation.turns import AnswerFormat, Sampling, ToolChoice, ToolSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key of a project; `digest` is its SHA-256, in hex: the key itself is kept nowhere.

    `start` are its first characters, by which people know it again.
    """

    id: str
    name: str
    project_id: str
    digest: str
    start: str
    created_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """A request that is carried out once, however often it is sent with its idempotency key.

    `fingerprint` is that of method, path and body. `status` and `body` are the answer, None while
    it is being carried out.
    """

    project_id: str
    key: str
    fingerprint: str
    created_at: datetime
    status: int | None = None
    body: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWish:
    """A run as an API client asks for it: what is None or empty comes from the assistant.

    `additional_instructions` follow the others. `sampling` fields that are None are the
    assistant's. With `last_messages` the model is told no more than so many. The budgets are
    tokens over all requests of the run.
    """

    model: str | None = None
    instructions: str | None = None
    additional_instructions: str = ""
    tools: tuple[ToolSpec, ...] | None = None
    hosted: tuple[Mapping[str, object], ...] | None = None
    sampling: Sampling = field(default_factory=Sampling)
    answer: AnswerFormat | None = None
    tool_choice: ToolChoice = field(default_factory=ToolChoice)
    last_messages: int | None = None
    max_prompt_tokens: int | None = None
    max_completion_tokens: int | None = None
    stream: bool = True


class ApiStore(Protocol):
    """What is kept for API clients, read and written as the rest of the store."""

    # threads and messages without a run

    def add_thread(self, thread: Thread, messages: tuple[Message, ...] = ()) -> Future[Thread]:
        """Begin a thread, with messages in this order."""
        ...

    def add_message(self, message: Message) -> Future[Message]:
        """Put a message at the end of its thread's active branch; `ThreadBusy`, `NotFound`."""
        ...

    def change_message(self, message_id: str, *, metadata: Mapping[str, str]) -> Future[Message]:
        """Give a message other metadata; `NotFound`."""
        ...

    def remove_message(self, message_id: str) -> Future[None]:
        """Delete a message; `ThreadBusy`, `NotFound`."""
        ...

    def set_thread(
        self,
        thread_id: str,
        *,
        metadata: Mapping[str, str] | None = None,
        resources: Mapping[str, object] | None = None,
    ) -> Future[Thread]:
        """Change what is given; `NotFound`."""
        ...

    def set_run(self, run_id: str, *, metadata: Mapping[str, str]) -> Future[Run]:
        """Give a run other metadata; `NotFound`."""
        ...

    def remove_assistant(self, assistant_id: str) -> Future[None]:
        """Delete an assistant: no list and no new run has it; runs of it stay readable."""
        ...

    def step(self, step_id: str) -> Step:
        """Return a step."""
        ...

    def steps(self, run_id: str, page: Page | None = None) -> list[Step]:
        """Return a run's steps; without a page all of them, oldest first."""
        ...

    # keys

    def add_key(self, key: ApiKey) -> Future[None]:
        """Keep a key."""
        ...

    def keys(self) -> list[ApiKey]:
        """Return all keys, oldest first, revoked ones included."""
        ...

    def key(self, digest: str) -> ApiKey | None:
        """Return the key with this digest, unless it was revoked."""
        ...

    def revoke_key(self, key_id: str, at: datetime) -> Future[None]:
        """Let a key be of no use from now on; `NotFound`."""
        ...

    def key_used(self, key_id: str, at: datetime) -> Future[None]:
        """Note when a key was last used."""
        ...

    # requests that are carried out once

    def begin_once(self, once: Once) -> Future[Once | None]:
        """Reserve an idempotency key; None when it was free, else what was reserved before."""
        ...

    def finish_once(self, project_id: str, key: str, status: int, body: str) -> Future[None]:
        """Keep the answer to a request."""
        ...

    def forget_once(self, project_id: str, key: str) -> Future[None]:
        """Free an idempotency key: its request was not carried out."""
        ...

    def sweep_once(self, *, before: datetime) -> Future[int]:
        """Forget requests that old; return how many."""
        ...


class ApiCore(Protocol):
    """What an API client can have done; any thread may call it. Durable on return."""

    def cast(self, assistant: Assistant, wish: RunWish, thread: Thread | None = None) -> RunSpec:
        """Return what a run is started with; `NotConfigured`, `UnknownModel`."""
        ...

    def run(
        self,
        thread: Thread,
        spec: RunSpec,
        *,
        messages: tuple[Message, ...] = (),
        new: bool = False,
        metadata: Mapping[str, str] | None = None,
    ) -> Run:
        """Begin a run on a thread (a `new` one comes into being with it), after these messages.

        It expires as API runs do. `ThreadBusy`, `NotFound`, `StoreUnavailable`.
        """
        ...

    def status(self, run: Run) -> str:
        """Return a run's status in the words of the Assistants API."""
        ...
