"""Whom a message goes to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Whom the next message goes to. What is None comes from the assistant, then the settings."""

    provider: str | None = None
    model: str | None = None
    assistant_id: str | None = None
