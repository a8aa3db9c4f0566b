"""What programs do when they are told to end: the terminal, one's own program, the page."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from signal import SIGTERM

import pytest

from conversation.records import Run
from conversation.script import State
from runs.means import Limits
from storage.store import open_store
from tests.contract.cores import ended, running, until
from tests.doors.terminal import CTRL_C, Terminal, surroundings

TERMINATED = 128 + SIGTERM
LONG = "600"
PROGRAM = """
import asyncio, conversation

async def main():
    user_proxy = conversation.start_conversation("demo")
    user_proxy.send_user_message("{text}", use_streaming=True)
    async for text in await user_proxy.get_assistant_message():
        print(text, end="", flush=True)

try:
    asyncio.run(main())
finally:
    print("cleaned up")
"""
ASKING = """
import asyncio, conversation
from setup import bootstrap
from conversation.ports import ToolPolicy
from tools.function import FunctionTool

def launch() -> str:
    "Launch a rocket."
    return "it flies"

bootstrap.stock_tools = lambda prices: [FunctionTool(launch, ToolPolicy(needs_approval=True))]
user_proxy = conversation.start_conversation("demo", on_approval=lambda call: input("Launch? "))
user_proxy.send_user_message("call launch {}")
print(asyncio.run(user_proxy.get_assistant_message()))
"""

Begin = Callable[..., Terminal]


@pytest.fixture
def database(tmp_path: Path) -> str:
    """The address of a database that is not there yet."""
    return f"sqlite:///{tmp_path}/parley.db"


@pytest.fixture
def begin(database: str) -> Iterator[Begin]:
    """Start programs that share a database."""
    environment = surroundings(
        DATABASE_URL=database, STOCK_PRICES="sample", DEMO_DELAY_SECONDS="0.02"
    )
    with ExitStack() as programs:

        def start(*arguments: str, **settings: str) -> Terminal:
            given = environment | settings
            return programs.enter_context(Terminal(*arguments, environment=given))

        yield start


def only_run(database: str) -> Run:
    """Return the one run there is."""
    with closing(open_store(database)) as store:
        [run] = [run for thread in store.threads() for run in store.runs(thread.id)]
    return run


def test_terminal_prints_the_answer_to_its_end(begin: Begin, database: str) -> None:
    terminal = begin("terminal-chat.py", "demo", DRAIN_SECONDS=LONG)
    terminal.until("You: ")
    terminal.type("count to 60")
    terminal.until("5, ")

    terminal.signal(SIGTERM)

    assert "59, 60." in terminal.until("60.")
    assert terminal.end()[0] == TERMINATED
    run = only_run(database)
    assert (run.state, run.attempt) == (State.COMPLETED, 1)


def test_terminal_that_waits_for_a_message_ends(begin: Begin) -> None:
    terminal = begin("terminal-chat.py", "demo", DRAIN_SECONDS=LONG)
    terminal.until("You: ")
    terminal.type("echo hello")
    terminal.until("You: ")

    terminal.signal(SIGTERM)

    code, shown = terminal.end()
    assert code == TERMINATED
    assert "Traceback" not in shown


def test_answer_past_the_limit_is_handed_over(begin: Begin, database: str) -> None:
    program = begin("-c", PROGRAM.format(text="count to 10000"), DRAIN_SECONDS="0.5")
    program.until("5, ")

    program.signal(SIGTERM)

    code, shown = program.end()
    assert code != 0
    assert "Parley has been closed." in shown
    assert "cleaned up" in shown
    assert only_run(database).state is State.RUNNING
    with running(database, limits=Limits(dead_after=3600)) as core:
        run = until(core, only_run(database).id, lambda run: run.attempt == 2)
        core.cancel(run.id)
        ended(core, run.id)


def test_second_signal_ends_a_program_at_once(begin: Begin, database: str) -> None:
    program = begin("-c", PROGRAM.format(text="count to 10000"), DRAIN_SECONDS=LONG)
    program.until("5, ")

    program.signal(SIGTERM)
    program.until("under way: 1.")
    program.signal(SIGTERM)

    code, shown = program.end()
    assert code != 0
    assert "cleaned up" in shown
    assert only_run(database).state is State.RUNNING


def test_interrupt_hastens_a_program_that_ends(begin: Begin, database: str) -> None:
    sends = PROGRAM.partition("    async for")[0] + "\nasyncio.run(main())"
    program = begin("-c", sends.format(text="count to 10000"), DRAIN_SECONDS=LONG)
    program.until("under way: 1.")

    program.type(CTRL_C)

    assert program.end()[0] == 0
    assert not only_run(database).ended


def test_program_with_a_way_of_its_own_keeps_it(begin: Begin, database: str) -> None:
    own = "import signal\nsignal.signal(signal.SIGTERM, lambda *_: print('my own way'))\n"
    program = begin("-c", own + PROGRAM.format(text="count to 60"), DRAIN_SECONDS=LONG)
    program.until("5, ")

    program.signal(SIGTERM)

    program.until("my own way")
    program.until("60.")
    assert program.end()[0] == 0


def test_question_to_a_person_does_not_keep_a_program(begin: Begin, database: str) -> None:
    program = begin("-c", ASKING, DRAIN_SECONDS=LONG)
    program.until("Launch? ")

    program.signal(SIGTERM)

    code, shown = program.end()
    assert code == TERMINATED
    assert "Traceback" not in shown
    assert only_run(database).waiting == "person"
