"""One answer of a remote run, whatever it takes to get all of it: its stream, then polling."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final, TypeVar

from conversation.errors import (
    BadResponse,
    ConnectionFailed,
    ProviderError,
    ProviderTimeout,
    StreamCut,
)
from conversation.signals import Finished, Signal
from proxies.assistants_left import Leftovers
from proxies.assistants_remote import read_on
from proxies.assistants_run import RemoteRun
from proxies.assistants_signals import STANDING, Answer
from proxies.assistants_tape import Heard, shows_polls
from proxies.failures import cut_off, timed_out
from proxies.tape import Tape

T = TypeVar("T")
Signals = AsyncGenerator[Signal, None]

_LOST: Final = (StreamCut, ConnectionFailed, ProviderTimeout, BadResponse)
_MISSES: Final = 3
_SOON: Final = 0.2
_TO_CLOSE: Final = 0.5
"""Seconds for a stream to close that has told all."""


@dataclass(slots=True)
class Exchange:
    """What is done on the remote side for one turn; attempts go on from each other.

    `tape` makes what each request is kept on; `longest` is how long a run is polled for its end,
    in seconds.
    """

    run: RemoteRun
    leftovers: Leftovers
    label: str
    secrets: tuple[str, ...]
    tape: Callable[[], Tape]
    longest: float
    _begun: bool = False
    _finished: Finished | None = None

    async def attempt(self) -> Signals:
        """Yield what the run says, from where an attempt before has left it.

        What the server rejects is asked once more if it turns out that it can be mended.
        """
        self._begun = False
        try:
            async with aclosing(self._taped()) as signals:
                async for signal in signals:
                    yield signal
            return
        except ProviderError as error:
            if self._begun or not await self.run.mended(error):
                raise
        async with aclosing(self._taped()) as signals:
            async for signal in signals:
                yield signal

    def close(self) -> None:
        """Have tidied up what is of no use any more."""
        thread_id, run_id = self.run.thread_id, self.run.run_id
        if thread_id is None:
            return
        if self._finished is None:
            self.leftovers.abandoned(thread_id, run_id)
        elif self._finished.reason == "tool_calls" and run_id:
            self.leftovers.waits(thread_id, run_id)
        else:
            self.leftovers.over(thread_id)

    def _taped(self) -> Signals:
        tape = self.tape()
        return tape.signals(self._asked(tape))

    async def _asked(self, tape: Tape) -> Signals:
        answer = Answer(self.label, self.secrets, self.run.told, self.run.answered)
        try:
            async with aclosing(self._answer(answer, tape)) as signals:
                async for signal in signals:
                    yield signal
        finally:
            tape.body = answer.body()
        for signal in self._ending(answer):
            yield signal

    async def _answer(self, answer: Answer, tape: Tape) -> Signals:
        async with aclosing(self._streamed(answer, tape)) as signals:
            async for signal in signals:
                yield signal
        if answer.complete:
            return
        if self.run.run_id is None:
            raise cut_off(self.label)
        async with aclosing(self._followed(answer)) as signals:
            async for signal in signals:
                yield signal
        tape.receiving(Heard(answer.body()))

    async def _streamed(self, answer: Answer, tape: Tape) -> Signals:
        """Yield what the run's events say; a stream that breaks off leaves the rest to polling."""
        try:
            async with aclosing(self.run.events()) as events:
                async for event in events:
                    tape.piece()
                    self._begun = True
                    for signal in answer.heard(event):
                        yield signal
                    self.run.is_called(answer.run.get("id"))
                    if answer.complete:
                        await read_on(events, _TO_CLOSE)
                        return
        except _LOST:
            if not answer.run:
                raise
        except ProviderError:
            if answer.run:
                self.run.anew()
            raise

    async def _followed(self, answer: Answer) -> Signals:
        """Poll the run until it is over, then yield what it has said meanwhile."""
        shows_polls()
        latest = asyncio.get_running_loop().time() + self.longest
        while True:
            standing, wait = await _patiently(self.run.standing)
            for signal in answer.heard({"event": STANDING, "data": standing}):
                yield signal
            if answer.ended:
                break
            if asyncio.get_running_loop().time() + wait > latest:
                raise timed_out(self.label)
            await asyncio.sleep(wait)
        for signal in answer.caught_up(await _patiently(self.run.messages)):
            yield signal

    def _ending(self, answer: Answer) -> Iterator[Signal]:
        """Yield how the answer ended; a run that failed is not gone on with."""
        try:
            for signal in answer.ending():
                if isinstance(signal, Finished):
                    self._finished = signal
                yield signal
        except ProviderError:
            self.run.anew()
            raise


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Ask until there is an answer; a server may miss to give one now and then."""
    for _ in range(_MISSES - 1):
        try:
            return await ask()
        except ProviderError as error:
            if not error.retryable:
                raise
        await asyncio.sleep(_SOON)
    return await ask()
