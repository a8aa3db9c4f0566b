"""A run that goes on with an answer: what the model is told, and for how long."""

from dataclasses import replace

from conversation.errors import StreamCut
from conversation.records import Exchange, Run
from conversation.script import State
from conversation.signals import Saying, Sent
from conversation.turns import Said
from mediator.ledger import GO_ON
from tests.contract.scripts import asking, saying
from tests.stage import Line, ScriptedAssistant, Stage, now, opening

HALF: list[Line] = [Sent(), Saying("It is "), StreamCut("The connection broke.")]
TOLD = [
    Said(role="user", text="Hello"),
    Said(role="assistant", text="It is "),
    Said(role="user", text=GO_ON),
]


async def cut_off(stage: Stage) -> Run:
    """Return a run whose answer broke off."""
    run = await stage.begin("Hello")
    return await stage.conduct(run.id, ScriptedAssistant(HALF))


async def going_on(stage: Stage, run: Run) -> Run:
    """Begin a run that goes on with it."""
    partial = stage.store.messages(run.thread_id)[-1]
    thread = stage.store.thread(run.thread_id)
    begun = opening(thread=thread, tools=stage.tools.specs(), continues=partial.id)
    begun = replace(
        begun, run=replace(begun.run, message_id=run.message_id), messages=(), events=()
    )
    mediator = stage.make(Exchange(run=begun.run, messages=()), log=stage.log, clock=now)
    return await mediator.set_user_message(begun)


async def test_model_is_told_to_go_on_behind_its_answer(stage: Stage) -> None:
    run = await going_on(stage, await cut_off(stage))
    assistant = ScriptedAssistant(saying("42."))

    ended = await stage.conduct(run.id, assistant)

    assert ended.state is State.COMPLETED
    assert list(assistant.heard[0].messages) == TOLD
    shown = [(m.role, m.text) for m in stage.store.messages(run.thread_id)]
    assert shown == [("user", "Hello"), ("assistant", "It is "), ("assistant", "42.")]


async def test_wish_to_go_on_stays_before_the_calls(stage: Stage) -> None:
    run = await going_on(stage, await cut_off(stage))
    assistant = ScriptedAssistant(asking(), saying("42."))

    await stage.conduct(run.id, assistant)

    assert list(assistant.heard[1].messages) == TOLD
    assert len(assistant.heard[1].rounds) == 1


async def test_wish_to_go_on_is_gone_in_the_next_run(stage: Stage) -> None:
    run = await going_on(stage, await cut_off(stage))
    await stage.conduct(run.id, ScriptedAssistant(saying("42.")))
    later = await stage.begin("Thanks", thread=stage.store.thread(run.thread_id))
    assistant = ScriptedAssistant(saying("Bye."))

    await stage.conduct(later.id, assistant)

    texts = [said.text for said in assistant.heard[0].messages]
    assert texts == ["Hello", "It is ", "42.", "Thanks"]


async def test_continuation_is_taken_up_after_a_crash(stage: Stage) -> None:
    run = await going_on(stage, await cut_off(stage))
    await stage.crash(run.id)
    assistant = ScriptedAssistant(saying("42."))

    ended = await stage.conduct(run.id, assistant)

    assert ended.state is State.COMPLETED
    assert list(assistant.heard[0].messages) == TOLD
