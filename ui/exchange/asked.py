"""Where an exchange stands among messages: after one usually, after several or none at times.

Programs may put messages into a thread without a run, and begin runs without a message.
"""

from collections.abc import Sequence

from conversation.records import Message, Run


def place_of(run: Run, messages: Sequence[Message]) -> int:
    """Return before which of these messages those of a run stand, or would stand."""
    own = (at for at, message in enumerate(messages) if message.run_id == run.id)
    at = next(own, None)
    return place_in_silence(run, messages) if at is None else at


def place_in_silence(run: Run, messages: Sequence[Message]) -> int:
    """Return where a run would have written, had it written anything."""
    asked = (at for at, message in enumerate(messages) if message.id == run.message_id)
    place = next(asked, -1) + 1
    while place < len(messages) and _was_there(messages[place], run):
        place += 1
    return place


def parted(run: Run, messages: Sequence[Message]) -> tuple[Sequence[Message], Sequence[Message]]:
    """Return what was said before an exchange, and what of that it answers.

    That are the messages since the last answer, and always the one that began it.
    """
    end = place_of(run, messages)
    start = end
    while start and messages[start - 1].run_id is None:
        start -= 1
    asked = (at for at, message in enumerate(messages[:end]) if message.id == run.message_id)
    at = next(asked, start)
    if at < start:  # its answer is gone on with
        return messages[:at], messages[at : at + 1]
    return messages[:start], messages[start:end]


def _was_there(message: Message, run: Run) -> bool:
    if message.created_at > run.created_at:
        return False
    return run.message_id is None or (message.run_id is None and message.role == "assistant")
