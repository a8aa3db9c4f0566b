"""The tables that only API clients need: keys, and requests that are carried out once."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from storage.tables import Base, Id, Key, Numbered


class ApiKeyRow(Base):
    """A key of a project; `digest` is all that is kept of the key itself."""

    __tablename__ = "api_keys"

    number: Mapped[Numbered]
    id: Mapped[Id]
    name: Mapped[str]
    project_id: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    start: Mapped[str]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class OnceRow(Base):
    """A request with its idempotency key; `status` and `body` are the answer, once it is known."""

    __tablename__ = "requests_once"

    project_id: Mapped[Key]
    key: Mapped[Key]
    fingerprint: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)
    status: Mapped[int | None]
    body: Mapped[str | None]
