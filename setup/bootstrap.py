"""The composition root: the one place that knows every part and puts them together."""

import atexit
import importlib
import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from conversation.history import History
from conversation.ids import new_id
from conversation.ports import ToolRunner
from mediator.mediator_basic import MediatorBasic
from mediator.mediator_state_machine import MediatorStateMachine
from proxies.user_proxy import UserProxy
from runs.control import Control
from runs.feed import LogFeed
from runs.flusher import Flusher
from runs.means import Cast, Limits, MakeMediator, Means
from runs.recorder import Recorder
from runs.retention import Retention
from runs.runner import Runner
from runs.topic import LogTopic
from runs.upkeep import Upkeep
from runs.worker import Worker
from setup.casting import Casting
from setup.core import ParleyCore
from setup.leaving import Departure
from setup.parts import Parts
from setup.providers import Providers
from setup.run_queues import deferring, prepare, run_queue
from setup.settings import ROOT, Settings, settings
from storage.schema import revision, upgrade
from storage.store import SqlStore, open_store
from tools.registry import Tools
from tools.stocks import stock_tools

_MEDIATORS: Final[dict[str, MakeMediator]] = {
    "stateMachine": MediatorStateMachine,
    "basic": MediatorBasic,
}

_PACKAGES: Final = (
    "conversation", "mediator", "proxies", "tools", "storage", "runs", "setup", "server",
    "ui",
)  # fmt: skip

_lock: Final = threading.Lock()
_cores: Final[list[ParleyCore]] = []


def core(**changes: Any) -> ParleyCore:
    """Return this process's core, put together at the first call; with these settings changed."""
    with _lock:
        if not _cores:
            wanted = settings().model_copy(update=changes)
            _log_from(wanted.log_level.upper())
            _cores.append(build(wanted))
            departure = Departure(_cores[0])
            departure.on_sigterm()
            _at_exit(departure.at_exit)
        return _cores[0]


def opened() -> ParleyCore | None:
    """Return this process's core if it was put together."""
    return _cores[0] if _cores else None


def _at_exit(close: Callable[[], None]) -> None:
    """Call `close` before the interpreter shuts the thread pools that it still needs.

    `atexit` comes after that. The earlier moment has no public name (CPython 3.9 and later).
    """
    importlib.import_module("concurrent.futures.thread")  # whose own end must be entered first
    register = getattr(threading, "_register_atexit", atexit.register)
    register(close)


def build(
    wanted: Settings,
    *,
    root: Path = ROOT,
    tools: ToolRunner | None = None,
    limits: Limits | None = None,
) -> ParleyCore:
    """Put a core together and open it; `StoreUnavailable` where its database can't be used."""
    offered = tools or Tools(*stock_tools(wanted.stock_prices))
    with ExitStack() as undo:
        store = _store(wanted, root)
        undo.callback(store.close)
        made = ParleyCore(_parts(wanted, store, offered, limits or Limits()))
        undo.callback(made.close)
        made.open()
        undo.pop_all()
    return made


def utc_now() -> datetime:
    """Return the time, aware."""
    return datetime.now(UTC)


def _log_from(level: str) -> None:
    """Let our packages log from this level on; what others log is shown from warnings on."""
    logging.basicConfig(format="%(levelname)s %(name)s: %(message)s")
    for package in _PACKAGES:
        logging.getLogger(package).setLevel(level)


def _store(wanted: Settings, root: Path) -> SqlStore:
    """Open the store; a database that is not there yet is made, an older one is not touched."""
    url = wanted.database_url.get_secret_value()
    if revision(url, root=root) is None:
        upgrade(url, root=root)
    prepare(wanted)
    return open_store(
        url, root=root, busy_timeout=wanted.database_busy_seconds, due=deferring(wanted)
    )


def _parts(wanted: Settings, store: SqlStore, tools: ToolRunner, limits: Limits) -> Parts:
    topic, feed, flusher, history = LogTopic(), LogFeed(store), Flusher(store), store.history()
    topic.subscribe(feed.heard)
    log = Recorder(store, topic, feed, flusher)
    runner = Runner()
    providers = Providers(wanted, runner.loop)
    mediator = _MEDIATORS[wanted.mediator_type]
    worker = Worker(
        Means(
            worker_id=new_id("worker"),
            store=store,
            log=log,
            feed=feed,
            cast=Cast(mediator=mediator, user=UserProxy(tools), assistant=providers.proxy),
            clock=utc_now,
            limits=limits,
        )
    )
    available = providers.available if wanted.executes_runs else frozenset[str]
    queue = run_queue(wanted, worker, store, available)
    control = Control(
        worker=worker, queue=queue, store=store, log=log, mediator=mediator, clock=utc_now
    )
    upkeep = Upkeep(
        worker=worker,
        control=control,
        queue=queue,
        store=store,
        clock=utc_now,
        providers=available,
        retention=_retention(wanted, history),
    )
    return Parts(
        store=store,
        history=history,
        feed=feed,
        topic=topic,
        log=log,
        flusher=flusher,
        runner=runner,
        worker=worker,
        queue=queue,
        control=control,
        upkeep=upkeep,
        providers=providers,
        casting=Casting(wanted, store, providers, tools),
        tools=tools,
        mediator=mediator,
        clock=utc_now,
        expires_after=timedelta(seconds=wanted.chat_run_expires_seconds),
        api_expires_after=timedelta(seconds=wanted.run_expires_seconds),
        drain_seconds=wanted.drain_seconds,
        asks_for_titles=wanted.thread_titles == "model",
    )


def _retention(wanted: Settings, history: History) -> Retention | None:
    days = wanted.retention_days
    return Retention(history=history, clock=utc_now, days=days) if days else None
