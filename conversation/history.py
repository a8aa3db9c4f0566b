"""What an operator asks of the log, and the rows that answer: ready to show, never a whole log.

Times are aware UTC, durations seconds, costs US dollars (None: the price is not known).
Columns to sort by are the field names of the rows (`BadInput` for others); a place that is empty
comes before all values.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final, Generic, Literal, Protocol, TypeVar

from conversation.events import Logged
from conversation.prices import is_free
from conversation.records import Rating
from conversation.script import State

Row = TypeVar("Row")

HitKind = Literal["user_message", "assistant_message", "tool_input", "tool_output"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """Which runs (and the threads they are on) are asked for; what is empty or None is no limit.

    `text` is words, `prefix*`es and "quoted phrases", all of which must occur in one message,
    tool input or tool output, without regard to case and accents; anything else in it is ignored,
    so that a text without words is no limit. `since` is inclusive, `until` not. `failed` runs are
    those that ended in an error, expired or were cut short. `pinned` and `title`, a part of a
    title without regard to the case of A to Z, are about threads alone.
    """

    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    thread_id: str | None = None
    run_ids: frozenset[str] = frozenset()
    states: frozenset[State] = frozenset()
    providers: frozenset[str] = frozenset()
    models: frozenset[str] = frozenset()
    assistants: frozenset[str] = frozenset()
    tools: frozenset[str] = frozenset()
    failed: bool | None = None
    pinned: bool | None = None
    title: str = ""
    ratings: frozenset[Rating] = frozenset()
    longer_than: float | None = None
    more_tokens_than: int | None = None


EVERYTHING: Final = Filter()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """By which column, and which way."""

    column: str = "created_at"
    descending: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which part of a list: the `page`-th, from 1, of `size` rows."""

    page: int = 1
    size: int = 50


@dataclass(frozen=True, slots=True)
class Found(Generic[Row]):
    """One window of a list, and how long the whole list is."""

    rows: tuple[Row, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadLine:
    """A thread with what its runs add up to; model and assistant are those of its last run.

    `cost` is the sum of what is known.
    """

    thread_id: str
    title: str
    assistant_id: str | None
    model: str | None
    runs: int
    events: int
    tokens: int
    cost: float | None
    last_activity: datetime
    created_at: datetime
    pinned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """A run; `first_token` and `duration` count from its creation, and end where it ended."""

    run_id: str
    thread_id: str
    state: State
    waiting: str | None
    assistant_id: str | None
    provider: str
    model: str
    events: int
    tool_calls: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    reasoning_tokens: int
    tokens: int
    cost: float | None
    attempt: int
    error_code: str | None
    first_token: float | None
    duration: float | None
    created_at: datetime
    rating: Rating | None = None

    @property
    def price(self) -> float | None:
        """The cost, known where nobody pays even if no tokens were reported."""
        return 0.0 if self.cost is None and is_free(self.provider) else self.cost


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """An event in the columns people know; `type` is that of the view `run_details`.

    `state` is where the run stood after it, `duration` how long a call took.
    """

    seq: int
    type: str
    tool: str | None
    input: str | None
    output: str | None
    state: State
    duration: float | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """Where the text searched for occurs: `context` in pieces, each a match or what is around."""

    thread_id: str
    run_id: str | None
    kind: HitKind
    context: tuple[tuple[str, bool], ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """How many runs began in a stretch of time and stand in this state."""

    start: datetime
    state: State
    runs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentiles:
    """Of a set of durations, by nearest rank; None for an empty one."""

    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpeed:
    """How quick a model's runs were."""

    model: str
    runs: int
    duration: Percentiles
    first_token: Percentiles


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """Tokens and cost of a model's runs that began on a day (UTC)."""

    day: date
    model: str
    runs: int
    input_tokens: int
    output_tokens: int
    cost: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolUse:
    """How often a function was called, failed, and how long it took."""

    name: str
    calls: int
    failed: int
    duration: Percentiles


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorReason:
    """Why runs ended badly; `message` is that of the newest."""

    code: str
    runs: int
    message: str
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """What the filtered runs add up to; `bucket_seconds` is how long a bucket is."""

    runs: int
    bucket_seconds: int
    over_time: tuple[Bucket, ...]
    speed: tuple[ModelSpeed, ...]
    spending: tuple[Spending, ...]
    tools: tuple[ToolUse, ...]
    errors: tuple[ErrorReason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What there is to filter by; `used` are providers with a model of theirs."""

    providers: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    assistants: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()
    used: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed:
    """What a deletion took away."""

    threads: int = 0
    messages: int = 0
    runs: int = 0
    events: int = 0
    thread_ids: tuple[str, ...] = field(default=())


class History(Protocol):
    """The read models of the log; any thread may call it. Unknown ids give empty lists."""

    def threads(self, wanted: Filter, sort: Sort, window: Window) -> Found[ThreadLine]:
        """Return threads that have a run which fits (without a filter: all threads)."""
        ...

    def runs(self, wanted: Filter, sort: Sort, window: Window) -> Found[RunLine]:
        """Return runs that fit."""
        ...

    def steps(
        self, run_id: str, window: Window, *, calls_only: bool = False, sort: Sort | None = None
    ) -> Found[StepLine]:
        """Return a run's log (by `seq` unless sorted); `calls_only` leaves the calls that ran."""
        ...

    def hits(self, wanted: Filter, window: Window) -> Found[Hit]:
        """Return where `wanted.text` occurs, newest first, in runs that fit; without words none."""
        ...

    def overview(self, wanted: Filter) -> Overview:
        """Return what the runs that fit add up to; cached for a few seconds."""
        ...

    def choices(self) -> Choices:
        """Return what there is to filter by; cached for a few seconds."""
        ...

    def each_run(self, wanted: Filter) -> Iterator[RunLine]:
        """Yield all runs that fit, oldest first, without holding them all."""
        ...

    def each_thread(self, wanted: Filter) -> Iterator[ThreadLine]:
        """Yield all threads that fit, oldest first, without holding them all."""
        ...

    def each_event(self, wanted: Filter) -> Iterator[Logged]:
        """Yield the events of all runs that fit, run by run, without holding them all."""
        ...

    def copy(self, wanted: Filter, file: Path) -> None:
        """Write the runs that fit, with their threads and `run_details`, to a SQLite file.

        The file is replaced if it is there, is read-only, and is whole or not there.
        """
        ...

    def delete_threads(self, thread_ids: Collection[str]) -> Removed:
        """Remove threads with all that is theirs; unknown ids are none.

        `ThreadBusy`, and all stay, while one has a run under way. When a run begins meanwhile, its
        thread and those not yet removed stay.
        """
        ...

    def remove_older(self, than: datetime, *, limit: int = 500) -> Removed:
        """Remove up to `limit` threads without activity since `than`, oldest first; none busy."""
        ...
