"""The requests of a run to its model, until they are in the log."""

from dataclasses import replace
from datetime import datetime
from typing import Final

from conversation.records import ModelCall, Run

_TRIES_OF_A_PROCESS: Final = 100


class Requests:
    """Counts one run's requests and keeps what the log has not yet taken of them.

    Each answer of the model is one request, numbered from 1; its attempts are numbered from 1 by
    the process that began the run, and from 101, 201 and so on by those that took it up after a
    crash: so nobody has to know what the one before had written, and nothing is written over.
    """

    def __init__(self) -> None:
        self._last: ModelCall | None = None
        self._unwritten: dict[tuple[int, int], ModelCall] = {}

    def sent(self, run: Run, number: int, request: str, at: datetime) -> None:
        """Take a request that goes out."""
        before = self._last
        if before is not None and before.number == number:
            attempt = before.attempt + 1
        else:
            attempt = max(0, run.attempt - 1) * _TRIES_OF_A_PROCESS + 1
        call = ModelCall(
            run_id=run.id,
            number=number,
            attempt=attempt,
            provider=run.spec.provider,
            request=request,
            started_at=at,
        )
        self._changed(call)

    def over(self, at: datetime, response: str | None = None) -> None:
        """Take what came back; without a request under way nothing did."""
        if self._last is not None and self._last.ended_at is None:
            self._changed(replace(self._last, response=response, ended_at=at))

    def unwritten(self) -> tuple[ModelCall, ...]:
        """Return the rows that are to be written."""
        return tuple(self._unwritten.values())

    def written(self, calls: tuple[ModelCall, ...]) -> None:
        """Forget rows that are in the log now, unless they have changed since."""
        for call in calls:
            key = (call.number, call.attempt)
            if self._unwritten.get(key) is call:
                del self._unwritten[key]

    def _changed(self, call: ModelCall) -> None:
        self._last = call
        self._unwritten[call.number, call.attempt] = call
