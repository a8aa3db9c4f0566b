"""Made-up exchanges as rows of the tables, the way the store would have written them."""

import json
import random
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from benchmarks.history.texts import Texts
from conversation import events
from conversation.events import Event
from conversation.prices import cost
from conversation.records import DEFAULT_PROJECT, RunSpec, Usage
from conversation.script import State, Trigger
from conversation.turns import ToolCall
from storage.words import words

DAYS: Final = 90
LAST: Final = datetime(2026, 11, 1, tzinfo=UTC)
MODELS: Final = (
    ("openai", "gpt-4o", 30), ("openai", "gpt-4o-mini", 25), ("openai", "gpt-5", 10),
    ("gemini", "gemini-2.5-flash", 20), ("gemini", "gemini-2.5-pro", 8), ("demo", "demo", 5),
    ("openai", "in-house-7b", 2),
)  # fmt: skip
ENDINGS: Final = {
    State.COMPLETED: 90, State.ERROR: 4, State.CANCELLED: 3, State.EXPIRED: 1, State.INCOMPLETE: 2,
}  # fmt: skip
CODES: Final = ("rate_limited", "provider_unavailable", "stream_cut", "provider_timeout")
TOOLS: Final = ("get_stock_price", "buy_or_sell", "search_news", "convert_currency")
TRIGGERS: Final = {
    State.COMPLETED: Trigger.ASSISTANT_MESSAGE_RETRIEVED,
    State.ERROR: Trigger.ERROR,
    State.CANCELLED: Trigger.CANCELLED,
    State.EXPIRED: Trigger.EXPIRE,
    State.INCOMPLETE: Trigger.CUT_SHORT,
}

Row = dict[str, Any]


@dataclass
class Rows:
    """Rows by table, in the order in which they can be entered."""

    threads: list[Row] = field(default_factory=list)
    branches: list[Row] = field(default_factory=list)
    runs: list[Row] = field(default_factory=list)
    messages: list[Row] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    tool_calls: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    search: list[Row] = field(default_factory=list)


