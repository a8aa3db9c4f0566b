"""Both mediators follow the same script and write the same log."""

import asyncio

import pytest

from conversation.errors import (
    ProviderUnavailable,
    ThreadBusy,
)
from conversation.events import (
    Failed,
    Incomplete,
)
from conversation.script import State
from conversation.signals import (
    Alive,
    Finished,
    Item,
    Refusing,
    Retrying,
    Saying,
    Sent,
    Used,
)
from conversation.turns import ProviderItem, ToolSpec
from tests.contract.scripts import STOP, asking, call, path, saying
from tests.stage import Line, ScriptedAssistant, Stage, opening
from tools.registry import Tools


async def test_plain_answer_takes_the_short_path(stage: Stage) -> None:
    run = await stage.begin("Hello")

    ended = await stage.conduct(run.id, ScriptedAssistant(saying("Hi ", "there")))

    assert ended.state is State.COMPLETED
    assert path(stage, run) == [State.READY, State.STARTED, State.RUNNING, State.COMPLETED]
    assert stage.kinds(run.id) == [
        "message_sent", "state_changed", "state_changed", "status_checked", "state_changed",
        "message_retrieved", "state_changed",
    ]  # fmt: skip
    assert [m.text for m in stage.store.messages(run.thread_id)] == ["Hello", "Hi there"]
    assert "".join(text.text for text in stage.log.said) == "Hi there"


async def test_model_gets_tool_results_before_it_answers(stage: Stage) -> None:
    run = await stage.begin("Price of ACME?")
    wanted = call()
    assistant = ScriptedAssistant(asking(wanted), saying("It is ", "42."))

    ended = await stage.conduct(run.id, assistant)

    assert ended.state is State.COMPLETED
    assert path(stage, run) == [
        State.READY, State.STARTED, State.REQUIRES_ACTION, State.TOOLS_EXECUTED,
        State.TOOL_OUTPUTS_SUBMITTED, State.STARTED, State.RUNNING, State.COMPLETED,
    ]  # fmt: skip
    assert [kind for kind in stage.kinds(run.id) if kind.startswith("tool")] == [
        "tool_calls_requested", "tool_started", "tool_executed", "tool_outputs_submitted",
    ]  # fmt: skip
    (heard,) = assistant.heard[1].rounds
    assert heard.calls == (wanted,)
    assert [(r.call_id, r.output) for r in heard.results] == [(wanted.call_id, "42.0")]


async def test_calls_of_one_turn_run_at_the_same_time(stage: Stage) -> None:
    both = asyncio.Barrier(2)

    async def meet(symbol: str) -> str:
        """Wait for the other call.

        Args:
            symbol: A ticker.
        """
        await asyncio.wait_for(both.wait(), 5)
        return symbol

    stage = Stage(stage.make, Tools(meet))
    run = await stage.begin()
    calls = [call("meet"), call("meet", '{"symbol": "HAL"}')]

    ended = await stage.conduct(run.id, ScriptedAssistant(asking(*calls), saying("done")))

    assert ended.state is State.COMPLETED
    outputs = [record.output for record in stage.store.exchange(run.id).calls]
    assert outputs == ["ACME", "HAL"]


async def test_model_may_ask_again_and_is_told_every_round(stage: Stage) -> None:
    run = await stage.begin()
    assistant = ScriptedAssistant(asking(), asking(), asking(), saying("done"))

    await stage.conduct(run.id, assistant)

    assert [len(turn.rounds) for turn in assistant.heard] == [0, 1, 2, 3]


async def test_too_many_rounds_end_incomplete(stage: Stage) -> None:
    run = await stage.begin(max_tool_rounds=2)

    ended = await stage.conduct(run.id, ScriptedAssistant(asking(), asking(), asking()))

    assert (ended.state, ended.incomplete_reason) == (State.INCOMPLETE, "max_tool_rounds")
    assert stage.kinds(run.id).count("tool_executed") == 2
    assert "2" in stage.events(run.id)[-2].detail  # type: ignore[union-attr]


async def test_text_before_calls_is_a_message_of_its_own(stage: Stage) -> None:
    run = await stage.begin()
    item = ProviderItem(provider="scripted", body={"id": "rs_1"})
    first: list[Line] = [Sent(), Saying("Let me see."), Item(item), *asking()[1:]]
    assistant = ScriptedAssistant(first, saying("It is 42."))

    await stage.conduct(run.id, assistant)

    said = [m.text for m in stage.store.messages(run.thread_id)]
    assert said == ["Hello", "Let me see.", "It is 42."]
    assert assistant.heard[1].rounds[0].text == "Let me see."
    assert assistant.heard[1].rounds[0].items == (item,)
    assert assistant.heard[1].messages == assistant.heard[0].messages


async def test_usage_of_all_requests_adds_up(stage: Stage) -> None:
    run = await stage.begin()
    first: list[Line] = [*asking()[:-1], Used(input=10, output=2), Finished("tool_calls")]
    second: list[Line] = [Saying("42"), Used(input=20, output=3, cached=5, reasoning=1), STOP]

    ended = await stage.conduct(run.id, ScriptedAssistant(first, second))

    usage = ended.usage
    assert (usage.input, usage.output, usage.cached, usage.reasoning) == (30, 5, 5, 1)
    assert stage.kinds(run.id).count("usage_recorded") == 2


async def test_sign_of_life_is_told_once_for_each_status(stage: Stage) -> None:
    run = await stage.begin()
    alive = [Alive("queued"), Alive("queued"), Alive("in_progress"), Alive("in_progress")]

    await stage.conduct(run.id, ScriptedAssistant([Sent(), *alive, Saying("Hi"), STOP]))

    assert stage.kinds(run.id).count("status_checked") == 2


