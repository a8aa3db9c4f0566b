"""Which settings of the queue of runs go together."""

import pytest
from pydantic import ValidationError

from setup.settings import Settings

SERVER = "postgresql+psycopg://me@db.example.com/parley"
FILE = "sqlite:///parley.db"


def settings(**given: object) -> Settings:
    return Settings.model_validate(given)


@pytest.mark.parametrize(
    ("url", "queue", "distributed"),
    [
        (SERVER, "auto", True),
        (SERVER, "distributed", True),
        (SERVER, "embedded", False),
        (FILE, "auto", False),
        (FILE, "embedded", False),
    ],
)
def test_database_decides_unless_something_else_is_wanted(
    url: str, queue: str, distributed: bool
) -> None:
    wanted = settings(database_url=url, run_queue=queue)

    assert (wanted.distributed, wanted.executes_runs) == (distributed, True)


def test_queue_needs_a_server() -> None:
    with pytest.raises(ValidationError, match="needs PostgreSQL"):
        settings(database_url=FILE, run_queue="distributed")


@pytest.mark.parametrize("given", [{"database_url": FILE}, {"run_queue": "embedded"}])
def test_process_leaves_runs_to_others_only_where_these_hear_of_them(
    given: dict[str, str],
) -> None:
    with pytest.raises(ValidationError, match="only with a distributed queue"):
        settings(**{"database_url": SERVER, "run_worker": "off"} | given)


def test_process_that_only_accepts_executes_nothing() -> None:
    assert not settings(database_url=SERVER, run_worker="off").executes_runs
