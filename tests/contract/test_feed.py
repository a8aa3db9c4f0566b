"""Following a run: every event once, in order, and the text whole, from wherever one looks."""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conversation.errors import NotFound, StoreUnavailable
from conversation.events import Logged, MessageRetrieved, Retried, StateChanged
from conversation.follower import Follower
from conversation.ports import ChangeWatch, Cursor, Store, TextDelta
from conversation.records import PendingText, Run
from conversation.script import TERMINAL
from conversation.signals import Finished, Saying, Sent
from mediator.mediator_basic import MediatorBasic
from runs.elsewhere import Elsewhere
from runs.feed import LogFeed
from runs.flusher import Flusher
from setup.core import ParleyCore
from storage.memory import MemoryStore
from storage.store import open_store
from tests.contract.cores import DEMO, ENDLESS, WAIT, ended, followed, running, speaking
from tests.contract.processes import process
from tests.stage import ScriptedAssistant, Stage
from tools.registry import Tools

SLOW = 0.002
News = Sequence[Logged | TextDelta]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ParleyCore, Run]]:
    """A run with two answers: one that asks for a function and one that ends it."""

    def price(symbol: str) -> float:
        """Give a price.

        Args:
            symbol: A ticker.
        """
        return float(len(symbol))

    url = f"sqlite:///{tmp_path_factory.mktemp('feed')}/parley.db"
    with running(url, tools=Tools(price)) as core:
        run = core.start('call price {"symbol": "ACME"}', DEMO)
        ended(core, run.id)
        yield core, run


def events(news: News) -> list[Logged]:
    return [piece for piece in news if isinstance(piece, Logged)]


def texts(news: News) -> dict[str, str]:
    """Put the pieces of each message together; each must begin where the one before ended."""
    said: dict[str, str] = {}
    for piece in news:
        if isinstance(piece, TextDelta):
            before = said.get(piece.message_id, "")
            assert piece.offset == len(before)
            said[piece.message_id] = before + piece.text
    return said


def assert_whole(core: ParleyCore, run: Run, news: News) -> None:
    """Check that a follower has seen what the log has: each event once, each text whole."""
    assert events(news) == core.store.events(run.id)
    kept = {message.id: message.text for message in core.store.texts(run.id) if message.text}
    assert texts(news) == kept
    assert_last_piece_comes_first(news)


def assert_last_piece_comes_first(news: News) -> None:
    said: dict[str, str] = {}
    for piece in news:
        if isinstance(piece, TextDelta):
            said[piece.message_id] = said.get(piece.message_id, "") + piece.text
        elif isinstance(piece.event, MessageRetrieved):
            assert said[piece.event.message_id] == piece.event.text


def test_followers_in_and_across_processes_see_everything_once(url: str) -> None:
    with (
        running(url, demo_delay_seconds=SLOW) as core,
        running(url) as other,
        ThreadPoolExecutor(12) as pool,
    ):
        run = core.start("count to 150", DEMO)
        here = [pool.submit(list, followed(core, run.id)) for _ in range(6)]
        there = [pool.submit(list, followed(other, run.id)) for _ in range(6)]

        for seen in (*here, *there):
            assert_whole(core, run, seen.result(WAIT))
        assert_whole(core, run, list(followed(core, run.id)))  # after the end


def test_text_streams_across_processes(url: str) -> None:
    with running(url, demo_delay_seconds=0.01) as core, running(url) as other:
        run = core.start(ENDLESS, DEMO)

        assert speaking(other, run.id).startswith("1, ")

        core.cancel(run.id)
        ended(other, run.id)


def test_partial_text_at_a_stop_is_complete_for_all(url: str) -> None:
    with (
        running(url, demo_delay_seconds=SLOW) as core,
        running(url) as other,
        ThreadPoolExecutor(2) as pool,
    ):
        run = core.start(ENDLESS, DEMO)
        seen = [pool.submit(list, followed(one, run.id)) for one in (core, other)]
        speaking(core, run.id)

        core.cancel(run.id)

        for news in seen:
            assert_whole(core, run, news.result(WAIT))


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_cursor_gets_exactly_the_remainder(
    finished: tuple[ParleyCore, Run], data: st.DataObject
) -> None:
    core, run = finished
    whole = core.feed.read(run.id, Cursor()).news
    cut = data.draw(st.integers(0, len(whole)))
    cursor = cursor_after(whole[:cut])
    piece = whole[cut] if cut < len(whole) else None
    if isinstance(piece, TextDelta):  # somewhere inside it
        inside = data.draw(st.integers(0, len(piece.text) - 1))
        cursor = replace(cursor, message_id=piece.message_id, offset=inside)
        rest = (replace(piece, offset=inside, text=piece.text[inside:]), *whole[cut + 1 :])
    else:
        rest = whole[cut:]

    assert core.feed.read(run.id, cursor).news == rest


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(leaves=st.lists(st.integers(1, 12), max_size=6))
def test_follower_that_comes_and_goes_misses_nothing(live: ParleyCore, leaves: list[int]) -> None:
    run = live.start("count to 40", DEMO)
    news: list[Logged | TextDelta] = []
    cursor = Cursor()
    for pieces in leaves:
        with Follower(live.feed, run.id, cursor) as follower:
            goal = len(news) + pieces
            while len(news) < goal and not (news and ends(news[-1])):
                assert follower.wait(WAIT)
                news += follower.take()
            cursor = follower.cursor
    with Follower(live.feed, run.id, cursor) as follower:
        while not (news and ends(news[-1])):
            assert follower.wait(WAIT)
            news += follower.take()

    assert_whole(live, run, news)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyCore]:
    """A core whose model takes its time."""
    folder = tmp_path_factory.mktemp("live")
    with running(f"sqlite:///{folder}/parley.db", demo_delay_seconds=SLOW) as core:
        yield core


