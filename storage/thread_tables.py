"""The tables of what people add to threads, ratings and a queue, and of requests to models."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from storage.columns import Packed
from storage.tables import Base, Id, Key, Numbered, Rank


class FeedbackRow(Base):
    """What a person thinks of a run's answer."""

    __tablename__ = "feedback"
    __table_args__ = (Index("ix_feedback_rating", "rating", "run_id"),)

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    rating: Mapped[str]
    comment: Mapped[str]
    at: Mapped[datetime]


class QueuedRow(Base):
    """A message that waits for the exchange before it; the lowest `number` goes first."""

    __tablename__ = "queued_messages"

    number: Mapped[Numbered]
    id: Mapped[Id]
    thread_id: Mapped[str] = mapped_column(ForeignKey("threads.id"), index=True)
    text: Mapped[str]
    provider: Mapped[str | None]
    model: Mapped[str | None]
    assistant_id: Mapped[str | None]
    stream: Mapped[bool]
    created_at: Mapped[datetime]


class ModelCallRow(Base):
    """A request to a model and its response, compressed: each request repeats the whole thread."""

    __tablename__ = "model_calls"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    number: Mapped[Rank]
    attempt: Mapped[Rank]
    provider: Mapped[str]
    request: Mapped[str] = mapped_column(Packed())
    response: Mapped[str | None] = mapped_column(Packed())
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class PreferenceRow(Base):
    """Something that somebody has set for themselves."""

    __tablename__ = "preferences"

    owner: Mapped[Key]
    name: Mapped[Key]
    value: Mapped[str]
