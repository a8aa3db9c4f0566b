"""Budgets of tokens hold for all answers of a run, and end it with what there is."""

import pytest

from conversation.events import Incomplete
from conversation.records import Run, Usage
from conversation.script import State
from conversation.signals import Asking, Finished, Saying, Sent, Used
from conversation.turns import Sampling
from tests.contract.scripts import STOP, call, path, saying
from tests.stage import Line, ScriptedAssistant, Stage


def asking(**used: int) -> list[Line]:
    return [Sent(), Asking((call(),)), Used(**used), Finished("tool_calls")]


def ending(run: Run) -> tuple[State, str | None]:
    return run.state, run.incomplete_reason


async def test_rest_of_the_budget_caps_each_answer(stage: Stage) -> None:
    run = await stage.begin(max_completion_tokens=1000, sampling=Sampling(max_output_tokens=800))
    assistant = ScriptedAssistant(asking(output=300), asking(output=100), saying("42."))

    ended = await stage.conduct(run.id, assistant)

    assert ended.state is State.COMPLETED
    assert [turn.sampling.max_output_tokens for turn in assistant.heard] == [800, 700, 600]


async def test_used_up_answers_end_the_run_before_functions_are_run(stage: Stage) -> None:
    run = await stage.begin(max_completion_tokens=400)
    assistant = ScriptedAssistant(asking(output=300), asking(output=100))

    ended = await stage.conduct(run.id, assistant)

    assert ending(ended) == (State.INCOMPLETE, "max_completion_tokens")
    assert ended.usage.output == 400
    assert stage.kinds(run.id).count("tool_executed") == 1


async def test_whole_answer_may_use_the_budget_up(stage: Stage) -> None:
    run = await stage.begin(max_completion_tokens=400, max_prompt_tokens=400)
    last: list[Line] = [Sent(), Saying("42."), Used(input=400, output=400), STOP]

    ended = await stage.conduct(run.id, ScriptedAssistant(last))

    assert ended.state is State.COMPLETED


async def test_answer_cut_by_the_budget_keeps_its_text(stage: Stage) -> None:
    run = await stage.begin(max_completion_tokens=16)
    cut: list[Line] = [Sent(), Saying("It is"), Used(output=16), Finished("max_tokens")]

    ended = await stage.conduct(run.id, ScriptedAssistant(cut))

    message = stage.store.messages(run.thread_id)[-1]
    assert ending(ended) == (State.INCOMPLETE, "max_completion_tokens")
    assert (message.text, message.status) == ("It is", "incomplete")
    assert message.incomplete_reason == "max_tokens"
    assert [e.reason for e in stage.events(run.id) if isinstance(e, Incomplete)] == [
        "max_completion_tokens"
    ]


async def test_used_up_prompts_end_the_run(stage: Stage) -> None:
    run = await stage.begin(max_prompt_tokens=500)
    assistant = ScriptedAssistant(asking(input=300), asking(input=200))

    ended = await stage.conduct(run.id, assistant)

    assert ending(ended) == (State.INCOMPLETE, "max_prompt_tokens")
    assert stage.kinds(run.id).count("tool_executed") == 1


async def test_results_that_do_not_fit_any_more_end_the_run(stage: Stage) -> None:
    run = await stage.begin(max_prompt_tokens=500)

    ended = await stage.conduct(run.id, ScriptedAssistant(asking(input=499)))

    assert ending(ended) == (State.INCOMPLETE, "max_prompt_tokens")
    assert stage.kinds(run.id).count("tool_executed") == 1
    assert [step.status for step in stage.store.exchange(run.id).steps] == ["completed"]


async def test_message_that_cannot_fit_ends_the_run_unasked(stage: Stage) -> None:
    run = await stage.begin("x" * 2000, max_prompt_tokens=256)
    assistant = ScriptedAssistant()

    ended = await stage.conduct(run.id, assistant)

    assert ending(ended) == (State.INCOMPLETE, "max_prompt_tokens")
    assert assistant.heard == []
    assert path(stage, run) == [State.READY, State.STARTED, State.INCOMPLETE]


async def test_middle_of_a_long_thread_is_left_out(stage: Stage) -> None:
    first = await stage.begin("First")
    await stage.conduct(first.id, ScriptedAssistant(saying("x" * 2000)))
    thread = stage.store.thread(first.thread_id)
    run = await stage.begin("Newest", thread=thread, max_prompt_tokens=256)
    assistant = ScriptedAssistant(saying("Yes?"))

    ended = await stage.conduct(run.id, assistant)

    assert ended.state is State.COMPLETED
    assert [said.text for said in assistant.heard[0].messages] == ["First", "Newest"]


@pytest.mark.parametrize(("rest", "state"), [(1, State.COMPLETED), (0, State.INCOMPLETE)])
async def test_run_taken_up_counts_what_it_has_used(stage: Stage, rest: int, state: State) -> None:
    run = await stage.begin(max_completion_tokens=300)
    mediator = stage.restore(run.id)
    mediator.ledger.reply.take(Asking((call(),)))
    mediator.ledger.reply.take(Used(output=300 - rest))
    await mediator.started()
    await mediator.action_required()
    await stage.crash(run.id)
    assistant = ScriptedAssistant(saying("42."))

    ended = await stage.conduct(run.id, assistant)

    assert ended.usage == Usage(output=300 - rest)
    assert ended.state is state
    assert [turn.sampling.max_output_tokens for turn in assistant.heard] == [1] * rest
