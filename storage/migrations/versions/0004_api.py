"""What API clients keep: messages of several parts, resources, keys, requests done once."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TIME = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Add the columns and tables."""
    for table, name, empty in (
        ("messages", "parts", "[]"),
        ("messages", "attachments", "[]"),
        ("threads", "resources", "{}"),
    ):
        column: sa.Column[Any] = sa.Column(name, sa.JSON(), nullable=False, server_default=empty)
        op.add_column(table, column)
    op.add_column("steps", sa.Column("usage", sa.JSON(), nullable=True))
    op.add_column("assistants", sa.Column("deleted_at", TIME, nullable=True))
    make_keys()
    make_requests()


def make_keys() -> None:
    """Make the table of keys."""
    op.create_table(
        "api_keys",
        sa.Column("number", NUMBER, primary_key=True),
        *(text(name) for name in ("id", "name", "project_id", "digest", "start")),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("used_at", TIME, nullable=True),
        sa.Column("revoked_at", TIME, nullable=True),
        sa.UniqueConstraint("id", name="uq_api_keys_id"),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
    )


def make_requests() -> None:
    """Make the table of requests that are carried out once."""
    op.create_table(
        "requests_once",
        text("project_id", primary_key=True),
        text("key", primary_key=True),
        text("fingerprint"),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        text("body", nullable=True),
    )
    op.create_index("ix_requests_once_created_at", "requests_once", ["created_at"])


def text(name: str, *, nullable: bool = False, primary_key: bool = False) -> Any:
    """Return a column of text."""
    return sa.Column(name, sa.Text(), nullable=nullable, primary_key=primary_key)
