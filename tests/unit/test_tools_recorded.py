"""Recorded outputs in place of functions."""

from conversation.events import ToolExecuted
from conversation.turns import ToolCall
from tools.recorded import RecordedTools


def had(
    output: str, arguments: str = '{"symbol": "AAPL"}', *, failed: bool = False
) -> ToolExecuted:
    return ToolExecuted(
        call_id="call_0", name="price", arguments=arguments, output=output, seconds=3, failed=failed
    )


async def outputs(tools: RecordedTools, *arguments: str, name: str = "price") -> list[str]:
    calls = [ToolCall(call_id=f"call_{n}", name=name, arguments=a) for n, a in enumerate(arguments)]
    return [(await tools.run(call)).output for call in calls]


async def test_equal_calls_get_their_outputs_in_order() -> None:
    tools = RecordedTools([had("1"), had("other", "{}"), had("2")])

    assert await outputs(tools, '{"symbol":"AAPL"}', '{"symbol": "AAPL"}') == ["1", "2"]


async def test_last_output_is_repeated() -> None:
    assert await outputs(RecordedTools([had("1"), had("2")]), *['{"symbol":"AAPL"}'] * 4) == [
        "1", "2", "2", "2",
    ]  # fmt: skip


async def test_call_that_was_not_recorded_is_told_so() -> None:
    call = ToolCall(call_id="call_1", name="price", arguments='{"symbol": "MSFT"}')

    result = await RecordedTools([had("1")]).run(call)

    assert result.failed
    assert result.output == "No call of price with these arguments was recorded, and none was run."
    assert result.call_id == "call_1"


async def test_name_counts_too() -> None:
    (output,) = await outputs(RecordedTools([had("1")]), '{"symbol": "AAPL"}', name="buy")

    assert "was recorded" in output


async def test_failure_is_recorded_as_one() -> None:
    call = ToolCall(call_id="call_1", name="price", arguments='{"symbol": "AAPL"}')

    result = await RecordedTools([had("no such share", failed=True)]).run(call)

    assert (result.output, result.failed, result.seconds) == ("no such share", True, 0)


def test_any_function_can_be_remembered_without_approval() -> None:
    tools = RecordedTools([])
    policy = tools.policy("launch")

    assert tools.specs() == ()
    assert policy is not None
    assert policy.idempotent
    assert not policy.needs_approval
