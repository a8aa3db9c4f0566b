"""What a screen reader is told of an exchange: that it goes on, how it ended; never each word."""

import re
from typing import Final

from conversation.events import Failed
from conversation.narration import narrate
from conversation.script import State
from ui.chat.telling import Answer, Item, Notice, Telling
from ui.language import phrases, texts

LONGEST: Final = 240
_SIGNS: Final = re.compile(r"^[ \t]*(?:#{1,6} |> ?)+|[*`|~]+", re.MULTILINE)


def told(telling: Telling) -> str:
    """Return what there is to say of an exchange as it stands."""
    if not telling.ended:
        waits = any(call.phase == "waiting" for call in telling.calls)
        return texts.WAITING if waits else texts.SAID_WRITING
    last = next(reversed(telling.items.values()), None)
    match telling.state:
        case State.COMPLETED:
            return _of_answer(last)
        case State.CANCELLED:
            return texts.SAID_STOPPED
        case _:
            return _of_ending(last)


def beginning(text: str) -> str:
    """Return the first words of a text, without the signs of its Markdown."""
    plain = " ".join(_SIGNS.sub(" ", text[: 4 * LONGEST]).split())
    if len(plain) <= LONGEST:
        return plain
    return plain[:LONGEST].rpartition(" ")[0] + " …"


def _of_answer(last: Item | None) -> str:
    words = beginning(last.text) if isinstance(last, Answer) else ""
    return texts.SAID_ANSWER.format(beginning=words) if words else texts.SAID_DONE


def _of_ending(last: Item | None) -> str:
    if not isinstance(last, Notice):
        return texts.BROKEN_OFF
    if isinstance(last.ending, Failed):
        return f"{last.ending.message} {last.ending.hint}".strip()
    return narrate(last.ending, phrases())