async def test_items_of_a_whole_answer_are_kept(stage: Stage) -> None:
    thought = ProviderItem(provider="scripted", body={"thought": "Hm."})
    run = await stage.begin()

    await stage.conduct(run.id, ScriptedAssistant([Sent(), Item(thought), Saying("Hi"), STOP]))

    assert [row.item for row in stage.store.exchange(run.id).items] == [thought]


async def test_refusal_after_a_few_words_is_marked_as_one(stage: Stage) -> None:
    run = await stage.begin()

    await stage.conduct(
        run.id, ScriptedAssistant([Sent(), Saying("Well, "), Refusing("no."), STOP])
    )

    message = stage.store.messages(run.thread_id)[-1]
    assert (message.text, message.refusal) == ("Well, no.", True)


async def test_refusal_is_a_complete_answer_marked_as_one(stage: Stage) -> None:
    run = await stage.begin()

    ended = await stage.conduct(run.id, ScriptedAssistant([Sent(), Refusing("I can't."), STOP]))

    message = stage.store.messages(run.thread_id)[-1]
    assert ended.state is State.COMPLETED
    assert (message.text, message.refusal, message.status) == ("I can't.", True, "completed")


@pytest.mark.parametrize("reason", ["max_tokens", "content_filter"])
async def test_answer_cut_short_keeps_its_text(stage: Stage, reason: str) -> None:
    run = await stage.begin()
    finished = Finished(reason)  # type: ignore[arg-type]

    ended = await stage.conduct(run.id, ScriptedAssistant([Sent(), Saying("Half"), finished]))

    message = stage.store.messages(run.thread_id)[-1]
    assert (ended.state, ended.incomplete_reason) == (State.INCOMPLETE, reason)
    assert (message.text, message.status, message.incomplete_reason) == (
        "Half", "incomplete", reason,
    )  # fmt: skip
    assert any(isinstance(event, Incomplete) for event in stage.events(run.id))


@pytest.mark.parametrize(
    ("turn", "code"),
    [
        ([Sent()], "stream_cut"),
        ([Sent(), Saying("Half")], "stream_cut"),
        ([Sent(), STOP], "bad_response"),
        ([Sent(), Saying(""), STOP], "bad_response"),
        ([ProviderUnavailable("The provider has a fault.")], "provider_unavailable"),
    ],
)
async def test_failure_ends_in_error_and_keeps_what_came(
    stage: Stage, turn: list[Line], code: str
) -> None:
    run = await stage.begin()

    ended = await stage.conduct(run.id, ScriptedAssistant(turn))

    assert ended.state is State.ERROR
    assert ended.error is not None
    assert ended.error.code == code
    assert [e.code for e in stage.events(run.id) if isinstance(e, Failed)] == [code]
    said = [m for m in stage.store.messages(run.thread_id) if m.role == "assistant"]
    assert [(m.text, m.incomplete_reason) for m in said] == (
        [("Half", "run_failed")] if Saying("Half") in turn else []
    )


async def test_conversation_goes_on_after_a_failure(stage: Stage) -> None:
    failed = await stage.begin("First")
    await stage.conduct(failed.id, ScriptedAssistant([ProviderUnavailable("Down.")]))
    thread = stage.store.thread(failed.thread_id)
    run = await stage.begin("Second", thread=thread)
    assistant = ScriptedAssistant(saying("Yes?"))

    ended = await stage.conduct(run.id, assistant)

    assert ended.state is State.COMPLETED
    assert [said.text for said in assistant.heard[0].messages] == ["First", "Second"]


async def test_second_message_is_refused_while_a_run_is_under_way(stage: Stage) -> None:
    run = await stage.begin()

    with pytest.raises(ThreadBusy) as refused:
        await stage.begin("Again", thread=stage.store.thread(run.thread_id))

    assert refused.value.run_id == run.id


async def test_retry_inside_a_proxy_is_an_event_and_no_move(stage: Stage) -> None:
    run = await stage.begin()
    again = Retrying(code="rate_limited", reason="Too many requests", delay=0.5, attempt=1)

    await stage.conduct(run.id, ScriptedAssistant([again, *saying("Hi")]))

    assert "retrying" in stage.kinds(run.id)
    assert path(stage, run) == [State.READY, State.STARTED, State.RUNNING, State.COMPLETED]


async def test_unknown_function_is_answered_and_not_run(stage: Stage) -> None:
    run = await stage.begin()
    assistant = ScriptedAssistant(asking(call("rm_rf")), saying("Sorry."))

    await stage.conduct(run.id, assistant)

    (result,) = assistant.heard[1].rounds[0].results
    assert result.failed
    assert "price" in result.output
    assert "tool_started" not in stage.kinds(run.id)


async def test_model_is_told_of_no_function_that_cannot_be_run(stage: Stage) -> None:
    start = opening(tools=(*stage.tools.specs(), ToolSpec(name="gone")))
    await stage.log.accept(start)
    assistant = ScriptedAssistant(asking(call("gone", "{}")), saying("A pity."))

    await stage.conduct(start.run.id, assistant)

    (result,) = assistant.heard[1].rounds[0].results
    assert (result.failed, result.output) == (
        True, "There is no function 'gone'. Available: price.",
    )  # fmt: skip


async def test_function_the_run_does_not_offer_is_not_run(stage: Stage) -> None:
    start = opening(tools=())
    await stage.log.accept(start)
    stage.store.run(start.run.id)
    assistant = ScriptedAssistant(asking(), saying("Sorry."))

    await stage.conduct(start.run.id, assistant)

    assert "tool_started" not in stage.kinds(start.run.id)
    assert assistant.heard[1].rounds[0].results[0].failed
