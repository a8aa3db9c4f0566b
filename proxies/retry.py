"""The one retry policy, for every provider; the SDKs' own retries are off.

Only what may help is tried again, and only while the model has said nothing: after the first
token a second attempt would repeat or contradict what people have read.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Final

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    wait_exponential_jitter,
)

from conversation.errors import BadResponse, ProviderError
from conversation.signals import Asking, Finished, Item, Refusing, Retrying, Saying, Signal, Used

Attempt = Callable[[], AsyncGenerator[Signal, None]]

_HEARD: Final = (Saying, Refusing, Asking, Finished)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """How often and how patiently a request is repeated; times in seconds.

    A provider that asks for a longer wait than `longest_wait` is not asked again at all.
    """

    attempts: int = 4
    first_delay: float = 0.5
    longest_delay: float = 8.0
    jitter: float = 0.5
    longest_wait: float = 120.0

    def signals(self, attempt: Attempt) -> AsyncGenerator[Signal, None]:
        """Yield the signals of `attempt()`, called again after a failure that may pass."""
        return _Retries(self, attempt).signals()

    def delay(self, state: RetryCallState) -> float:
        """Return the provider's wish, else a wait that grows from attempt to attempt."""
        error = _failure(state)
        if error.retry_after is not None:
            return error.retry_after
        grow = wait_exponential_jitter(
            initial=self.first_delay, max=self.longest_delay, jitter=self.jitter
        )
        return grow(state)

    def exhausted(self, state: RetryCallState) -> bool:
        """Tell whether to give up: too many attempts, or too long a wait."""
        # A model that fumbled its answer gets one more try; it tends to repeat itself.
        fumbled = isinstance(_failure(state), BadResponse)
        allowed = min(self.attempts, 2) if fumbled else self.attempts
        return state.attempt_number >= allowed or state.upcoming_sleep > self.longest_wait


DEFAULT_POLICY: Final = RetryPolicy()


class _Retries:
    """One request and its repetitions."""

    def __init__(self, policy: RetryPolicy, attempt: Attempt) -> None:
        self._attempt = attempt
        self._heard = False
        self._spent: Used | None = None
        self._next: Retrying | None = None
        self._retrying = AsyncRetrying(
            stop=policy.exhausted,
            wait=policy.delay,
            retry=retry_if_exception(self._may_help),
            before_sleep=self._announce,
            sleep=_later,
            reraise=True,
        )

    async def signals(self) -> AsyncGenerator[Signal, None]:
        """Yield what the attempts yield, and at the end the tokens of all: each is billed."""
        try:
            async with aclosing(self._attempts()) as signals:
                async for signal in signals:
                    if isinstance(signal, Used):
                        self._spent = signal + self._spent if self._spent else signal
                        continue
                    if isinstance(signal, Finished) and self._spent:
                        yield self._spent
                    yield signal
        except ProviderError:
            if self._spent:
                yield self._spent
            raise

    async def _attempts(self) -> AsyncGenerator[Signal, None]:
        """Yield what the attempts yield, and a `Retrying` before each wait."""
        async for attempt in self._retrying:
            if self._next is not None:
                yield self._next
                await asyncio.sleep(self._next.delay)
            try:
                async with aclosing(self._once()) as signals:
                    async for signal in signals:
                        yield signal
                return
            except ProviderError:
                with attempt:  # tenacity decides
                    raise

    async def _once(self) -> AsyncGenerator[Signal, None]:
        """Yield one attempt's signals; items wait for the first token, or die with the attempt."""
        held: list[Signal] = []
        async with aclosing(self._attempt()) as signals:
            async for signal in signals:
                self._heard = self._heard or isinstance(signal, _HEARD)
                if isinstance(signal, Item) and not self._heard:
                    held.append(signal)
                    continue
                if self._heard:
                    for earlier in held:
                        yield earlier
                    held.clear()
                yield signal

    def _may_help(self, error: BaseException) -> bool:
        return isinstance(error, ProviderError) and error.retryable and not self._heard

    def _announce(self, state: RetryCallState) -> None:
        error = _failure(state)
        self._next = Retrying(
            code=error.code,
            reason=error.message,
            delay=state.upcoming_sleep,
            attempt=state.attempt_number,
        )


async def _later(seconds: float) -> None:
    """Leave the wait to the generator, which has a signal to yield before it."""


def _failure(state: RetryCallState) -> ProviderError:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, ProviderError):
        raise TypeError("Only a provider's failures are retried.")
    return error
