"""What a worker executes runs with, and when it gives up."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from conversation.ports import AssistantProxy, RunLog, Store, ToolExecutor
from mediator.mediator import Mediator
from mediator.recording import Clock
from runs.feed import LogFeed

MakeMediator = Callable[..., Mediator]
CastAssistant = Callable[[str], Awaitable[AssistantProxy]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """Who takes part in an exchange, apart from its mediator."""

    mediator: MakeMediator
    user: ToolExecutor
    assistant: CastAssistant


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When to give up; seconds.

    A worker is `dead_after` so long without a sign of life. A request that is interrupted has
    `grace` to close its connection; then the run goes on without it.
    """

    dead_after: float = 6.0
    heartbeat: float = 1.0
    stop_check: float = 0.25
    sweep: float = 2.0
    store_retry: float = 1.0
    grace: float = 0.5
    max_attempts: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What a worker executes runs with; `stragglers` are requests nobody waits for any more."""

    worker_id: str
    store: Store
    log: RunLog
    feed: LogFeed
    cast: Cast
    clock: Clock
    limits: Limits
    stragglers: set[asyncio.Task[None]] = field(default_factory=set)
