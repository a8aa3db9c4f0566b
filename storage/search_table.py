"""The table of what can be searched for; each database has its own index over its `words`.

SQLite: the FTS5 table `search_index`, which two triggers keep in step. PostgreSQL: a GIN index.
Both are made by the migrations alone, because the models have no words for them.
"""

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Dialect, ForeignKey, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import TypeDecorator, TypeEngine

from storage.tables import Base, Numbered
from storage.words import to_tsvector

INDEX: Final = "search_index"


class Listed(TypeDecorator[str]):
    """The words of a text, as the database's index takes them."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Choose the type."""
        on_server = dialect.name == "postgresql"
        return dialect.type_descriptor(TSVECTOR() if on_server else Text())

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Write them in the database's own notation."""
        return to_tsvector(value) if value and dialect.name == "postgresql" else value


class SearchRow(Base):
    """A message, a tool's input or its output; `source` is the message's or the call's id."""

    __tablename__ = "search"
    __table_args__ = (UniqueConstraint("run_id", "source", "kind"),)

    number: Mapped[Numbered]
    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"))
    thread_id: Mapped[str]
    source: Mapped[str]
    kind: Mapped[str]
    at: Mapped[datetime]
    words: Mapped[str] = mapped_column(Listed())


_SORTED: Final = ("ix_runs_duration", "ix_runs_cost", "ix_threads_cost")
"""Indexes of columns with empty places, which databases order differently unless told."""


def by_migration_alone(name: str | None) -> bool:
    """Tell whether a table or index is one that the models don't know."""
    return name is not None and name.startswith((INDEX, *_SORTED))
