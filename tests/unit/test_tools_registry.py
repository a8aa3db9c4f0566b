import asyncio
import json
import logging
import math
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from conversation.ports import ToolPolicy
from conversation.turns import ToolCall, ToolResult
from tools.failures import ToolFailed
from tools.function import FunctionTool
from tools.outputs import LIMIT
from tools.registry import Tools
from tools.threads import Threads

SOON = ToolPolicy(timeout=0.02)


def call(name: str, arguments: str = "{}") -> ToolCall:
    return ToolCall(call_id="call_1", name=name, arguments=arguments)


async def output(tools: Tools, name: str, arguments: str = "{}") -> str:
    return (await tools.run(call(name, arguments))).output


async def failure(tools: Tools, name: str, arguments: str = "{}") -> str:
    result = await tools.run(call(name, arguments))
    assert result.failed
    return result.output


def add(a: int, b: int = 1) -> int:
    """Add two numbers."""
    return a + b


async def greet(name: str) -> str:
    return f"Hello {name}"


class Hung:
    """A function that does not end before the test does."""

    def __init__(self) -> None:
        self.started = threading.Semaphore(0)
        self.over = threading.Event()

    def hang(self) -> str:
        self.started.release()
        self.over.wait()
        return "late"


@pytest.fixture
def hung() -> Iterator[Hung]:
    hung = Hung()
    yield hung
    hung.over.set()


async def test_runs_sync_and_async_functions() -> None:
    tools = Tools(add, greet)

    assert await output(tools, "add", '{"a": 2, "b": 3}') == "5"
    assert await output(tools, "greet", '{"name": "Ada"}') == "Hello Ada"


async def test_empty_arguments_mean_none() -> None:
    def now() -> str:
        return "now"

    assert await output(Tools(now), "now", "") == "now"


async def test_unknown_name_lists_those_that_exist() -> None:
    said = await failure(Tools(add, greet), "subtract")

    assert said == "There is no function 'subtract'. Those that exist: add, greet."


async def test_wrong_json_is_told_to_the_model() -> None:
    assert "The arguments of add are not JSON" in await failure(Tools(add), "add", '{"a": 1')


async def test_each_argument_that_does_not_fit_is_named() -> None:
    said = await failure(Tools(add), "add", '{"b": "two", "c": 3}')

    assert "a: is missing" in said
    assert "b: Input should be a valid integer" in said
    assert "c: there is no such argument" in said
    assert said.endswith("It takes: a, b.")


@pytest.mark.parametrize("arguments", ["[1]", '"text"', "null", '{"a": "\ud800"}'])
async def test_arguments_must_be_an_object(arguments: str) -> None:
    assert "The arguments of add don't fit" in await failure(Tools(add), "add", arguments)


async def test_exception_is_told_without_its_stack_trace(caplog: pytest.LogCaptureFixture) -> None:
    def divide(a: int) -> float:
        return a / 0

    assert await failure(Tools(divide), "divide", '{"a": 1}') == (
        "ZeroDivisionError: division by zero"
    )
    assert "Traceback" in caplog.text


async def test_expected_failure_is_told_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    def find() -> str:
        raise ToolFailed("There is nothing to find.")

    assert await failure(Tools(find), "find") == "There is nothing to find."
    assert not caplog.records


@pytest.mark.parametrize("error", [StopIteration(), SystemExit(1), asyncio.CancelledError()])
async def test_nothing_a_function_raises_escapes(error: BaseException) -> None:
    def blocking() -> None:
        raise error

    async def awaited() -> None:
        raise error

    tools = Tools(blocking, awaited)
    for name in ("blocking", "awaited"):
        assert (await tools.run(call(name))).failed


async def test_time_out_is_told(hung: Hung, caplog: pytest.LogCaptureFixture) -> None:
    async def forever() -> None:
        await asyncio.Event().wait()

    tools = Tools(FunctionTool(forever, SOON), FunctionTool(hung.hang, SOON))

    with caplog.at_level(logging.ERROR):
        for name in ("forever", "hang"):
            said = await failure(tools, name)
            assert said == f"{name} has not ended within 0.02 s and was given up."