def test_unknown_run_can_not_be_followed(finished: tuple[ParleyCore, Run]) -> None:
    core, _ = finished
    with pytest.raises(NotFound):
        core.feed.read("run_nowhere", Cursor())


async def test_words_of_a_dead_attempt_never_follow_the_retry() -> None:
    """Another attempt begins between a look at the text and the look at the events."""
    stage = Stage(MediatorBasic, store=cast("Store", MemoryStore()))
    run = await stage.begin()
    old = stage.restore(run.id)
    await old.started()
    await old.say("Old words")
    await asyncio.wrap_future(stage.store.append_texts(tuple(stage.log.said)))
    meanwhile = Meanwhile(stage.store)
    feed = LogFeed(cast("Store", meanwhile))

    def crash() -> None:
        stage.store.claim(run.id, "worker_new", dead_after=0).result(WAIT)
        asyncio.run(stage.restore(run.id).retry())

    meanwhile.after_texts = lambda: run_in_thread(crash)
    news = feed.read(run.id, Cursor()).news

    assert any(isinstance(logged.event, Retried) for logged in events(news))
    assert not texts(news)


async def test_text_of_an_attempt_that_was_given_up_is_not_heard() -> None:
    assistant = ScriptedAssistant([Sent(), asyncio.Event()])
    async with process(MemoryStore(), assistant) as one:
        run = await one.begin()
        await assistant.asked.wait()
        late = PendingText(run_id=run.id, fence=0, message_id="msg_old", offset=0, text="Old")

        one.feed.said(late)

        assert not texts(one.feed.read(run.id, Cursor()).news)


async def test_follower_that_fails_hurts_nobody_else() -> None:
    def fails() -> None:
        raise RuntimeError("no longer there")

    assistant = ScriptedAssistant([Sent(), Saying("Hello"), Finished("stop")])
    async with process(MemoryStore(), assistant) as one:
        run = await one.begin()
        with one.feed.watch(run.id, fails):
            assert (await one.ended(run.id)).state == "completed"


async def test_refused_text_is_kept_once_the_store_is_back(url: str) -> None:
    stage = Stage(MediatorBasic, store=open_store(url))
    run = await stage.begin()
    mediator = stage.restore(run.id)
    await mediator.started()
    for word in ("One ", "two ", "three"):
        await mediator.say(word)
    refusing = Refusing(stage.store)
    flusher = Flusher(cast("Store", refusing), interval=0, retry=0)
    first, *others = stage.log.said
    flusher.add(first)
    await asyncio.wait_for(refusing.refused.wait(), WAIT)
    for piece in others:
        flusher.add(piece)
    refusing.down = False

    await flusher.close()

    assert stage.store.texts(run.id)[-1].text == "One two three"
    stage.store.close()


def test_commits_before_the_watch_is_open_are_not_missed() -> None:
    told = threading.Event()
    store = MemoryStore()
    elsewhere = Elsewhere(store.watch_changes, told.set)

    elsewhere.wanted = True  # whoever wants it has looked already, before the watch is open

    assert told.wait(WAIT)
    elsewhere.close()


def test_watch_is_closed_while_nobody_wants_it() -> None:
    opened: list[Watch] = []

    def watch() -> ChangeWatch:
        opened.append(Watch())
        return opened[-1]

    told = threading.Event()
    elsewhere = Elsewhere(watch, told.set)
    elsewhere.wanted = True
    assert told.wait(WAIT)

    elsewhere.wanted = False

    assert opened[0].closed.wait(WAIT)
    elsewhere.close()


def test_watch_that_breaks_is_opened_again() -> None:
    opened: list[Watch] = []
    twice = threading.Event()

    def watch() -> ChangeWatch:
        opened.append(Watch(broken=not opened))
        if len(opened) == 2:
            twice.set()
        return opened[-1]

    elsewhere = Elsewhere(watch, lambda: None, retry=0)
    elsewhere.wanted = True

    assert twice.wait(WAIT)
    elsewhere.close()


# beneath


class Watch:
    """A watch that sees nothing, or breaks with an error that is not ours."""

    def __init__(self, *, broken: bool = False) -> None:
        self.closed = threading.Event()
        self._broken = broken

    def wait(self, timeout: float) -> bool:
        if self._broken:
            raise OSError("the connection is gone")
        return self.closed.wait(0.01)

    def close(self) -> None:
        self.closed.set()


class Meanwhile:
    """A store where something happens right after the texts were read, once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.after_texts: Callable[[], None] | None = None

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    def texts(self, run_id: str) -> object:
        found = self._store.texts(run_id)
        happens, self.after_texts = self.after_texts, None
        if happens:
            happens()
        return found


class Refusing:
    """A store that refuses streamed text while it is `down`."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.down = True
        self.refused = asyncio.Event()

    def append_texts(self, pieces: tuple[PendingText, ...]) -> Future[None]:
        if not self.down:
            return self._store.append_texts(pieces)
        self.refused.set()
        failed: Future[None] = Future()
        failed.set_exception(StoreUnavailable("The database is locked by another program."))
        return failed


def run_in_thread(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join(WAIT)


def cursor_after(news: News) -> Cursor:
    cursor = Cursor()
    for piece in news:
        if isinstance(piece, Logged):
            cursor = replace(cursor, seq=piece.seq)
        else:
            end = piece.offset + len(piece.text)
            cursor = replace(cursor, message_id=piece.message_id, offset=end)
    return cursor


def ends(piece: Logged | TextDelta) -> bool:
    return (
        isinstance(piece, Logged)
        and isinstance(piece.event, StateChanged)
        and piece.event.after in TERMINAL
    )
