"""The first schema."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

TIME = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
UNDER_WAY = sa.text("NOT (state IN ('completed', 'error', 'cancelled', 'expired', 'incomplete'))")

# Each kind of event in the log, its `type` in the view, and the fields shown as input and output.
SHOWN = (
    ("message_sent", "submit_user_msg", "text", None),
    ("state_changed", "state_change", "before", "after"),
    ("status_checked", "check_run_status", None, "status"),
    ("tool_calls_requested", "tool_calls", "calls", None),
    ("approval_requested", "approval", "arguments", None),
    ("approval_decided", "approval", None, "approved"),
    ("tool_started", "start_tool", "arguments", None),
    ("tool_executed", "execute_tool", "arguments", "output"),
    ("tool_outputs_submitted", "submit_tool_outputs", "call_ids", None),
    ("usage_recorded", "usage", "input", "output"),
    ("retrying", "retry", "code", "reason"),
    ("retried", "retry", "attempt", None),
    ("trigger_refused", "trigger_refused", "trigger", "state"),
    ("message_retrieved", "retrieve_asst_msg", None, "text"),
    ("failed", "error", "code", "message"),
    ("cancelled", "cancel", None, None),
    ("expired", "expire", None, None),
    ("incomplete", "incomplete", "reason", "detail"),
)


def upgrade() -> None:
    """Make all tables and the view."""
    assistants()
    threads()
    runs()
    messages()
    inside_runs()
    op.create_table(
        "workers",
        text("id", primary_key=True),
        text("host"),
        number("pid"),
        time("started_at"),
        time("alive_at"),
    )
    op.execute(f"CREATE VIEW run_details AS {details(op.get_bind().dialect.name)}")


def assistants() -> None:
    """Make the tables of assistants and their versions."""
    op.create_table(
        "assistants",
        *listed(),
        number("version"),
        json("metadata"),
        time("created_at"),
        sa.UniqueConstraint("id", name="uq_assistants_id"),
    )
    op.create_index("ix_assistants_project_id", "assistants", ["project_id"])
    op.create_table(
        "assistant_versions",
        text("assistant_id", sa.ForeignKey("assistants.id"), primary_key=True),
        number("version", primary_key=True),
        json("body"),
        time("saved_at"),
    )


def threads() -> None:
    """Make the tables of threads and their branches."""
    op.create_table(
        "threads",
        *listed(),
        text("active_branch_id"),
        text("title"),
        json("metadata"),
        time("created_at"),
        sa.UniqueConstraint("id", name="uq_threads_id"),
    )
    op.create_index("ix_threads_project_id", "threads", ["project_id"])
    op.create_index("ix_threads_created_at", "threads", ["created_at", "number"])
    op.create_table(
        "branches",
        text("id", primary_key=True),
        text("thread_id", sa.ForeignKey("threads.id")),
        text("parent_branch_id", sa.ForeignKey("branches.id"), nullable=True),
        number("fork_position", nullable=True),
    )
    op.create_index("ix_branches_thread_id", "branches", ["thread_id"])


def runs() -> None:
    """Make the table of runs, of which a thread has at most one under way."""
    op.create_table(
        "runs",
        *listed(),
        text("thread_id", sa.ForeignKey("threads.id")),
        text("branch_id", sa.ForeignKey("branches.id")),
        text("message_id", nullable=True),
        text("state"),
        *(number(name) for name in ("seq", "fence", "attempt")),
        *(text(name, nullable=True) for name in ("worker_id", "waiting")),
        json("spec"),
        *(text(name) for name in ("provider", "model")),
        text("assistant_id", nullable=True),
        *(number(f"{what}_tokens") for what in ("input", "output", "cached", "reasoning")),
        *(text(f"error_{what}", nullable=True) for what in ("code", "message", "hint")),
        text("incomplete_reason", nullable=True),
        json("metadata"),
        time("created_at"),
        *(time(f"{what}_at", nullable=True) for what in ("started", "ended", "expires")),
        sa.UniqueConstraint("id", name="uq_runs_id"),
    )
    under_way: dict[str, Any] = {"sqlite_where": UNDER_WAY, "postgresql_where": UNDER_WAY}
    op.create_index("one_active_run", "runs", ["thread_id"], unique=True, **under_way)
    op.create_index("ix_runs_under_way", "runs", ["provider", "worker_id"], **under_way)
    op.create_index("ix_runs_expiry", "runs", ["expires_at"], **under_way)
    op.create_index("ix_runs_thread_id_created_at", "runs", ["thread_id", "created_at", "number"])
    op.create_index("ix_runs_project_id", "runs", ["project_id"])
    op.create_index("ix_runs_worker_id", "runs", ["worker_id"])


def messages() -> None:
    """Make the tables of messages and of the text that streams into them."""
    op.create_table(
        "messages",
        text("id", primary_key=True),
        text("project_id"),
        text("thread_id", sa.ForeignKey("threads.id")),
        text("branch_id", sa.ForeignKey("branches.id")),
        number("position"),
        *(text(name) for name in ("role", "text", "status")),
        flag("refusal"),
        text("incomplete_reason", nullable=True),
        text("run_id", sa.ForeignKey("runs.id"), nullable=True),
        text("assistant_id", nullable=True),
        json("metadata"),
        time("created_at"),
        time("ended_at", nullable=True),
        sa.UniqueConstraint("branch_id", "position", name="uq_messages_branch_id_position"),
    )
    for column in ("project_id", "thread_id", "run_id"):
        op.create_index(f"ix_messages_{column}", "messages", [column])
    op.create_table(
        "message_deltas",
        text("message_id", sa.ForeignKey("messages.id"), primary_key=True),
        number("offset", primary_key=True),
        text("text"),
        time("at"),
    )


def inside_runs() -> None:
    """Make the tables of what happens inside runs: steps, calls, items and the log."""
    op.create_table(
        "steps",
        sa.Column("number", NUMBER, primary_key=True),
        text("id"),
        text("run_id", sa.ForeignKey("runs.id")),
        number("round"),
        *(text(name) for name in ("kind", "status")),
        text("message_id", nullable=True),
        time("created_at"),
        time("ended_at", nullable=True),
        sa.UniqueConstraint("id", name="uq_steps_id"),
    )
    op.create_index("ix_steps_run_id", "steps", ["run_id"])
    op.create_table(
        "tool_calls",
        text("run_id", sa.ForeignKey("runs.id"), primary_key=True),
        text("call_id", primary_key=True),
        text("step_id", sa.ForeignKey("steps.id")),
        number("position"),
        *(text(name) for name in ("name", "arguments")),
        text("ref", nullable=True),
        flag("approved", nullable=True),
        time("started_at", nullable=True),
        text("output", nullable=True),
        flag("failed"),
        sa.Column("seconds", sa.Double(), nullable=True),
        time("ended_at", nullable=True),
    )
    op.create_index("ix_tool_calls_step_id", "tool_calls", ["step_id"])
    op.create_table(
        "items",
        text("run_id", sa.ForeignKey("runs.id"), primary_key=True),
        number("round", primary_key=True),
        number("position", primary_key=True),
        text("provider"),
        json("body"),
    )
    op.create_table(
        "events",
        text("run_id", sa.ForeignKey("runs.id"), primary_key=True),
        number("seq", primary_key=True),
        time("at"),
        text("kind"),
        json("body"),
    )


def listed() -> tuple[sa.Column[Any], ...]:
    """Return the columns of what is owned and listed in the order it was inserted in."""
    return (sa.Column("number", NUMBER, primary_key=True), text("id"), text("project_id"))


def text(name: str, *more: Any, nullable: bool = False, primary_key: bool = False) -> Any:
    """Return a column of text."""
    return sa.Column(name, sa.Text(), *more, nullable=nullable, primary_key=primary_key)


def number(name: str, *, nullable: bool = False, primary_key: bool = False) -> Any:
    """Return a column of whole numbers that are given, not counted."""
    return sa.Column(
        name, sa.Integer(), nullable=nullable, primary_key=primary_key, autoincrement=False
    )


def flag(name: str, *, nullable: bool = False) -> Any:
    """Return a column of truth values."""
    return sa.Column(name, sa.Boolean(), nullable=nullable)


def json(name: str) -> Any:
    """Return a column of JSON."""
    return sa.Column(name, sa.JSON(), nullable=False)


def time(name: str, *, nullable: bool = False) -> Any:
    """Return a column of times."""
    return sa.Column(name, TIME, nullable=nullable)


def details(dialect: str) -> str:
    """Return the query behind the view: one row per event, in the columns people know."""
    look = "body ->> '{}'" if dialect == "postgresql" else "json_extract(body, '$.{}')"

    def column(values: dict[str, str | None]) -> str:
        cases = (f"WHEN '{kind}' THEN {value}" for kind, value in values.items() if value)
        return f"CASE kind {' '.join(cases)} END"

    def field(name: str | None) -> str | None:
        return name and f"CAST({look.format(name)} AS TEXT)"

    return (
        "SELECT run_id, "  # noqa: S608 (nothing in it comes from outside)
        f"{column({kind: repr(shown) for kind, shown, _, _ in SHOWN})} AS type, "
        f"{field('name')} AS tool, "
        f"{column({kind: field(name) for kind, _, name, _ in SHOWN})} AS input, "
        f"{column({kind: field(name) for kind, _, _, name in SHOWN})} AS output, "
        "at AS created_at, seq FROM events"
    )
