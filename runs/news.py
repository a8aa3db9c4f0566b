"""What a follower is told: events and text, and how far it has come by it."""

from collections.abc import Iterable

from conversation.events import Logged, Retried
from conversation.ports import Cursor, TextDelta

News = Logged | TextDelta


def again(events: Iterable[Logged]) -> bool:
    """Tell whether another attempt has begun within these events."""
    return any(isinstance(logged.event, Retried) for logged in events)


def say(news: list[News], cursor: Cursor, message_id: str, text: str) -> Cursor:
    """Add what the follower has not seen of a message."""
    offset = cursor.offset if cursor.message_id == message_id else 0
    if len(text) > offset:
        news.append(TextDelta(message_id=message_id, offset=offset, text=text[offset:]))
    return Cursor(seq=cursor.seq, message_id=message_id, offset=max(offset, len(text)))
