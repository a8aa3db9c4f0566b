"""The composition root: the one place that knows every part and puts them together."""

import atexit
import importlib
import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

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
from setup.core import ParleyCore, Parts
from setup.providers import Providers
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
    "conversation", "mediator", "proxies", "tools", "storage", "runs", "setup", "ui",
)  # fmt: skip

_lock: Final = threading.Lock()
_cores: Final[list[ParleyCore]] = []


def core() -> ParleyCore:
    """Return this process's core, put together at the first call."""
    with _lock:
        if not _cores:
            wanted = settings()
            _log_from(wanted.log_level.upper())
            _cores.append(build(wanted))
            _at_exit(_cores[0].close)
        return _cores[0]


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
    return open_store(url, root=root, busy_timeout=wanted.database_busy_seconds)


def _parts(wanted: Settings, store: SqlStore, tools: ToolRunner, limits: Limits) -> Parts:
    topic, feed, flusher, history = LogTopic(), LogFeed(store), Flusher(store), store.history()
    topic.subscribe(feed.heard)
    log = Recorder(store, topic, feed, flusher)
    providers = Providers(wanted)
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
    control = Control(worker=worker, store=store, log=log, mediator=mediator, clock=utc_now)
    upkeep = Upkeep(
        worker=worker,
        control=control,
        store=store,
        clock=utc_now,
        providers=providers.available,
        retention=_retention(wanted, history),
    )
    return Parts(
        store=store,
        history=history,
        feed=feed,
        topic=topic,
        log=log,
        flusher=flusher,
        runner=Runner(),
        worker=worker,
        control=control,
        upkeep=upkeep,
        providers=providers,
        casting=Casting(wanted, store, providers, tools),
        tools=tools,
        mediator=mediator,
        clock=utc_now,
        expires_after=timedelta(seconds=wanted.chat_run_expires_seconds),
    )


def _retention(wanted: Settings, history: History) -> Retention | None:
    days = wanted.retention_days
    return Retention(history=history, clock=utc_now, days=days) if days else None
