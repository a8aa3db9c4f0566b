"""Several calls in one step, as streams tell them: clients hear of each call once."""

import openai
from openai import AssistantEventHandler
from openai.types.beta.threads.runs import RunStep, ToolCall
from typing_extensions import override

from server.assistants_api.sse import ServerEvent
from tests.contract.scripts import asking, call, price, saying
from tests.server.assistants import PRICE, assistant, thread
from tests.server.told import CLIENTS, Told

SYMBOLS = ("AAPL", "MSFT", "NVDA")
QUOTES = "\n".join(f'call get_stock_price {{"symbol": "{symbol}"}}' for symbol in SYMBOLS)


class Counting(AssistantEventHandler):
    """Keeps the calls it hears of, and the steps that are over."""

    def __init__(self) -> None:
        super().__init__()
        self.created: list[str] = []
        self.done: list[str] = []
        self.steps: list[RunStep] = []

    @override
    def on_tool_call_created(self, tool_call: ToolCall) -> None:
        self.created.append(tool_call.id)

    @override
    def on_tool_call_done(self, tool_call: ToolCall) -> None:
        self.done.append(tool_call.id)

    @override
    def on_run_step_done(self, run_step: RunStep) -> None:
        self.steps.append(run_step)


def pieces(events: list[ServerEvent]) -> list[dict[str, object]]:
    deltas = [event.data["delta"] for event in events if event.name.endswith("step.delta")]
    return [delta["step_details"]["tool_calls"][0] for delta in deltas]


def test_handler_hears_of_each_parallel_call_once(client: openai.OpenAI) -> None:
    with client.beta.threads.runs.stream(
        thread_id=thread(client, QUOTES),
        assistant_id=assistant(client, PRICE).id,
        event_handler=Counting(),
    ) as stream:
        stream.until_done()

    calls = stream.steps[0].step_details.tool_calls  # type: ignore[union-attr]
    ids = [one.id for one in calls]
    assert len(ids) == len(SYMBOLS)
    assert stream.created == ids
    assert stream.done[: len(ids)] == ids
    assert set(stream.done[len(ids) :]) <= {ids[-1]}  # it tells the last one again at each end
    outputs = [one.function.output for one in calls]  # type: ignore[union-attr]
    assert all(symbol in str(output) for symbol, output in zip(SYMBOLS, outputs, strict=True))


async def test_outputs_of_parallel_calls_come_with_the_whole_step() -> None:
    told = Told(price)
    run = await told.begin()
    await told.conduct(run, asking(call(), call()), saying("Both are 42."))

    events = told.events(run)

    assert [piece["index"] for piece in pieces(events)] == [0, 0, 1, 1]
    step = next(event.data for event in events if event.name == "thread.run.step.completed")
    shown = [one["function"]["output"] for one in step["step_details"]["tool_calls"]]
    assert shown == ["42.0", "42.0"]


async def test_output_beside_a_clients_call_is_no_piece_of_its_own() -> None:
    told = Told(price)
    run = await told.begin(CLIENTS)
    await told.conduct(run, asking(call(), call("weather", '{"city": "Rome"}')))

    events = told.events(run)

    assert [piece["index"] for piece in pieces(events)] == [0, 0, 1, 1]
    assert events[-1].name == "thread.run.requires_action"
