"""The rows of one run as its mediator knows them, and the turn they add up to."""

from typing import Final

from conversation.records import CallRecord, Exchange, Message, Run, Step, StoredItem, Usage
from conversation.script import State
from conversation.turns import Round, Said, ToolChoice, ToolResult, ToolSpec, Turn
from mediator.reply import Reply
from mediator.showing import said_in

GO_ON: Final = (
    "Go on exactly where your answer stops, in the middle of a word if need be. Repeat nothing of "
    "it, and say nothing about the interruption: write only what comes next."
)
"""What a model is told, as if by the user, in a run that goes on with an answer."""


class Ledger:
    """One run's rows, kept in step with the log by the mediator; it writes nothing itself."""

    def __init__(self, exchange: Exchange) -> None:
        self.run: Run = exchange.run
        self.state: State = exchange.run.state
        self.used: Usage = exchange.run.usage
        self._messages = {message.id: message for message in exchange.messages}
        self._steps = {step.id: step for step in exchange.steps}
        self._calls = {record.call.call_id: record for record in exchange.calls}
        self._items = list(exchange.items)
        self.reply = self.new_reply()

    # what is known

    def tool_steps(self) -> list[Step]:
        """Return the rounds of tool calls, oldest first."""
        steps = [step for step in self._steps.values() if step.kind == "tool_calls"]
        return sorted(steps, key=lambda step: step.round)

    def next_round(self) -> int:
        """Return the number of the answer that comes next, from 0."""
        return len(self.tool_steps())

    def new_reply(self) -> Reply:
        """Return the answer that comes next, of which nothing is known yet."""
        alone = not self.run.spec.sampling.parallel_tool_calls
        return Reply(self.next_round(), one_call=alone)

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
        usage: Usage | None = None,
    ) -> None:
        """Take over what is now in the log."""
        self._messages.update((message.id, message) for message in messages)
        self._steps.update((step.id, step) for step in steps)
        self._calls.update((record.call.call_id, record) for record in calls)
        self._items.extend(items)
        self.used += usage or Usage()

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
            tool_choice=self._tool_choice(),
            answer=spec.answer,
            stream=spec.stream,
        )

    def _tool_choice(self) -> ToolChoice:
        """Return the run's choice; who was forced to call once may answer from then on.

        What is not on offer, as the API's own tools are not yet, can't be forced.
        """
        chosen = self.run.spec.tool_choice
        if chosen.name is not None and self.tool(chosen.name) is None:
            return ToolChoice()
        forced = chosen.name is not None or chosen.mode == "required"
        return ToolChoice() if forced and self.tool_steps() else chosen

    def _said(self) -> tuple[Said, ...]:
        before = (
            said_in(message)
            for message in self._messages.values()
            if message.run_id != self.run.id and message.incomplete_reason != "superseded"
        )
        said = tuple(one for one in before if one.text or one.images)
        said = _last(said, self.run.spec.last_messages)
        return (*said, Said(role="user", text=GO_ON)) if self.run.spec.continues else said

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


def _last(said: tuple[Said, ...], count: int | None) -> tuple[Said, ...]:
    """Return at most `count` of them, from a user's message on: some models begin with no other."""
    if count is None:
        return said
    kept = said[-count:]
    first = next((at for at, one in enumerate(kept) if one.role == "user"), 0)
    return kept[first:]
