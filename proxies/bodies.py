"""The body of a response, closed where it was read.

The SDKs leave the HTTP clients' generators behind when they stop reading: after `[DONE]`, at an
error event, whenever we leave. The garbage collector then closes them in any order and from any
thread, and one that just waits for another fails ("async generator already executing").
"""

from collections.abc import AsyncGenerator, Callable
from typing import Any, Final

_READERS: Final = ("aiter_bytes", "aiter_raw")


class Body:
    """What is read of one response; both of the HTTP clients' have these readers."""

    def __init__(self, response: object) -> None:
        """See to it that `response` reads through here."""
        self._response = response
        self._begun: list[AsyncGenerator[bytes, None]] = []
        for name in _READERS:
            setattr(response, name, self._kept(getattr(response, name)))

    async def aclose(self) -> None:
        """Close what was begun, from the outside in; what has ended stays as it is."""
        for name in _READERS:  # else the response and its readers would keep each other alive
            vars(self._response).pop(name, None)
        while self._begun:
            await self._begun.pop(0).aclose()

    def _kept(
        self, read: Callable[..., AsyncGenerator[bytes, None]]
    ) -> Callable[..., AsyncGenerator[bytes, None]]:
        def begin(*args: Any, **options: Any) -> AsyncGenerator[bytes, None]:
            self._begun.append(read(*args, **options))
            return self._begun[-1]

        return begin
