"""JSON on one line each: events, and what other exports are made of."""

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any, Final

from conversation.events import Logged
from conversation.text import storable

_ENDS: Final = re.compile("[\x85\u2028\u2029]")
"""What JSON leaves as it is, but readers of lines split at."""


def json_line(value: Any) -> str:
    """Return `value` as JSON that is one line to every reader, without its end.

    Lone surrogates, which strict readers refuse, are replaced.
    """
    text = storable(json.dumps(value, ensure_ascii=False, default=_plain))
    return _ENDS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def utc(at: datetime) -> str:
    """Return a time as ISO 8601 in UTC."""
    return at.astimezone(UTC).isoformat()


def event_lines(log: Iterable[Logged]) -> Iterator[str]:
    """Yield each event as an object: `run_id`, `seq`, `at`, `kind` and the event's own fields."""
    for logged in log:
        event = asdict(logged.event)
        place = {"run_id": logged.run_id, "seq": logged.seq, "at": logged.at}
        yield json_line(place | {"kind": event.pop("kind")} | event) + "\n"


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return utc(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