class Exchanges:
    """Makes threads of exchanges from a source of chance."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 (nothing here is secret)
        self.texts = Texts(self.chance)
        self.assistants = [self.new_id("asst") for _ in range(12)]

    def new_id(self, prefix: str) -> str:
        """Return an id of the usual shape."""
        return f"{prefix}_{self.chance.getrandbits(96):024x}"

    def thread(self, rows: Rows, created_at: datetime) -> None:
        """Add a thread with a few exchanges."""
        thread_id, branch_id = self.new_id("thread"), self.new_id("branch")
        title = self.texts.words(3, 8)
        first, at = len(rows.runs), created_at
        for number in range(self.chance.randint(1, 9)):
            made = Exchange(self, rows, thread_id, branch_id, at)
            made.make(2 * number)
            at = made.at + timedelta(seconds=self.chance.uniform(5, 3600))
        own = rows.runs[first:]
        costs = [run["cost"] for run in own if run["cost"] is not None]
        rows.threads.append(
            {
                "id": thread_id,
                "project_id": DEFAULT_PROJECT,
                "active_branch_id": branch_id,
                "title": title,
                "metadata": "{}",
                "created_at": created_at,
                "runs": len(own),
                "events": sum(run["seq"] for run in own),
                "tokens": sum(run["tokens"] for run in own),
                "cost": sum(costs) if costs else None,
                "last_activity": own[-1]["ended_at"],
                "last_model": own[-1]["model"],
                "last_assistant_id": own[-1]["assistant_id"],
            }
        )
        rows.branches.append({"id": branch_id, "thread_id": thread_id})


class Exchange:
    """One exchange on its way through the script."""

    def __init__(
        self, maker: Exchanges, rows: Rows, thread_id: str, branch_id: str, at: datetime
    ) -> None:
        self.maker, self.chance, self.rows, self.at, self.began = maker, maker.chance, rows, at, at
        self.place: Row = {"thread_id": thread_id, "branch_id": branch_id}
        self.run_id, self.state, self.seq, self.calls = maker.new_id("run"), State.NEW, 0, 0
        self.usage = Usage()

    def make(self, position: int) -> None:
        """Go from the question to the end."""
        provider, model, _ = self.chance.choices(MODELS, [one[2] for one in MODELS])[0]
        question = self.maker.texts.words(4, 30)
        asked = self.say("user", question, position + 1, run_id=None)
        self.log(events.MessageSent(message_id=asked, text=question))
        self.move(Trigger.SET_USER_MESSAGE, State.READY)
        self.wait(0.01, 0.3)
        self.move(Trigger.STARTED, State.STARTED)
        first = self.at + timedelta(seconds=self.chance.lognormvariate(-0.3, 0.6))
        self.at = first
        self.move(Trigger.HEARTBEAT, State.RUNNING)
        for number in range(self.chance.choices((0, 1, 2, 3), (25, 40, 22, 13))[0]):
            self.call_tools(number)
        self.end(provider, model, asked, first, position + 2)

    def call_tools(self, number: int) -> None:
        """Go once through the functions."""
        calls = [
            ToolCall(
                call_id=self.maker.new_id("call"),
                name=self.chance.choices(TOOLS, (60, 10, 20, 10))[0],
                arguments=self.maker.texts.arguments(),
            )
            for _ in range(self.chance.choices((1, 2), (80, 20))[0])
        ]
        step = self.maker.new_id("step")
        self.step(step, number, "tool_calls")
        self.use()
        self.log(events.ToolCallsRequested(step_id=step, calls=tuple(calls)))
        self.move(Trigger.ACTION_REQUIRED, State.REQUIRES_ACTION)
        for place, call in enumerate(calls):
            self.call(call, step, place)
        self.move(Trigger.TOOLS_EXECUTED, State.TOOLS_EXECUTED)
        ids = tuple(call.call_id for call in calls)
        self.log(events.ToolOutputsSubmitted(call_ids=ids))
        self.move(Trigger.TOOL_OUTPUTS_SUBMITTED, State.TOOL_OUTPUTS_SUBMITTED)
        self.move(Trigger.STARTED, State.STARTED)
        self.wait(0.3, 2)
        self.move(Trigger.HEARTBEAT, State.RUNNING)

    def call(self, call: ToolCall, step: str, place: int) -> None:
        """Run a function."""
        given: Row = {"call_id": call.call_id, "name": call.name, "arguments": call.arguments}
        self.find("tool_input", call.call_id, call.arguments)
        self.log(events.ToolStarted(**given))
        started, seconds = self.at, round(self.chance.lognormvariate(-1, 0.8), 3)
        self.at += timedelta(seconds=seconds)
        failed, output = self.chance.random() < 0.04, self.maker.texts.output()
        self.log(events.ToolExecuted(**given, output=output, seconds=seconds, failed=failed))
        self.find("tool_output", call.call_id, output)
        self.calls += 1
        self.rows.tool_calls.append(
            given
            | {"run_id": self.run_id, "step_id": step, "position": place, "output": output}
            | {"started_at": started, "seconds": seconds, "failed": failed, "ended_at": self.at}
        )

    def end(self, provider: str, model: str, asked: str, first: datetime, position: int) -> None:
        """Reach a terminal state and enter the run."""
        self.wait(0.2, 8)
        ends = self.chance.choices(list(ENDINGS), list(ENDINGS.values()))[0]
        failed = self.chance.choice(CODES) if ends is State.ERROR else None
        self.use()
        text, done = self.maker.texts.words(15, 120), ends is State.COMPLETED
        said = self.say("assistant", text, position, run_id=self.run_id, done=done)
        self.step(self.maker.new_id("step"), 9, "message_creation", message_id=said)
        if done:
            self.log(events.MessageRetrieved(message_id=said, text=text))
        if failed:
            self.log(events.Failed(code=failed, message=f"The provider said {failed}."))
        self.move(TRIGGERS[ends], ends)
        self.enter(provider, model, failed, {"message_id": asked, "first": first})

    def enter(self, provider: str, model: str, failed: str | None, more: Row) -> None:
        """Add the run as it stands at its end."""
        assistant = (
            self.chance.choice(self.maker.assistants) if self.chance.random() < 0.7 else None
        )
        spec = RunSpec(
            provider=provider, model=model, assistant_id=assistant, instructions="Be brief. " * 40
        )
        usage = {f"{what}_tokens": count for what, count in asdict(self.usage).items()}
        times = {"created_at": self.began, "started_at": self.began, "ended_at": self.at}
        self.rows.runs.append(
            {"id": self.run_id, "project_id": DEFAULT_PROJECT, "metadata": "{}", "fence": 1}
            | self.place
            | {"attempt": 1, "state": self.state.value, "seq": self.seq}
            | {"spec": json.dumps(asdict(spec))}
            | {"provider": provider, "model": model, "assistant_id": assistant}
            | {"error_code": failed, "error_message": failed and f"The provider said {failed}."}
            | {"error_hint": failed and "", "message_id": more["message_id"]}
            | usage | times
            | {
                "tokens": self.usage.input + self.usage.output,
                "tool_calls": self.calls,
                "cost": cost(provider, model, self.usage, self.began),
                "first_token": round((more["first"] - self.began).total_seconds(), 3),
                "duration": round((self.at - self.began).total_seconds(), 3),
            }
        )  # fmt: skip

    def log(self, event: Event) -> None:
        """Add an event."""
        self.seq += 1
        body = json.dumps(asdict(event))
        self.rows.events.append(
            {
                "run_id": self.run_id,
                "seq": self.seq,
                "at": self.at,
                "kind": event.kind,
                "body": body,
            }
        )

    def move(self, trigger: Trigger, to: State) -> None:
        """Go to a state."""
        self.log(events.StateChanged(trigger=trigger, before=self.state, after=to))
        self.state = to

    def wait(self, shortest: float, longest: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=self.chance.uniform(shortest, longest))

    def use(self) -> None:
        """Use tokens."""
        used = Usage(
            input=self.chance.randint(200, 6000),
            output=self.chance.randint(10, 800),
            cached=self.chance.randint(0, 200),
        )
        self.usage += used
        self.log(events.UsageRecorded(**asdict(used)))

    def say(
        self, role: str, text: str, position: int, *, run_id: str | None, done: bool = True
    ) -> str:
        """Add a message."""
        message_id = self.maker.new_id("msg")
        self.find(f"{role}_message", message_id, text)
        self.rows.messages.append(
            {"id": message_id, "project_id": DEFAULT_PROJECT, "position": position, "role": role}
            | self.place
            | {"text": text, "status": "completed" if done else "incomplete", "refusal": False}
            | {"run_id": run_id, "metadata": "{}", "created_at": self.at, "ended_at": self.at}
        )
        return message_id

    def step(self, step_id: str, number: int, kind: str, **more: Any) -> None:
        """Add a step."""
        self.rows.steps.append(
            {"id": step_id, "run_id": self.run_id, "round": number, "kind": kind}
            | {
                "status": "completed",
                "message_id": None,
                "created_at": self.at,
                "ended_at": self.at,
            }
            | more
        )

    def find(self, kind: str, source: str, text: str) -> None:
        """Add a text to what can be searched for."""
        self.rows.search.append(
            {"run_id": self.run_id, "thread_id": self.place["thread_id"], "source": source}
            | {"kind": kind, "at": self.at, "words": words(text)}
        )
