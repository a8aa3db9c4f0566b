"""What goes wrong on our side: clients are told that it did, and nothing of what it was."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.contract.cores import running
from tests.server.checked import openai_client, served_core


class Faulty:
    """A core with a fault of its own."""

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("the password is 1234")


def test_a_fault_is_told_without_its_details(caplog: pytest.LogCaptureFixture) -> None:
    faulty: Any = Faulty()
    with (
        served_core(faulty) as address,
        openai_client(address) as client,
        pytest.raises(openai.InternalServerError) as caught,
    ):
        client.beta.threads.retrieve("thread_1")

    error: Any = caught.value.body
    assert caught.value.status_code == 500
    assert (error["type"], error["param"], error["code"]) == ("server_error", None, None)
    assert error["message"].startswith("The server had an error processing your request.")
    assert "1234" not in error["message"]
    told = [one for one in caplog.records if one.name == "server.assistants_api.answers"]
    assert [one.levelno for one in told] == [logging.ERROR]
    assert str(caught.value.request_id) in told[0].getMessage()


def test_a_database_that_is_not_there_is_worth_another_try(tmp_path: Path) -> None:
    file = tmp_path / "parley.db"
    with (
        running(f"sqlite:///{file}", database_busy_seconds=0.2) as core,
        served_core(core) as address,
        openai_client(address) as client,
    ):
        thread = client.beta.threads.create()
        with locked(file):
            refused(client, thread.id)
        assert client.beta.threads.update(thread.id, metadata={"a": "1"}).metadata


def refused(client: openai.OpenAI, thread_id: str) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        client.beta.threads.update(thread_id, metadata={"a": "1"})
    assert caught.value.status_code == 503
    assert caught.value.code == "store_unavailable"
    assert caught.value.response.headers["retry-after"] == "1"


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Keep everybody from writing to a database."""
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.rollback()
