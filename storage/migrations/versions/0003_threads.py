"""What people add to threads: branches, pins, instructions, ratings, a queue; the model's calls."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

TIME = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns and tables."""
    change_threads()
    op.add_column("branches", sa.Column("forked_at", TIME, nullable=True))
    op.create_index("ix_runs_message_id", "runs", ["message_id"])
    make_feedback()
    make_queue()
    make_model_calls()
    op.create_table(
        "preferences",
        text("owner", primary_key=True),
        text("name", primary_key=True),
        text("value"),
    )


def change_threads() -> None:
    """Add who titled a thread, whether it is pinned, and its instructions."""
    columns: tuple[sa.Column[Any], ...] = (
        text("titled_by", server_default="words"),
        sa.Column("pinned", sa.Boolean(), nullable=False, server_default=sa.false()),
        text("instructions", server_default=""),
    )
    for column in columns:
        op.add_column("threads", column)
    op.create_index(
        "ix_threads_pinned",
        "threads",
        ["last_activity", "number"],
        sqlite_where=sa.text("pinned = 1"),
        postgresql_where=sa.text("pinned"),
    )


def make_feedback() -> None:
    """Make the table of ratings."""
    op.create_table(
        "feedback",
        text("run_id", sa.ForeignKey("runs.id"), primary_key=True),
        text("rating"),
        text("comment"),
        sa.Column("at", TIME, nullable=False),
    )
    op.create_index("ix_feedback_rating", "feedback", ["rating", "run_id"])


def make_queue() -> None:
    """Make the table of messages that wait."""
    op.create_table(
        "queued_messages",
        sa.Column("number", NUMBER, primary_key=True),
        text("id"),
        text("thread_id", sa.ForeignKey("threads.id")),
        text("text"),
        *(text(name, nullable=True) for name in ("provider", "model", "assistant_id")),
        sa.Column("stream", sa.Boolean(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.UniqueConstraint("id", name="uq_queued_messages_id"),
    )
    op.create_index("ix_queued_messages_thread_id", "queued_messages", ["thread_id"])


def make_model_calls() -> None:
    """Make the table of requests to models; their bodies are compressed."""
    op.create_table(
        "model_calls",
        text("run_id", sa.ForeignKey("runs.id"), primary_key=True),
        *(
            sa.Column(name, sa.Integer(), primary_key=True, autoincrement=False)
            for name in ("number", "attempt")
        ),
        text("provider"),
        sa.Column("request", sa.LargeBinary(), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=True),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("ended_at", TIME, nullable=True),
    )


def text(name: str, *more: Any, nullable: bool = False, **options: Any) -> Any:
    """Return a column of text."""
    return sa.Column(name, sa.Text(), *more, nullable=nullable, **options)
