"""The parts of one core, as bootstrap has put them together."""

from dataclasses import dataclass
from datetime import timedelta

from conversation.history import History
from conversation.ports import RunLog, Store, ToolRunner
from mediator.recording import Clock
from runs.control import Control
from runs.feed import LogFeed
from runs.flusher import Flusher
from runs.means import MakeMediator
from runs.run_queue import RunQueue
from runs.runner import Runner
from runs.topic import LogTopic
from runs.upkeep import Upkeep
from runs.worker import Worker
from setup.casting import Casting
from setup.providers import Providers


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a core consists of; `asks_for_titles` says that models may be asked for some.

    Runs of the pages end `expires_after`, those of API clients `api_expires_after` their beginning.
    `drain_seconds` is what runs under way get to end when the core is closed.
    """

    store: Store
    history: History
    feed: LogFeed
    topic: LogTopic
    log: RunLog
    flusher: Flusher
    runner: Runner
    worker: Worker
    queue: RunQueue
    control: Control
    upkeep: Upkeep
    providers: Providers
    casting: Casting
    tools: ToolRunner
    mediator: MakeMediator
    clock: Clock
    expires_after: timedelta
    api_expires_after: timedelta
    drain_seconds: float = 0.0
    asks_for_titles: bool = False
