"""Text is told at once, but never before the message that precedes it is in the log."""

import asyncio
from dataclasses import dataclass, field

from conversation.records import Write
from conversation.signals import Asking, Finished, Saying, Sent
from tests.contract.scripts import call, saying
from tests.stage import Line, Log, ScriptedAssistant, Stage


@dataclass
class Slow(Log):
    """A log that takes its time: nothing is durable before it is let through."""

    held: list[asyncio.Future[None]] = field(default_factory=list)

    def write(self, write: Write) -> asyncio.Future[None]:
        done = super().write(write)
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.held.append(told)
        done.result()
        return told

    def let_through(self) -> None:
        """Let all become durable that was written until now."""
        for told in self.held:
            told.set_result(None)
        self.held.clear()

    def texts(self) -> list[str]:
        """Return what was told."""
        return [piece.text for piece in self.said]


async def until_idle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_second_message_waits_for_the_first_to_be_in_the_log(stage: Stage) -> None:
    stage.log = slow = Slow(stage.store)
    run = await stage.begin()
    nobodys: list[Line] = [
        Sent(), Saying("Let me see."), Asking((call("nobody_knows"),)), Finished("tool_calls"),
    ]  # fmt: skip
    assistant = ScriptedAssistant(nobodys, saying("It is 42."))
    conducting = asyncio.create_task(stage.conduct(run.id, assistant))
    await until_idle()
    before = slow.texts()

    slow.let_through()
    await until_idle()

    assert before == ["Let me see."]
    assert slow.texts() == ["Let me see.", "It is 42."]
    slow.let_through()
    await conducting
