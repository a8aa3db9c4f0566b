"""The tables, typed. The migrations make them; a test proves that both say the same.

Lists are ordered by `(created_at, number)`, where `number` counts insertions: ids are random.
Messages are ordered by `position`, which goes on counting from a branch into those forked off it.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Final

from pydantic import Discriminator
from sqlalchemy import Double, ForeignKey, Index, MetaData, UniqueConstraint, false, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from conversation.events import Event
from conversation.records import Assistant, ContentPart, RunSpec, Usage
from conversation.script import State
from storage.columns import Kept, Number, Stated, UtcTime, Words

ENDED: Final = "state IN ('completed', 'error', 'cancelled', 'expired', 'incomplete')"
UNDER_WAY: Final = text(f"NOT ({ENDED})")
"""The condition of the index that allows one active run per thread."""

Numbered = Annotated[int, mapped_column(Number, primary_key=True)]
Id = Annotated[str, mapped_column(unique=True)]
Key = Annotated[str, mapped_column(primary_key=True)]
Rank = Annotated[int, mapped_column(primary_key=True, autoincrement=False)]
Count = Annotated[int, mapped_column(server_default="0")]
Project = Annotated[str, mapped_column(index=True)]


class Base(DeclarativeBase):
    """What all tables share."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Words(),
        datetime: UtcTime(),
        State: Stated(),
        float: Double(),
    }


class AssistantRow(Base):
    """An assistant; `version` is its newest. One that was deleted keeps its versions."""

    __tablename__ = "assistants"

    number: Mapped[Numbered]
    id: Mapped[Id]
    project_id: Mapped[Project]
    version: Mapped[int]
    meta: Mapped[dict[str, str]] = mapped_column("metadata", Kept(dict[str, str]))
    created_at: Mapped[datetime]
    deleted_at: Mapped[datetime | None]


class AssistantVersionRow(Base):
    """An assistant as it was at one version."""

    __tablename__ = "assistant_versions"

    assistant_id: Mapped[str] = mapped_column(ForeignKey("assistants.id"), primary_key=True)
    version: Mapped[Rank]
    body: Mapped[Any] = mapped_column(Kept(Assistant))
    saved_at: Mapped[datetime]


class ThreadRow(Base):
    """A thread; `active_branch_id` is the branch that is shown and written to.

    From `runs` on: what its runs add up to.
    """

    __tablename__ = "threads"
    __table_args__ = (
        Index("ix_threads_created_at", "created_at", "number"),
        Index("ix_threads_last_activity", "last_activity", "number"),
        Index("ix_threads_tokens", "tokens", "number"),
        Index("ix_threads_pinned", "last_activity", "number",
              sqlite_where=text("pinned = 1"), postgresql_where=text("pinned")),
    )  # fmt: skip

    number: Mapped[Numbered]
    id: Mapped[Id]
    project_id: Mapped[Project]
    active_branch_id: Mapped[str]
    title: Mapped[str]
    titled_by: Mapped[str] = mapped_column(server_default="words")
    pinned: Mapped[bool] = mapped_column(server_default=false())
    instructions: Mapped[str] = mapped_column(server_default="")
    resources: Mapped[Any] = mapped_column(Kept(dict[str, Any]), server_default="{}")
    meta: Mapped[dict[str, str]] = mapped_column("metadata", Kept(dict[str, str]))
    created_at: Mapped[datetime]
    runs: Mapped[Count]
    events: Mapped[Count]
    tokens: Mapped[Count]
    cost: Mapped[float | None]
    last_activity: Mapped[datetime]
    last_model: Mapped[str | None]
    last_assistant_id: Mapped[str | None]


class BranchRow(Base):
    """A line of messages: the parent's before `fork_position`, then its own from there on."""

    __tablename__ = "branches"

    id: Mapped[Key]
    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id"), index=True)
    parent_branch_id: Mapped[str | None] = mapped_column(ForeignKey("branches.id"), index=True)
    fork_position: Mapped[int | None]
    forked_at: Mapped[datetime | None]


