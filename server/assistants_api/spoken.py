"""A message while it streams: the block of events that clients expect around its text."""

from dataclasses import replace

from conversation.ports import TextDelta
from conversation.records import Message, Run, Step
from server.assistants_api.message_objects import MessageObject
from server.assistants_api.sse import ServerEvent
from server.assistants_api.step_objects import StepObject, opened


class SpokenMessage:
    """One message and the step that writes it; it has text from the first event on."""

    def __init__(self, message: Message, step: Step) -> None:
        self.id = message.id
        self.step = opened(step)
        self._message = replace(
            message, text="", status="in_progress", incomplete_reason=None, ended_at=None
        )
        self._pieces: list[str] = []
        self._length = 0

    def opening(self, run: Run) -> list[ServerEvent]:
        """Return the events before the first piece of text."""
        step = StepObject.of(self.step, run).model_dump()
        message = MessageObject.of(self._message).model_dump() | {"content": []}
        return [
            ServerEvent("thread.run.step.created", step),
            ServerEvent("thread.run.step.in_progress", step),
            ServerEvent("thread.message.created", message),
            ServerEvent("thread.message.in_progress", message),
        ]

    def said(self, piece: TextDelta) -> list[ServerEvent]:
        """Return the event of a piece, or of what is new in it."""
        text = piece.text[max(0, self._length - piece.offset) :]
        if not text:
            return []
        content = self._part(text)
        self._pieces.append(text)
        self._length += len(text)
        delta = {"id": self.id, "object": "thread.message.delta", "delta": {"content": [content]}}
        return [ServerEvent("thread.message.delta", delta)]

    def closing(self, message: Message, step: Step, run: Run) -> list[ServerEvent]:
        """Return the events of its end, by the rows as they are then.

        The row of an answer that was cut short may lack what had streamed last: clients break
        when a message that had text ends with none.
        """
        said = "".join(self._pieces)
        whole = message if len(message.text) >= len(said) else replace(message, text=said)
        return [
            ServerEvent(f"thread.message.{whole.status}", MessageObject.of(whole).model_dump()),
            ServerEvent(f"thread.run.step.{step.status}", StepObject.of(step, run).model_dump()),
        ]

    def _part(self, text: str) -> dict[str, object]:
        """Return a piece as part of the content; only the first one names the annotations."""
        if self._message.refusal:
            return {"index": 0, "type": "refusal", "refusal": text}
        value: dict[str, object] = {"value": text}
        first: dict[str, object] = {} if self._pieces else {"annotations": []}
        return {"index": 0, "type": "text", "text": value | first}
