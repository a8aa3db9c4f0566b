"""The rows of one run as its mediator knows them, and the turn they add up to."""

from conversation.records import CallRecord, Exchange, Message, Run, Step, StoredItem
from conversation.script import State
from conversation.turns import Round, Said, ToolResult, ToolSpec, Turn
from mediator.reply import Reply


class Ledger:
    """One run's rows, kept in step with the log by the mediator; it writes nothing itself."""

    def __init__(self, exchange: Exchange) -> None:
        self.run: Run = exchange.run
        self.state: State = exchange.run.state
        self._messages = {message.id: message for message in exchange.messages}
        self._steps = {step.id: step for step in exchange.steps}
        self._calls = {record.call.call_id: record for record in exchange.calls}
        self._items = list(exchange.items)
        self.reply = Reply(self.next_round())

    # what is known

    def tool_steps(self) -> list[Step]:
        """Return the rounds of tool calls, oldest first."""
        steps = [step for step in self._steps.values() if step.kind == "tool_calls"]
        return sorted(steps, key=lambda step: step.round)

    def next_round(self) -> int:
        """Return the number of the answer that comes next, from 0."""
        return len(self.tool_steps())

    def call(self, call_id: str) -> CallRecord | None:
        """Return a call of this run."""
        return self._calls.get(call_id)

    def calls_of(self, step: Step) -> list[CallRecord]:
        """Return a round's calls in the model's order."""
        calls = [record for record in self._calls.values() if record.step_id == step.id]
        return sorted(calls, key=lambda record: record.position)

    def current_calls(self) -> list[CallRecord]:
        """Return the calls of the newest round."""
        steps = self.tool_steps()
        return self.calls_of(steps[-1]) if steps else []

    def open_calls(self) -> list[CallRecord]:
        """Return the calls of the newest round that have no output yet."""
        return [record for record in self.current_calls() if record.output is None]

    def left_open(self) -> tuple[list[Message], list[Step]]:
        """Return what a dead attempt was writing: its messages and their steps."""
        messages = [m for m in self._messages.values() if m.status == "in_progress"]
        steps = [
            step
            for step in self._steps.values()
            if step.kind == "message_creation" and step.status == "in_progress"
        ]
        return messages, steps

    def tool(self, name: str) -> ToolSpec | None:
        """Return the function of that name that this run offers to the model."""
        return next((tool for tool in self.run.spec.tools if tool.name == name), None)

    # what becomes known

    def take(
        self,
        *,
        messages: tuple[Message, ...] = (),
        steps: tuple[Step, ...] = (),
        calls: tuple[CallRecord, ...] = (),
        items: tuple[StoredItem, ...] = (),
    ) -> None:
        """Take over rows that are now in the log."""
        self._messages.update((message.id, message) for message in messages)
        self._steps.update((step.id, step) for step in steps)
        self._calls.update((record.call.call_id, record) for record in calls)
        self._items.extend(items)

    # what the model is told

    def turn(self) -> Turn:
        """Return the next request: the thread up to this run, then the run's own rounds."""
        spec = self.run.spec
        return Turn(
            model=spec.model,
            messages=self._said(),
            instructions=spec.instructions,
            rounds=tuple(self._round(step) for step in self.tool_steps()),
            tools=spec.tools,
            sampling=spec.sampling,
            stream=spec.stream,
        )

    def _said(self) -> tuple[Said, ...]:
        return tuple(
            Said(role=message.role, text=message.text)
            for message in self._messages.values()
            if message.run_id != self.run.id
            and message.text
            and message.incomplete_reason != "superseded"
        )

    def _round(self, step: Step) -> Round:
        records = self.calls_of(step)
        return Round(
            text=self._text_of_round(step.round),
            calls=tuple(record.call for record in records),
            results=tuple(
                ToolResult(
                    call_id=record.call.call_id,
                    output=record.output or "",
                    failed=record.failed,
                    seconds=record.seconds or 0.0,
                )
                for record in records
            ),
            items=tuple(row.item for row in self._items if row.round == step.round),
        )

    def _text_of_round(self, number: int) -> str:
        ids = [step.message_id for step in self._steps.values() if step.round == number]
        said = [self._messages[message_id] for message_id in ids if message_id in self._messages]
        return "".join(message.text for message in said if message.status == "completed")
