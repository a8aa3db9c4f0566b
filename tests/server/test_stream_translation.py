from collections.abc import Sequence
from typing import Any

from conversation.errors import ProviderUnavailable, RateLimited
from conversation.events import Logged
from conversation.ports import TextDelta, ToolPolicy
from conversation.records import Message, Run, Step
from conversation.signals import Asking, Finished, Refusing, Saying, Sent, Used
from conversation.turns import ToolCall
from mediator.answers import submit_outputs
from server.assistants_api.rows import Rows, StoredRows
from server.assistants_api.sse import ServerEvent
from server.assistants_api.translation import Translator
from tests.contract.scripts import asking, call, price, saying
from tests.server.told import CLIENTS, Told, names, status_of
from tools.function import FunctionTool

BEGUN = ["run.created", "run.queued", "run.in_progress"]
STEP = ["run.step.created", "run.step.in_progress"]
MESSAGE = [*STEP, "message.created", "message.in_progress"]


def weather() -> ToolCall:
    return call("weather", '{"city": "Rome"}')


async def waiting_for_client(told: Told, *calls: ToolCall) -> Run:
    run = await told.begin(CLIENTS)
    await told.conduct(run, asking(*calls))
    return told.stage.store.run(run.id)


async def submit(told: Told, run: Run, *outputs: tuple[ToolCall, str]) -> None:
    mediator = told.stage.restore(run.id, fenced=False)
    assert await submit_outputs(mediator, {call.call_id: output for call, output in outputs})


def named(events: Sequence[ServerEvent], name: str) -> Any:
    return next(event.data for event in events if event.name == f"thread.{name}")


async def test_plain_run_comes_in_the_order_of_the_api() -> None:
    told = Told()
    run = await told.begin()
    used = Used(input=7, output=3)
    await told.conduct(run, [Sent(), Saying("Hel"), Saying("lo"), used, Finished("stop")])

    events = told.events(run)

    assert names(events) == [
        *BEGUN, *MESSAGE, "message.delta", "message.delta",
        "message.completed", "run.step.completed", "run.completed",
    ]  # fmt: skip
    assert named(events, "run.created")["status"] == "queued"
    assert named(events, "run.created")["usage"] is None
    assert named(events, "run.in_progress")["started_at"]
    assert named(events, "message.created")["content"] == []
    assert named(events, "message.completed")["content"][0]["text"]["value"] == "Hello"
    assert named(events, "run.completed")["usage"]["total_tokens"] == 10
    assert named(events, "run.completed")["expires_at"] is None


async def test_only_the_first_piece_names_annotations() -> None:
    told = Told()
    run = await told.begin()
    await told.conduct(run, saying("a", "b"))

    pieces = [e.data["delta"]["content"] for e in told.events(run) if "message.delta" in e.name]

    assert pieces == [
        [{"index": 0, "type": "text", "text": {"value": "a", "annotations": []}}],
        [{"index": 0, "type": "text", "text": {"value": "b"}}],
    ]


async def test_refusal_is_a_part_of_its_own() -> None:
    told = Told()
    run = await told.begin()
    await told.conduct(run, [Sent(), Refusing("No."), Finished("stop")])

    piece = named(told.events(run), "message.delta")["delta"]["content"][0]

    assert piece == {"index": 0, "type": "refusal", "refusal": "No."}


async def test_server_side_tools_show_a_step_that_completes_by_itself() -> None:
    told = Told(price)
    run = await told.begin()
    await told.conduct(run, asking(call()), saying("It is 42."))

    events = told.events(run)

    assert names(events) == [
        *BEGUN, *STEP, *["run.step.delta"] * 3, "run.step.completed",
        *MESSAGE, "message.delta", "message.completed", "run.step.completed", "run.completed",
    ]  # fmt: skip
    assert named(events, "run.step.created")["step_details"]["tool_calls"] == []
    shown = named(events, "run.step.completed")["step_details"]["tool_calls"][0]
    assert shown["function"]["output"] == "42.0"


async def test_words_before_calls_are_a_message_of_their_own() -> None:
    told = Told(price)
    run = await told.begin()
    words = [Sent(), Saying("Let me see."), Asking((call(),)), Finished("tool_calls")]
    await told.conduct(run, words, saying("It is 42."))

    assert names(told.events(run)) == [
        *BEGUN, *MESSAGE, "message.delta", "message.completed", "run.step.completed",
        *STEP, *["run.step.delta"] * 3, "run.step.completed",
        *MESSAGE, "message.delta", "message.completed", "run.step.completed", "run.completed",
    ]  # fmt: skip