async def test_time_out_of_its_own_is_an_exception() -> None:
    def connect() -> None:
        raise TimeoutError("no answer from the server")

    assert await failure(Tools(connect), "connect") == "TimeoutError: no answer from the server"


async def test_hung_function_does_not_block_the_next(hung: Hung) -> None:
    tools = Tools(FunctionTool(hung.hang, SOON), add, threads=Threads(size=1))

    stuck, ran = await asyncio.gather(tools.run(call("hang")), tools.run(call("add", '{"a": 1}')))

    assert stuck.failed
    assert ran.output == "2"


async def test_too_many_hung_functions_are_an_error(hung: Hung) -> None:
    threads = Threads(size=2, most_abandoned=2)
    tools = Tools(FunctionTool(hung.hang, SOON), add, threads=threads)

    await asyncio.gather(tools.run(call("hang")), tools.run(call("hang")))
    assert threads.abandoned == 2
    assert "Too many functions hang" in await failure(tools, "add", '{"a": 1}')

    hung.over.set()
    while threads.abandoned:  # noqa: ASYNC110 - a thread tells nobody when it is gone
        await asyncio.sleep(0)
    assert await output(tools, "add", '{"a": 1}') == "2"


async def test_no_thread_to_be_had_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)

    assert "can't start another thread" in await failure(Tools(add), "add", '{"a": 1}')


async def test_no_more_functions_run_at_once_than_there_are_places(hung: Hung) -> None:
    tools = Tools(FunctionTool(hung.hang), threads=Threads(size=2))

    running = [asyncio.create_task(tools.run(call("hang"))) for _ in range(5)]
    started = [await asyncio.to_thread(hung.started.acquire) for _ in range(2)]
    third = hung.started.acquire(blocking=False)
    hung.over.set()

    assert (started, third) == ([True, True], False)
    assert [result.output for result in await asyncio.gather(*running)] == ["late"] * 5


async def test_cancellation_is_passed_on(hung: Hung) -> None:
    stopped = asyncio.Event()
    begun = asyncio.Event()

    async def wait() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    tools = Tools(wait, hung.hang)
    tasks = [asyncio.create_task(tools.run(call(name))) for name in ("wait", "hang")]
    await begun.wait()
    await asyncio.to_thread(hung.started.acquire)
    for task in tasks:
        task.cancel()

    ends = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ends)
    assert stopped.is_set()


async def test_output_that_is_no_text_is_json() -> None:
    def facts() -> dict[str, object]:
        when = datetime(2025, 1, 2, tzinfo=UTC)
        return {"price": Decimal("1.50"), "at": when, "gap": math.nan, "top": math.inf}

    assert json.loads(await output(Tools(facts), "facts")) == {
        "price": "1.50", "at": "2025-01-02T00:00:00Z", "gap": None, "top": None,
    }  # fmt: skip


async def test_output_json_cannot_say_is_told() -> None:
    def strange() -> object:
        return {"it": object()}

    def endless() -> list[object]:
        loop: list[object] = []
        loop.append(loop)
        return loop

    tools = Tools(strange, endless)
    for name in ("strange", "endless"):
        assert "has run, but its result can't be written as JSON" in await failure(tools, name)


@pytest.mark.parametrize("text", ["x" * (LIMIT + 1), "é" * LIMIT, "\U0001f600" * LIMIT])
async def test_long_output_is_cut_between_characters(text: str) -> None:
    def read() -> str:
        return text

    said = await output(Tools(read), "read")

    kept, note = said.split("\n")
    assert LIMIT - 4 < len(said.encode()) <= LIMIT
    assert text.startswith(kept)
    assert note.startswith("[cut: ")


async def test_result_says_how_long_the_function_took() -> None:
    result: ToolResult = await Tools(add).run(call("add", '{"a": 1}'))

    assert result.call_id == "call_1"
    assert 0 < result.seconds < 5


def test_policy_is_known_by_name() -> None:
    tools = Tools(FunctionTool(add, SOON))

    assert tools.policy("add") == SOON
    assert tools.policy("subtract") is None


def test_name_can_be_taken_only_once() -> None:
    tools = Tools(add)

    with pytest.raises(ValueError, match="already a function tool 'add'"):
        tools.register(add)
