"""A run as a stream: follows its log on the server's event loop, without a thread of its own.

Most of what streams is in memory, where the run is executed in this process, and is passed on at
once; for the rest the log is read in a thread. A client that goes away stops nothing but its
stream.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import suppress
from typing import Final, Protocol

from starlette.responses import StreamingResponse

from conversation.errors import ParleyError, StoreUnavailable
from conversation.events import Logged
from conversation.follower import Follower
from conversation.ports import Cursor, Feed, TextDelta
from conversation.records import Run
from server.assistants_api.sse import DONE, HEADERS, MEDIA_TYPE, PING, ServerEvent

logger: Final = logging.getLogger(__name__)

News = Logged | TextDelta

PING_SECONDS: Final = 15.0
_NOT_YET: Final = 0.002
_AT_LONGEST: Final = 0.2
_IDLE: Final = 0.03
"""After a look at the log in vain: runs that others execute may have news at every commit."""

_FAULT: Final = "The server had an error while it sent this run. The run itself goes on."
_AGAIN: Final = (
    "Follow the run from there on with GET /v1/threads/{thread_id}/runs/{run_id}/events"
    "?after={seen}, or retrieve it."
)


class Reader(Protocol):
    """Makes events of what is new in a run."""

    @property
    def over(self) -> bool:
        """Whether the stream ends here."""
        ...

    @property
    def holding(self) -> str | None:
        """The message it has to be asked about again once that is in the log."""
        ...

    @property
    def writing(self) -> str | None:
        """The message of which more text is no more than that."""
        ...

    def reads(self, news: Sequence[News]) -> bool:
        """Tell whether it would read the database for this, though its run is known by heart."""
        ...

    def take(self, news: Iterable[News]) -> list[ServerEvent]:
        """Return the events for what is new; may read the database."""
        ...


def streamed(
    feed: Feed, run: Run, reader: Reader, *, after: int = 0, first: Iterable[ServerEvent] = ()
) -> StreamingResponse:
    """Return the answer that streams a run from the event `after` on, to its end or next wait."""
    frames = _frames(feed, run, reader, Cursor(seq=after), first)
    return StreamingResponse(frames, media_type=MEDIA_TYPE, headers=HEADERS)


async def _frames(
    feed: Feed, run: Run, reader: Reader, cursor: Cursor, first: Iterable[ServerEvent]
) -> AsyncIterator[bytes]:
    for event in first:
        yield event.frame()
    seen = cursor.seq
    try:
        with Follower(feed, run.id, cursor) as follower:
            while not reader.over:
                if await _news(feed, follower, reader):
                    events = await _next(follower, reader)
                    if events:
                        yield b"".join(event.frame() for event in events)
                    seen = follower.cursor.seq
                else:
                    yield PING
    except ParleyError as error:
        logger.warning("the stream of run %s ends early: %s", run.id, error)
        yield _trouble(_ended_early(error, run, seen), error.code).frame()
    except Exception:
        logger.exception("the stream of run %s broke", run.id)
        yield _trouble(f"{_FAULT} {_again(run, seen)}", None).frame()
    yield DONE


async def _news(feed: Feed, follower: Follower, reader: Reader) -> bool:
    """Wait until there may be news; False when it is time for a sign of life."""
    if reader.holding:
        await _kept(feed, follower, reader.holding)
        return True
    try:
        async with asyncio.timeout(PING_SECONDS):
            await follower.arrival()
    except TimeoutError:
        return False
    return True


async def _kept(feed: Feed, follower: Follower, message_id: str) -> None:
    """Wait until a message is in the log, or so long that something must have come between."""
    if feed.keeps(follower.run_id, message_id):
        await asyncio.sleep(_NOT_YET)  # what else it waits for is told after that
        return
    with suppress(TimeoutError):
        async with asyncio.timeout(_AT_LONGEST):
            await follower.until(lambda: feed.keeps(follower.run_id, message_id))


async def _next(follower: Follower, reader: Reader) -> list[ServerEvent]:
    if reader.writing and reader.writing == follower.cursor.message_id:
        text = follower.take_text()
        if text is not None:
            return reader.take(text)
    news = follower.take_known()
    if news is not None and not reader.reads(news):
        return reader.take(news)
    found, events = await asyncio.to_thread(_read, follower, reader, news)
    if not found and not events and not reader.over and not reader.holding:
        await asyncio.sleep(_IDLE)
    return events


def _read(
    follower: Follower, reader: Reader, known: Sequence[News] | None
) -> tuple[Sequence[News], list[ServerEvent]]:
    news = follower.take() if known is None else known
    return news, reader.take(news)


def _ended_early(error: ParleyError, run: Run, seen: int) -> str:
    """Say why a stream ends before its run, and where that goes on, if it does."""
    if not isinstance(error, StoreUnavailable):
        return error.message
    return f"{error.message} {error.hint} {_again(run, seen)}"


def _again(run: Run, seen: int) -> str:
    return _AGAIN.format(thread_id=run.thread_id, run_id=run.id, seen=seen)


def _trouble(message: str, code: str | None) -> ServerEvent:
    """Return the event that makes clients raise; without `error` around it, some would end."""
    error = {"message": message, "type": "server_error", "param": None, "code": code}
    return ServerEvent("error", {"error": error})
