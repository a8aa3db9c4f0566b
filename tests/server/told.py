"""Runs conducted on a real log in memory, and what the Assistants API makes of them."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from conversation.events import Logged
from conversation.ports import TextDelta
from conversation.records import Exchange, Opening, PendingText, Run, Write
from conversation.turns import ToolSpec
from mediator.mediator_state_machine import MediatorStateMachine
from mediator.states import api_status
from server.assistants_api.rows import StoredRows
from server.assistants_api.sse import ServerEvent
from server.assistants_api.translation import Translator
from tests.stage import Log, ScriptedAssistant, Stage, now, opening
from tools.registry import Tools

CLIENTS = ToolSpec(name="weather", parameters={"type": "object"}, runs="client")


def status_of(run: Run) -> str:
    return api_status(run.state, run.waiting) or ""


@dataclass
class TellingLog(Log):
    """A log that tells its news in their order, as the feed does."""

    news: list[Logged | TextDelta] = field(default_factory=list)

    async def accept(self, opening: Opening) -> Run:
        run, logged = await asyncio.wrap_future(self.store.accept(opening))
        self.news += logged
        return run

    def write(self, write: Write) -> asyncio.Future[None]:
        told: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.news += self.store.write(write).result()
        told.set_result(None)
        return told

    def say(self, text: PendingText) -> None:
        self.news.append(TextDelta(message_id=text.message_id, offset=text.offset, text=text.text))


class Told:
    """A stage whose news are translated."""

    def __init__(self, *tools: Any) -> None:
        self.stage = Stage(MediatorStateMachine, Tools(*tools))
        self.log = self.stage.log = TellingLog(self.stage.store)

    async def begin(self, *specs: ToolSpec, **more: Any) -> Run:
        start = opening(tools=(*self.stage.tools.specs(), *specs), **more)
        exchange = Exchange(run=start.run, messages=())
        mediator = self.stage.make(exchange, log=self.log, clock=now)
        return await mediator.set_user_message(start)

    async def conduct(self, run: Run, *turns: Iterable[Any]) -> Run:
        return await self.stage.conduct(run.id, ScriptedAssistant(*turns))

    def translator(self, run: Run) -> Translator:
        return Translator(StoredRows(self.stage.store, run.id), status_of)

    def events(self, run: Run, after: int = 0) -> list[ServerEvent]:
        """Return what a stream of the run tells, read when all is over."""
        translator = self.translator(run)
        past = [piece for piece in self.log.news if isinstance(piece, Logged)][:after]
        if past:
            translator.go_on_after(past)
        at = self.log.news.index(past[-1]) + 1 if past else 0
        return translator.take(self.log.news[at:])


def names(events: Iterable[ServerEvent]) -> list[str]:
    return [event.name.removeprefix("thread.") for event in events]
