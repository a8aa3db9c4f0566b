"""Who executes which run; a worker lives while its sign of life is renewed."""

import os
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Select, case, delete, exists, select, update

from conversation.errors import NotFound, Superseded
from conversation.records import Run
from conversation.script import State
from storage.processes import can_tell, gone, here
from storage.reading import run
from storage.rows import put, run_of
from storage.tables import UNDER_WAY, RunRow, WorkerRow

_FORGOTTEN: Final = timedelta(days=1)
"""How long a worker is silent before its row is removed."""
_RELEASED: Final = RunRow.worker_id.is_(None) & (RunRow.state == State.REQUIRES_ACTION)
"""What `storage.rules.released` says, for the database."""


def register(connection: Connection, worker_id: str, now: datetime) -> None:
    """Enter a process that executes runs, and forget those that have long been silent."""
    connection.execute(delete(WorkerRow).where(WorkerRow.alive_at < now - _FORGOTTEN))
    worker = {"id": worker_id, "host": here(), "pid": os.getpid()}
    put(connection, WorkerRow, [worker | {"started_at": now, "alive_at": now}])


def renew(connection: Connection, worker_id: str, now: datetime) -> None:
    """Renew a worker's sign of life."""
    alive = update(WorkerRow).where(WorkerRow.id == worker_id).values(alive_at=now)
    if connection.execute(alive).rowcount == 0:
        raise NotFound("worker", worker_id)


def remove(connection: Connection, worker_id: str) -> None:
    """Strike a worker off."""
    connection.execute(delete(WorkerRow).where(WorkerRow.id == worker_id))


def remove_dead(connection: Connection, now: datetime) -> int:
    """Strike off workers whose process is gone for certain; return how many."""
    if not can_tell():
        return 0
    query = select(WorkerRow.id, WorkerRow.pid, WorkerRow.alive_at).where(WorkerRow.host == here())
    dead = [
        worker_id
        for worker_id, pid, alive_at in connection.execute(query)
        if gone(pid, (now - alive_at).total_seconds())
    ]
    if dead:
        connection.execute(delete(WorkerRow).where(WorkerRow.id.in_(dead)))
    return len(dead)


def claim(
    connection: Connection,
    run_id: str,
    worker_id: str,
    alive_since: datetime,
    fence: int | None = None,
) -> Run:
    """Take an open run over, unless another living worker has it, or its fence is another one."""
    row = connection.execute(
        update(RunRow)
        .where(
            RunRow.id == run_id,
            UNDER_WAY,
            (RunRow.worker_id == worker_id) | _unexecuted(alive_since),
            *(() if fence is None else (RunRow.fence == fence,)),
        )
        .values(
            fence=RunRow.fence + 1,
            attempt=RunRow.attempt + case((_RELEASED, 0), else_=1),
            worker_id=worker_id,
            waiting=None,
        )
        .returning(*RunRow.__table__.c)
    ).one_or_none()
    if row is None:
        run(connection, run_id)
        raise Superseded(run_id)
    return run_of(row)


def orphans(
    connection: Connection, providers: Collection[str], alive_since: datetime, limit: int
) -> list[str]:
    """Return open runs of these providers that nobody executes and that wait for nobody."""
    query = select(RunRow.id).where(RunRow.provider.in_(providers), RunRow.waiting.is_(None))
    return list(connection.scalars(_abandoned(query, alive_since, limit)))


def expired(connection: Connection, now: datetime, alive_since: datetime, limit: int) -> list[Run]:
    """Return open runs past their time that nobody executes."""
    query = _abandoned(select(RunRow).where(RunRow.expires_at <= now), alive_since, limit)
    return [run_of(row) for row in connection.execute(query)]


def executing(connection: Connection, worker_id: str) -> dict[str, tuple[str, int]]:
    """Return state and fence of the open runs that a worker has."""
    query = select(RunRow.id, RunRow.state, RunRow.fence)
    rows = connection.execute(query.where(RunRow.worker_id == worker_id, UNDER_WAY))
    return {run_id: (state, fence) for run_id, state, fence in rows}


def executed_by(connection: Connection, run_id: str, alive_since: datetime) -> str | None:
    """Return the living worker that has an open run."""
    found = run(connection, run_id)
    living = select(WorkerRow.id).where(
        WorkerRow.id == found.worker_id, WorkerRow.alive_at >= alive_since
    )
    return connection.scalar(living)


def _abandoned(query: Select[Any], alive_since: datetime, limit: int) -> Select[Any]:
    open_ones = query.where(UNDER_WAY, _unexecuted(alive_since))
    return open_ones.order_by(RunRow.created_at, RunRow.number).limit(limit)


def _unexecuted(alive_since: datetime) -> Any:
    return ~exists().where(WorkerRow.id == RunRow.worker_id, WorkerRow.alive_at >= alive_since)
