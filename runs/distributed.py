"""Segments as jobs of procrastinate, in the PostgreSQL database that the log is in.

A process that has room executes what it accepts: its followers then read from memory. What it has
no room for, or leaves to others, is put in the queue by the transaction that makes it due, and any
process that executes runs takes it out. A job is a hint, not a right: who takes it claims the run
as everybody does, and leaves it alone unless it still stands where the job says. What a process
that died has left is no matter of the queue; `runs.upkeep` finds that in the log.
"""

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

import psycopg
from procrastinate import App, PsycopgConnector, SyncPsycopgConnector
from procrastinate.exceptions import ProcrastinateException
from procrastinate.jobs import DeleteJobCondition, Status
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task
from procrastinate.worker import Worker as JobWorker
from psycopg_pool import AsyncConnectionPool

from conversation.errors import NotFound, StoreUnavailable
from conversation.ports import Store
from conversation.records import Exchange, Run
from runs.run_queue import EmbeddedQueue
from runs.worker import Worker

logger: Final = logging.getLogger(__name__)

QUEUE: Final = "parley"
TASK: Final = "segment"
CONNECTIONS: Final = 4

_LOOK: Final = 1.0
"""How often a worker looks for jobs that it was not told of."""
_HEARTBEAT: Final = 10.0
_STALLED: Final = 30.0
_WAIT: Final = 5.0
_PARTING: Final = 1.0
"""For how long the queue is left in order at the end, though the database does not answer."""
_RETRY: Final = 1.0
_QUEUED: Final = (
    "SELECT DISTINCT args->>'run_id' AS run_id FROM procrastinate_jobs"
    " WHERE status = 'todo' AND queue_name = %(queue)s AND args->>'run_id' = ANY(%(run_ids)s)"
)

Defer = Callable[[Any, str, int], None]
_FAULTS: Final = (ProcrastinateException, psycopg.Error)


def deferring() -> Defer:
    """Return what puts a run's segment in the queue, on a connection in a transaction.

    A segment is known by the run's last event before it.
    """
    jobs = JobManager(SyncPsycopgConnector())

    def defer(connection: Any, run_id: str, segment: int) -> None:
        job = configure_task(
            name=TASK,
            job_manager=jobs,
            queue=QUEUE,
            queueing_lock=f"{run_id}:{segment}",
            connection=connection,
        )
        try:
            job.defer(run_id=run_id, segment=segment)
        except _FAULTS as error:
            raise _unavailable() from error

    return defer


