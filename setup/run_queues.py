"""Who executes runs, as the settings say: the process that accepts them, or any that takes them."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conversation.ports import Store
from runs.run_queue import EmbeddedQueue, RunQueue
from runs.worker import Worker
from setup.settings import Settings
from storage.engine import server_arguments

if TYPE_CHECKING:
    from runs.distributed import Defer


def prepare(wanted: Settings) -> None:
    """Make the distributed queue's tables, or bring them up to date, where there is to be one."""
    if wanted.distributed:
        from runs.queue_schema import prepare as prepare_tables

        prepare_tables(_connect(wanted))


def deferring(wanted: Settings) -> "Defer | None":
    """Return what puts runs in the queue as they are accepted; None where there is none."""
    if not wanted.distributed:
        return None
    from runs.distributed import deferring as deferring_jobs

    return deferring_jobs()


def run_queue(
    wanted: Settings,
    worker: Worker,
    store: Store,
    providers: Callable[[], Collection[str]],
) -> RunQueue:
    """Return the queue; the distributed one is loaded only where it is used."""
    if not wanted.distributed:
        return EmbeddedQueue(worker)
    from runs.distributed import DistributedQueue

    return DistributedQueue(
        worker=worker,
        store=store,
        connect=_connect(wanted),
        providers=providers,
        executes=wanted.executes_runs,
        at_once=wanted.run_worker_at_once,
    )


def _connect(wanted: Settings) -> dict[str, Any]:
    return server_arguments(wanted.database_url.get_secret_value(), Path())
