"""A run on the remote side: begun, given the outputs that it waits for, or found again.

A request whose answer got lost may have got through: before anything is asked a second time, the
server is asked what there is.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Final

from conversation.errors import ProviderError, RequestRejected, UnknownModel
from conversation.turns import Turn
from proxies.assistants_left import Assistants, Leftovers
from proxies.assistants_remote import Remote, is_gone
from proxies.assistants_request import (
    Body,
    messages_of,
    named_assistant,
    outputs_of,
    place_of,
    run_body,
    run_body_of_given,
)
from proxies.assistants_signals import FAILED, WAITING, Raw, calls_in
from proxies.assistants_tape import goes_with

Events = AsyncGenerator[Raw, None]

_REJECTED: Final = (RequestRejected, UnknownModel)
_LOCKED: Final = "active run"


class RemoteRun:
    """The run that answers one turn, and the thread it is on; both may still be to come."""

    def __init__(
        self, turn: Turn, *, remote: Remote, assistants: Assistants, leftovers: Leftovers
    ) -> None:
        self._turn = turn
        self._remote = remote
        self._assistants = assistants
        self._leftovers = leftovers
        self._assistant_id = ""
        self._doubtful = False
        self.thread_id: str | None = None
        self.run_id: str | None = None
        self.told: tuple[str, ...] = ()
        self._outputs: list[Body] = []
        if place := place_of(turn):
            self.thread_id, self.run_id, self.told = place
            self._outputs = outputs_of(turn)
            leftovers.goes_on(place.thread_id)
        self._submits = bool(self._outputs)

    @property
    def answered(self) -> frozenset[str]:
        """The calls whose outputs the run was given."""
        return frozenset(output["tool_call_id"] for output in self._outputs)

    async def events(self) -> Events:
        """Yield the run's events, as far as they come; none of a run that is found again."""
        if self._doubtful:
            await self._look()
        if self.run_id is None:
            events = await self._beginning()
        elif self._submits:
            self._doubtful = True
            events = self._remote.submit(
                self.thread_id or "", self.run_id, self._outputs, stream=self._turn.stream
            )
        else:
            return
        async with aclosing(events):
            async for event in events:
                yield event

    async def mended(self, error: ProviderError) -> bool:
        """Tell whether to ask once more, since things are other than they were thought to be."""
        if not isinstance(error, _REJECTED):
            return False
        if self.run_id is not None:
            await self._look()
            return not self._submits
        if self.thread_id is None:
            return False
        if _LOCKED in str(error):
            await self._look()
            return self.run_id is not None
        return is_gone(error) and self._assistants.forget(self._assistant_id)

    def is_called(self, run_id: object) -> None:
        """Take the run's id, as soon as it is known."""
        if isinstance(run_id, str):
            self.run_id = run_id

    async def standing(self) -> tuple[Raw, float]:
        """Return the run as it stands, and in how many seconds to ask again."""
        return await self._remote.run(self.thread_id or "", self.run_id or "")

    async def messages(self) -> list[Raw]:
        """Return what the run has said."""
        return await self._remote.messages(self.thread_id or "", self.run_id or "")

    def anew(self) -> None:
        """Give the run up; what is asked next begins another one."""
        if self.thread_id:
            self._leftovers.abandoned(self.thread_id, self.run_id)
        self.thread_id = self.run_id = None
        self.told, self._outputs, self._submits = (), [], False
        self._doubtful = False

    # beneath

    async def _beginning(self) -> Events:
        body = await self._body()
        messages = messages_of(self._turn)
        if self.thread_id is None:
            self._leftovers.sweep()
            self.thread_id = await self._remote.make_thread(messages)
        goes_with(messages)
        self._doubtful = True
        return self._remote.start(self.thread_id, body)

    async def _body(self) -> Body:
        turn = self._turn
        streamed: Body = {"stream": True} if turn.stream else {}
        given = named_assistant(turn.model) or self._assistants.given
        if given:
            has = await self._remote.tools_of(given) if turn.tools else []
            return {"assistant_id": given, **run_body_of_given(turn, given, has), **streamed}
        self._assistant_id = await self._assistants.made_for(turn.model)
        return {"assistant_id": self._assistant_id, **run_body(turn), **streamed}

    async def _look(self) -> None:
        """Find out what has become of the last request."""
        if self.run_id is None:
            runs = await self._remote.runs(self.thread_id or "")
            there = [run for run in runs if run.get("status") not in FAILED]
            self.is_called(there[0].get("id") if there else None)
        else:
            await self._look_at_run()
        self._doubtful = False

    async def _look_at_run(self) -> None:
        try:
            run, _ = await self.standing()
        except _REJECTED:
            self.anew()
            return
        if run.get("status") in FAILED:
            self.anew()
            return
        waits_for = {call.get("id") for call in calls_in(run)}
        self._submits = run.get("status") == WAITING and waits_for == self.answered