class RunRow(Base):
    """A run; only a compare-and-set of `state` and `fence` moves it.

    From `tokens` on: what it adds up to; `first_token` and `duration` in seconds, `cost` in US
    dollars. `ix_runs_summary` holds whatever lists and overviews ask of many runs.
    """

    __tablename__ = "runs"
    __table_args__ = (
        Index("one_active_run", "thread_id", unique=True,
              sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY),
        Index("ix_runs_under_way", "provider", "worker_id",
              sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY),
        Index("ix_runs_expiry", "expires_at",
              sqlite_where=UNDER_WAY, postgresql_where=UNDER_WAY),
        Index("ix_runs_thread_id_created_at", "thread_id", "created_at", "number"),
        Index("ix_runs_state_created_at", "state", "created_at", "number"),
        Index("ix_runs_model_created_at", "model", "created_at", "number"),
        Index("ix_runs_tokens", "tokens", "number"),
        Index("ix_runs_model_duration", "model", "duration"),
        Index("ix_runs_model_first_token", "model", "first_token"),
        Index("ix_runs_summary", "created_at", "number", "state", "provider", "model",
              "assistant_id", "thread_id", "tokens", "duration", "first_token", "cost",
              "error_code", "input_tokens", "output_tokens"),
    )  # fmt: skip

    number: Mapped[Numbered]
    id: Mapped[Id]
    project_id: Mapped[Project]
    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id"))
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"), index=True)
    message_id: Mapped[str | None] = mapped_column(index=True)
    state: Mapped[State]
    seq: Mapped[int]
    fence: Mapped[int]
    attempt: Mapped[int]
    worker_id: Mapped[str | None] = mapped_column(index=True)
    waiting: Mapped[str | None]
    spec: Mapped[Any] = mapped_column(Kept(RunSpec))
    provider: Mapped[str]
    model: Mapped[str]
    assistant_id: Mapped[str | None]
    input_tokens: Mapped[int]
    output_tokens: Mapped[int]
    cached_tokens: Mapped[int]
    reasoning_tokens: Mapped[int]
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    error_hint: Mapped[str | None]
    incomplete_reason: Mapped[str | None]
    meta: Mapped[dict[str, str]] = mapped_column("metadata", Kept(dict[str, str]))
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    tokens: Mapped[Count]
    tool_calls: Mapped[Count]
    cost: Mapped[float | None]
    first_token: Mapped[float | None]
    duration: Mapped[float | None]


class MessageRow(Base):
    """A message; `position` is unique in its branch."""

    __tablename__ = "messages"
    __table_args__ = (UniqueConstraint("branch_id", "position"),)

    id: Mapped[Key]
    project_id: Mapped[Project]
    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id"), index=True)
    branch_id: Mapped[str] = mapped_column(ForeignKey("branches.id"))
    position: Mapped[int]
    role: Mapped[str]
    text: Mapped[str]
    status: Mapped[str]
    refusal: Mapped[bool]
    incomplete_reason: Mapped[str | None]
    run_id: Mapped[str | None] = mapped_column(ForeignKey("runs.id"), index=True)
    assistant_id: Mapped[str | None]
    parts: Mapped[Any] = mapped_column(Kept(tuple[ContentPart, ...]), server_default="[]")
    attachments: Mapped[Any] = mapped_column(Kept(tuple[dict[str, Any], ...]), server_default="[]")
    meta: Mapped[dict[str, str]] = mapped_column("metadata", Kept(dict[str, str]))
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class StepRow(Base):
    """A message being written or a group of tool calls."""

    __tablename__ = "steps"

    number: Mapped[Numbered]
    id: Mapped[Id]
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), index=True)
    round: Mapped[int]
    kind: Mapped[str]
    status: Mapped[str]
    message_id: Mapped[str | None]
    usage: Mapped[Any] = mapped_column(Kept(Usage | None, none_as_null=True), nullable=True)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ToolCallRow(Base):
    """A tool call and what came of it."""

    __tablename__ = "tool_calls"
    __table_args__ = (Index("ix_tool_calls_name", "name", "seconds", "failed", "run_id"),)

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    call_id: Mapped[Key]
    step_id: Mapped[str] = mapped_column(ForeignKey("steps.id"), index=True)
    position: Mapped[int]
    name: Mapped[str]
    arguments: Mapped[str]
    ref: Mapped[str | None]
    approved: Mapped[bool | None]
    started_at: Mapped[datetime | None]
    output: Mapped[str | None]
    failed: Mapped[bool]
    seconds: Mapped[float | None]
    ended_at: Mapped[datetime | None]


class ItemRow(Base):
    """A provider's opaque item."""

    __tablename__ = "items"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    round: Mapped[Rank]
    position: Mapped[Rank]
    provider: Mapped[str]
    body: Mapped[Any] = mapped_column(Kept(Any))


class EventRow(Base):
    """A line of the log; the view `run_details` shows it in plain columns."""

    __tablename__ = "events"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    seq: Mapped[Rank]
    at: Mapped[datetime]
    kind: Mapped[str]
    body: Mapped[Any] = mapped_column(Kept(Annotated[Event, Discriminator("kind")]))


class DeltaRow(Base):
    """Streamed text that goes to `offset` (characters) of a message; swept after its end."""

    __tablename__ = "message_deltas"

    message_id: Mapped[str] = mapped_column(ForeignKey("messages.id"), primary_key=True)
    offset: Mapped[Rank]
    text: Mapped[str]
    at: Mapped[datetime]


class WorkerRow(Base):
    """A process that executes runs; it lives while `alive_at` is renewed."""

    __tablename__ = "workers"

    id: Mapped[Key]
    host: Mapped[str]
    pid: Mapped[int]
    started_at: Mapped[datetime]
    alive_at: Mapped[datetime]
