"""One answer of the model while it arrives: what was said, asked for, stored and used so far."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from conversation.events import Event, MessageRetrieved, UsageRecorded
from conversation.records import Message, MessageStatus, Step, StepStatus, StoredItem, Usage
from conversation.signals import Asking, Finished, Item, Used
from conversation.text import storable
from conversation.turns import ProviderItem, ToolCall


@dataclass(slots=True)
class Reply:
    """The answer of one round; `message` and `step` are there from its first piece of text on.

    With `one_call` the first call is all that is heard of several.
    """

    round: int
    one_call: bool = False
    message: Message | None = None
    step: Step | None = None
    calls: tuple[ToolCall, ...] = ()
    used: Used | None = None
    finished: Finished | None = None
    _pieces: list[str] = field(default_factory=list)
    _length: int = 0
    _items: list[ProviderItem] = field(default_factory=list)
    _cut: bool = False

    @property
    def text(self) -> str:
        """What was said so far."""
        return "".join(self._pieces)

    def say(self, text: str, *, refusal: bool = False) -> int:
        """Add a piece; return its offset in characters. A refusal may come after a few words."""
        if refusal and self.message and not self.message.refusal:
            self.message = replace(self.message, refusal=True)
        offset = self._length
        self._pieces.append(text)
        self._length += len(text)
        return offset

    def take(self, signal: Asking | Item | Used | Finished) -> None:
        """Take what is only written down once the answer is over."""
        match signal:
            case Asking(calls):
                self.calls += tuple(
                    replace(call, name=storable(call.name), arguments=storable(call.arguments))
                    for call in calls
                )
                self._keep_first()
            case Item(item):
                self._items.append(item)
            case Used():
                self.used = signal
            case Finished():
                self.finished = signal

    def items(self, run_id: str) -> tuple[StoredItem, ...]:
        """Return the opaque items as rows; none where they hold calls that were not heard."""
        if self._cut:
            return ()
        return tuple(
            StoredItem(run_id=run_id, round=self.round, position=position, item=item)
            for position, item in enumerate(self._items)
        )

    def usage(self) -> Usage | None:
        """Return the tokens of this answer, where the provider told them."""
        used = self.used
        if used is None:
            return None
        return Usage(
            input=used.input, output=used.output, cached=used.cached, reasoning=used.reasoning
        )

    def usage_event(self) -> tuple[Event, ...]:
        """Return the event that tells the tokens, if there is one."""
        used = self.used
        if used is None:
            return ()
        event = UsageRecorded(
            input=used.input, output=used.output, cached=used.cached, reasoning=used.reasoning
        )
        return (event,)

    def closed(
        self, status: MessageStatus, at: datetime, reason: str | None = None
    ) -> tuple[Message, ...]:
        """Return the message with its final text, if anything was said."""
        if self.message is None:
            return ()
        return (
            replace(
                self.message, text=self.text, status=status, incomplete_reason=reason, ended_at=at
            ),
        )

    def closed_step(
        self, status: StepStatus, at: datetime, usage: Usage | None = None
    ) -> tuple[Step, ...]:
        """Return the message's step as ended, if there is one."""
        return (replace(self.step, status=status, usage=usage, ended_at=at),) if self.step else ()

    def retrieved(self) -> tuple[Event, ...]:
        """Return the event that tells the complete message, if anything was said."""
        message = self.message
        if message is None:
            return ()
        event = MessageRetrieved(message_id=message.id, text=self.text, refusal=message.refusal)
        return (event,)

    def _keep_first(self) -> None:
        if self.one_call and len(self.calls) > 1:
            self.calls, self._cut = self.calls[:1], True