async def test_awaited_client_ends_the_stream_with_its_calls() -> None:
    told, first, second = Told(), weather(), weather()
    run = await waiting_for_client(told, first, second)

    events = told.events(run)

    assert names(events) == [*BEGUN, *STEP, *["run.step.delta"] * 4, "run.requires_action"]
    action = events[-1].data["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert [wanted["id"] for wanted in action] == [first.call_id, second.call_id]
    assert action[0]["function"] == {"name": "weather", "arguments": '{"city": "Rome"}'}


async def test_awaited_person_ends_the_stream_too() -> None:
    told, wanted = Told(FunctionTool(price, ToolPolicy(needs_approval=True))), call()
    run = await told.begin()
    await told.conduct(run, asking(wanted))

    events = told.events(run)

    assert names(events)[-1] == "run.requires_action"
    (shown,) = events[-1].data["required_action"]["submit_tool_outputs"]["tool_calls"]
    assert shown["id"] == wanted.call_id


async def test_call_names_id_and_name_once() -> None:
    told, wanted = Told(), weather()
    run = await waiting_for_client(told, wanted)

    deltas = [e.data["delta"] for e in told.events(run) if e.name.endswith("step.delta")]

    calls = [delta["step_details"]["tool_calls"][0] for delta in deltas]
    assert calls == [
        {
            "index": 0,
            "id": wanted.call_id,
            "type": "function",
            "function": {"name": "weather", "arguments": "", "output": None},
        },
        {"index": 0, "type": "function", "function": {"arguments": wanted.arguments}},
    ]


async def test_stream_that_was_late_still_ends_where_the_client_was_awaited() -> None:
    told, wanted = Told(), weather()
    run = await waiting_for_client(told, wanted)
    await submit(told, run, (wanted, "sunny"))
    await told.conduct(run, saying("Sunny."))

    events = told.events(run)

    assert names(events)[-1] == "run.requires_action"
    assert events[-1].data["status"] == "requires_action"
    assert events[-1].data["required_action"]


async def test_stream_of_outputs_begins_with_the_completed_step() -> None:
    told, wanted = Told(), weather()
    run = await waiting_for_client(told, wanted)
    await submit(told, run, (wanted, "sunny"))
    await told.conduct(run, saying("Sunny."))

    events = told.events(run, after=run.seq)

    assert names(events) == [
        "run.step.completed", "run.queued", "run.in_progress",
        *MESSAGE, "message.delta", "message.completed", "run.step.completed", "run.completed",
    ]  # fmt: skip
    function = events[0].data["step_details"]["tool_calls"][0]["function"]
    assert function["output"] == "sunny"


async def test_second_round_of_outputs_is_awaited_anew() -> None:
    told, first, second = Told(), weather(), weather()
    run = await waiting_for_client(told, first)
    await submit(told, run, (first, "sunny"))
    again = await told.conduct(run, asking(second))
    await submit(told, again, (second, "rainy"))
    await told.conduct(run, saying("Both."))

    assert names(told.events(run, after=run.seq))[-1] == "run.requires_action"
    assert names(told.events(run, after=again.seq))[:2] == ["run.step.completed", "run.queued"]


async def test_failure_closes_what_is_open_first() -> None:
    told = Told()
    run = await told.begin()
    await told.conduct(run, [Sent(), Saying("Half"), ProviderUnavailable("It is down.")])

    events = told.events(run)

    assert names(events)[-3:] == ["message.incomplete", "run.step.failed", "run.failed"]
    assert named(events, "message.incomplete")["incomplete_details"] == {"reason": "run_failed"}
    assert named(events, "run.step.failed")["last_error"]["code"] == "server_error"
    assert events[-1].data["last_error"]["code"] == "server_error"


async def test_failure_before_any_text_has_no_message() -> None:
    told = Told()
    run = await told.begin()
    await told.conduct(run, [RateLimited("Too many.")])

    events = told.events(run)

    assert names(events) == ["run.created", "run.queued", "run.failed"]
    assert events[-1].data["last_error"]["code"] == "rate_limit_exceeded"


async def test_answer_cut_short_ends_incomplete_with_its_text() -> None:
    told = Told()
    run = await told.begin()
    await told.conduct(run, [Sent(), Saying("Half"), Finished("max_tokens")])

    events = told.events(run)

    assert names(events)[-3:] == ["message.incomplete", "run.step.completed", "run.incomplete"]
    assert named(events, "message.incomplete")["content"][0]["text"]["value"] == "Half"
    assert events[-1].data["incomplete_details"] == {"reason": "max_completion_tokens"}


async def test_stop_is_told_before_what_it_closes() -> None:
    told = Told()
    run = await told.begin()
    mediator = told.stage.restore(run.id)
    await mediator.started()
    await mediator.say("Half")
    await mediator.cancel()
    await mediator.cancelled()

    assert names(told.events(run))[-4:] == [
        "run.cancelling", "message.incomplete", "run.step.cancelled", "run.cancelled",
    ]  # fmt: skip


async def test_expiry_closes_what_a_client_left_open() -> None:
    told, wanted = Told(), weather()
    run = await waiting_for_client(told, wanted)
    await told.stage.restore(run.id, fenced=False).expire()

    events = told.events(run)

    assert names(events)[-2:] == ["run.step.expired", "run.expired"]


async def test_taken_over_run_goes_on_with_new_ids() -> None:
    told = Told()
    run = await told.begin()
    dead = told.stage.restore(run.id)
    await dead.started()
    await dead.say("Half")
    await told.stage.crash(run.id)
    await told.conduct(run, saying("Whole."))

    events = told.events(run)

    assert names(events) == [
        *BEGUN, *MESSAGE, "message.delta", "message.incomplete", "run.step.failed",
        *MESSAGE, "message.delta", "message.completed", "run.step.completed", "run.completed",
    ]  # fmt: skip
    created = [event.data["id"] for event in events if event.name.endswith("created")]
    assert len(set(created)) == len(created)
    assert named(events, "message.incomplete")["content"], "clients break on an empty end"


async def test_text_waits_for_its_message_to_be_kept() -> None:
    told = Told()
    run = await told.begin()
    await told.conduct(run, saying("Hello"))
    rows = LateRows(StoredRows(told.stage.store, run.id))
    translator = Translator(rows, status_of)
    text = 1 + next(i for i, piece in enumerate(told.log.news) if isinstance(piece, TextDelta))

    before = translator.take(told.log.news[:text])
    held = translator.holding
    rows.late = False
    after = translator.take(told.log.news[text:])

    assert held
    assert names(before) == BEGUN
    assert names(before + after) == names(told.events(run))


async def test_text_of_an_attempt_that_was_given_up_is_not_waited_for() -> None:
    told = Told()
    run = await told.begin()
    await told.conduct(run, saying("Hello"))
    lost = TextDelta(message_id="msg_lost", offset=0, text="Lost")

    events = told.translator(run).take([*told.log.news[:-1], lost, told.log.news[-1]])

    assert names(events) == names(told.events(run))


async def test_text_that_is_ahead_of_the_log_waits_for_it() -> None:
    told, wanted = Told(), weather()
    run = await waiting_for_client(told, wanted)
    await submit(told, run, (wanted, "sunny"))
    before = len(told.log.news)
    await told.conduct(run, saying("Sunny."))
    news = told.log.news
    text = next(i for i, piece in enumerate(news) if isinstance(piece, TextDelta))
    ahead = [news[text], *news[before:text], *news[text + 1 :]]
    translator = told.translator(run)
    translator.go_on_after([piece for piece in news[:before] if isinstance(piece, Logged)])

    events = [event for piece in ahead for event in translator.take([piece])]

    assert names(events) == [
        "run.step.completed", "run.queued", "run.in_progress",
        *MESSAGE, "message.delta", "message.completed", "run.step.completed", "run.completed",
    ]  # fmt: skip


async def test_text_that_is_told_again_opens_no_message_anew() -> None:
    told = Told()
    run = await told.begin()
    await told.conduct(run, saying("Hello"))
    again = [piece for piece in told.log.news if isinstance(piece, TextDelta)]

    events = told.translator(run).take([*told.log.news[:-1], *again, told.log.news[-1]])

    assert names(events) == names(told.events(run))


class LateRows:
    """Rows in which no message is kept yet."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.late = True

    def run(self) -> Run:
        return self._rows.run()

    def message(self, message_id: str) -> Message | None:
        return None if self.late else self._rows.message(message_id)

    def steps(self) -> list[Step]:
        return self._rows.steps()
