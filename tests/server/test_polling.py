"""How often those are to ask who wait for a run's end: the more is going on, the less often."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from conversation.ports import Core
from server.assistants_api.runs import poll_after_ms
from tests.contract.cores import DEMO, ENDLESS, ended, running, when
from tests.server.checked import openai_client, served_core

SOME = 8


@pytest.fixture
def busy(tmp_path: Path) -> Iterator[Core]:
    """A core that executes some runs."""
    with running(f"sqlite:///{tmp_path}/parley.db", demo_delay_seconds=0.05) as core:
        for _ in range(SOME):
            core.start(ENDLESS, DEMO)
        yield core


@pytest.mark.parametrize(
    ("under_way", "after_ms"), [(0, 100), (5, 100), (8, 160), (50, 1000), (5000, 1000)]
)
def test_wait_grows_with_the_runs_under_way(under_way: int, after_ms: int) -> None:
    assert poll_after_ms(under_way) == after_ms


def test_busy_process_asks_for_patience(busy: Core) -> None:
    (thread, *_) = busy.store.threads()
    (run,) = busy.store.runs(thread.id)
    with served_core(busy) as address, openai_client(address) as client:
        raw = client.beta.threads.runs.with_raw_response.retrieve(run.id, thread_id=thread.id)

    assert int(raw.headers["openai-poll-after-ms"]) == poll_after_ms(SOME)


def test_runs_that_have_ended_are_not_under_way(busy: Core) -> None:
    assert busy.feed.under_way() == SOME

    for thread in busy.store.threads():
        (run,) = busy.store.runs(thread.id)
        busy.cancel(run.id)
        ended(busy, run.id)

    when(busy, lambda: busy.feed.under_way() == 0)


def test_client_that_polls_gets_its_answer(busy: Core) -> None:
    with served_core(busy) as address, openai_client(address) as client:
        assistant = client.beta.assistants.create(model="demo")
        run = client.beta.threads.create_and_run_poll(
            assistant_id=assistant.id, thread={"messages": [{"role": "user", "content": "hello"}]}
        )

    assert run.status == "completed"