class DistributedQueue:
    """Runs are executed by whoever has room; by this process if it `executes` any.

    `providers` are those that it can ask. `at_once` is how many runs of its own it executes before
    it leaves more to the queue, and how many it takes out of that at a time.
    """

    def __init__(
        self,
        *,
        worker: Worker,
        store: Store,
        connect: Mapping[str, Any],
        providers: Callable[[], Collection[str]],
        executes: bool = True,
        at_once: int = 100,
    ) -> None:
        self._worker = worker
        self._here = EmbeddedQueue(worker)
        self._store = store
        self._connect = dict(connect)
        self._providers = providers
        self._executes = executes
        self._at_once = at_once
        self._app = App(connector=PsycopgConnector())
        self._app.task(name=TASK, queue=QUEUE)(self._execute)
        self._pool: AsyncConnectionPool | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._claims: set[asyncio.Task[bool]] = set()
        self._opened = asyncio.Event()
        self._closed = False
        for library in ("procrastinate", "psycopg.pool"):  # what they tell, we tell in a line
            logging.getLogger(library).setLevel(logging.CRITICAL)

    def entrusted(self, run: Run) -> Run:
        """Return a new run as this process's, if there is room, else as nobody's yet."""
        return self._here.entrusted(run) if self._has_room() else run

    def accepted(self, run: Run, begun: Exchange | None = None) -> None:
        """Execute it, unless a job came with it."""
        if run.worker_id == self._worker.id:
            self._here.accepted(run, begun)

    async def go_on(self, run_id: str, fence: int) -> None:
        """Take the run up, if there is room; its job came with what it has waited for."""
        if self._has_room():
            await self._here.go_on(run_id, fence)

    async def left(self, run_ids: Collection[str]) -> list[str]:
        """Return those without a job that waits."""
        if not run_ids:
            return []
        await self._opened.wait()
        try:
            rows = await self._app.connector.execute_query_all_async(
                _QUEUED, queue=QUEUE, run_ids=list(run_ids)
            )
        except _FAULTS as error:
            raise _unavailable() from error
        queued = {row["run_id"] for row in rows}
        return [run_id for run_id in run_ids if run_id not in queued]

    async def open(self) -> None:
        """Begin to take jobs, unless others execute runs."""
        if not self._executes:
            return
        self._pool = AsyncConnectionPool(
            kwargs=self._connect,
            min_size=1,
            max_size=CONNECTIONS,
            timeout=_WAIT,
            open=False,
            configure=_commit_at_once,
            check=AsyncConnectionPool.check_connection,
        )
        await self._pool.open(wait=False)
        await self._app.open_async(self._pool)
        self._opened.set()
        self._tasks = [
            asyncio.create_task(self._keep(self._take_jobs, _RETRY), name="queue of runs"),
            asyncio.create_task(self._keep(self._remove_stalled, _STALLED), name="stalled jobs"),
        ]

    async def close(self) -> None:
        """Take no more jobs."""
        self._closed = True
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=_PARTING)
        if self._claims:
            await asyncio.wait(self._claims, timeout=_PARTING)
        if self._pool:
            await self._pool.close(timeout=_PARTING)

    # beneath

    def _has_room(self) -> bool:
        return self._executes and len(self._worker.busy) < self._at_once

    async def _keep(self, duty: Callable[[], Any], seconds: float) -> None:
        """Do it again and again; a database that does not answer is waited for.

        One that does not answer while a worker ends makes an error of what was to end it.
        """
        told = False
        while not self._closed:
            try:
                await duty()
                told = False
            except _FAULTS as error:
                if not told:
                    logger.warning("the queue of runs does not answer: %s", _reason(error))
                told = True
            except Exception:
                logger.exception("the queue of runs is interrupted")
            await asyncio.sleep(seconds)

    async def _take_jobs(self) -> None:
        worker = _JobWorker(
            self._app,
            queues=[QUEUE],
            name=self._worker.id,
            concurrency=self._at_once,
            fetch_job_polling_interval=_LOOK,
            shutdown_graceful_timeout=0,
            delete_jobs=DeleteJobCondition.ALWAYS,
            install_signal_handlers=False,
            update_heartbeat_interval=_HEARTBEAT,
            stalled_worker_timeout=_STALLED,
        )
        await worker.run()  # type: ignore[no-untyped-call]  # as procrastinate leaves it

    async def _execute(self, run_id: str, segment: int) -> None:
        """Do a job; what goes wrong is found in the log by whoever looks for what is left."""
        try:
            await self._take_up(run_id, segment)
        except NotFound:
            pass  # it was deleted
        except StoreUnavailable as error:
            logger.warning("run %s is taken up once the database answers: %s", run_id, error)
        except Exception:
            logger.exception("run %s can't be taken up", run_id)

    async def _take_up(self, run_id: str, segment: int) -> None:
        """Execute a segment, if it is still to be; a job that is aborted lets it go on."""
        run = await asyncio.to_thread(self._store.run, run_id)
        if not self._due(run, segment):
            return
        claim = asyncio.create_task(self._worker.claim(run_id, run.fence))
        self._claims.add(claim)
        claim.add_done_callback(self._claimed)
        if await asyncio.shield(claim):
            await self._worker.over(run_id)

    def _due(self, run: Run, segment: int) -> bool:
        """Tell whether a run stands where its job says, and can be executed here."""
        free = run.worker_id is None and run.waiting is None and not run.ended
        return free and run.seq == segment and run.spec.provider in self._providers()

    def _claimed(self, claim: asyncio.Task[bool]) -> None:
        self._claims.discard(claim)
        if not claim.cancelled():
            claim.exception()  # the job has it, unless that was aborted

    async def _remove_stalled(self) -> None:
        """Remove jobs of processes that died: their runs are taken up by their state in the log."""
        jobs = self._app.job_manager
        for job in await jobs.get_stalled_jobs(queue=QUEUE, seconds_since_heartbeat=_STALLED):
            await jobs.finish_job(job, status=Status.FAILED, delete_job=True)


class _JobWorker(JobWorker):
    """A worker that ends, to be started anew, as soon as it does not hear of jobs any more.

    Its watch on that ends with the first of what it watches, and the deferring of periodic jobs
    would end at once: there are none.
    """

    async def _periodic_deferrer(self) -> None:
        await asyncio.Event().wait()


async def _commit_at_once(connection: psycopg.AsyncConnection[Any]) -> None:
    await connection.set_autocommit(True)


def _reason(error: Exception) -> str:
    return " ".join(str(error.__cause__ or error).split())


def _unavailable() -> StoreUnavailable:
    return StoreUnavailable("The queue of runs does not answer.")
