"""Both mediators follow the same script and write the same log."""

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator

import pytest

from conversation.errors import (
    BadInput,
    ProviderUnavailable,
    Superseded,
    ThreadBusy,
    TriggerRefused,
)
from conversation.events import (
    Failed,
    Incomplete,
    StateChanged,
    ToolExecuted,
)
from conversation.ids import new_id
from conversation.ports import ToolPolicy
from conversation.records import Run
from conversation.script import OPEN, TERMINAL, State, Trigger
from conversation.signals import (
    Alive,
    Asking,
    Finished,
    Item,
    Refusing,
    Retrying,
    Saying,
    Sent,
    Signal,
    Used,
)
from conversation.turns import ProviderItem, ToolCall, ToolResult, ToolSpec, Turn
from mediator.answers import decide, submit_outputs
from mediator.mediator import Mediator
from mediator.mediator_basic import MediatorBasic
from mediator.mediator_state_machine import MediatorStateMachine
from mediator.states import TRANSITIONS, Transition
from tests.stage import Line, ScriptedAssistant, Stage, opening
from tools.registry import Tools

MEDIATORS = (MediatorStateMachine, MediatorBasic)
STOP = Finished("stop")


def price(symbol: str) -> float:
    """Give a price.

    Args:
        symbol: A ticker.
    """
    return {"ACME": 42.0, "HAL": 9.0}[symbol]


def call(name: str = "price", arguments: str = '{"symbol": "ACME"}') -> ToolCall:
    return ToolCall(call_id=new_id("call"), name=name, arguments=arguments)


def asking(*calls: ToolCall) -> list[Line]:
    return [Sent(), Asking(calls or (call(),)), Finished("tool_calls")]


def saying(*pieces: str) -> list[Line]:
    return [Sent(), Alive("in_progress"), *map(Saying, pieces), STOP]


def path(stage: Stage, run: Run) -> list[State]:
    return [event.after for event in stage.events(run.id) if isinstance(event, StateChanged)]


@pytest.fixture(params=MEDIATORS)
def stage(request: pytest.FixtureRequest) -> Stage:
    return Stage(request.param, Tools(price))


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


# waiting for somebody


@pytest.fixture
def asking_first(stage: Stage) -> Stage:
    tools = Tools()
    tools.register(price, ToolPolicy(needs_approval=True))
    return Stage(stage.make, tools)


async def test_call_that_needs_a_person_waits_and_keeps_nothing(asking_first: Stage) -> None:
    stage = asking_first
    run = await stage.begin()

    waiting = await stage.conduct(run.id, ScriptedAssistant(asking()))

    assert (waiting.state, waiting.waiting) == (State.REQUIRES_ACTION, "person")
    assert waiting.worker_id is None
    assert stage.kinds(run.id)[-1] == "approval_requested"


@pytest.mark.parametrize("approved", [True, False])
async def test_decision_lets_the_run_go_on(asking_first: Stage, approved: bool) -> None:
    stage = asking_first
    run = await stage.begin()
    wanted = call()
    await stage.conduct(run.id, ScriptedAssistant(asking(wanted)))

    ready = await decide(stage.restore(run.id, fenced=False), wanted.call_id, approved=approved)
    await stage.crash(run.id)
    assistant = ScriptedAssistant(saying("Done."))
    ended = await stage.conduct(run.id, assistant)

    assert ready
    assert ended.state is State.COMPLETED
    (result,) = assistant.heard[0].rounds[0].results
    assert result.output == "42.0" if approved else "declined" in result.output
    assert ("tool_started" in stage.kinds(run.id)) == approved


async def test_of_two_quick_decisions_one_is_told_to_look_again(asking_first: Stage) -> None:
    stage = asking_first
    run = await stage.begin()
    first, second = call(), call()
    await stage.conduct(run.id, ScriptedAssistant(asking(first, second)))
    one, other = (stage.restore(run.id, fenced=False) for _ in range(2))

    assert not await decide(one, first.call_id, approved=True)
    with pytest.raises(Superseded):
        await decide(other, second.call_id, approved=True)
    assert await decide(stage.restore(run.id, fenced=False), second.call_id, approved=True)


async def test_decision_about_a_call_that_waits_for_none_is_refused(stage: Stage) -> None:
    run = await stage.begin()

    with pytest.raises(BadInput, match="does not wait"):
        await decide(stage.restore(run.id, fenced=False), new_id("call"), approved=True)


@pytest.fixture
async def at_client(stage: Stage) -> tuple[Stage, Run, ToolCall, ToolCall]:
    theirs = ToolSpec(name="theirs", runs="client")
    start = opening(tools=(*stage.tools.specs(), theirs))
    await stage.log.accept(start)
    one, other = call("theirs", "{}"), call("theirs", "{}")
    run = await stage.conduct(start.run.id, ScriptedAssistant(asking(one, call(), other)))
    return stage, run, one, other


async def test_calls_of_a_client_wait_while_ours_have_run(
    at_client: tuple[Stage, Run, ToolCall, ToolCall],
) -> None:
    stage, run, one, other = at_client

    assert (run.state, run.waiting) == (State.REQUIRES_ACTION, "client")
    open_calls = [r.call for r in stage.store.exchange(run.id).calls if r.output is None]
    assert {c.call_id for c in open_calls} == {one.call_id, other.call_id}


async def test_outputs_of_a_client_let_the_run_go_on(
    at_client: tuple[Stage, Run, ToolCall, ToolCall],
) -> None:
    stage, run, one, other = at_client

    outputs = {one.call_id: "1", other.call_id: "2"}
    assert await submit_outputs(stage.restore(run.id, fenced=False), outputs)
    await stage.crash(run.id)
    assistant = ScriptedAssistant(saying("Done."))
    ended = await stage.conduct(run.id, assistant)

    assert ended.state is State.COMPLETED
    assert [r.output for r in assistant.heard[0].rounds[0].results] == ["1", "42.0", "2"]


@pytest.mark.parametrize("which", ["one", "none", "more", "twice"])
async def test_outputs_that_are_not_those_awaited_change_nothing(
    at_client: tuple[Stage, Run, ToolCall, ToolCall], which: str
) -> None:
    stage, run, one, other = at_client
    right = {one.call_id: "1", other.call_id: "2"}
    wrong = {
        "one": {one.call_id: "1"}, "none": {}, "more": {**right, new_id("call"): "3"},
        "twice": right,
    }  # fmt: skip
    if which == "twice":
        await submit_outputs(stage.restore(run.id, fenced=False), right)
    before = stage.store.run(run.id).seq

    with pytest.raises(BadInput, match="Expected tool outputs"):
        await submit_outputs(stage.restore(run.id, fenced=False), wrong[which])

    assert stage.store.run(run.id).seq == before


async def test_run_waits_on_for_a_person_when_the_client_has_answered(asking_first: Stage) -> None:
    stage, theirs, ours = asking_first, call("theirs", "{}"), call()
    start = opening(tools=(*stage.tools.specs(), ToolSpec(name="theirs", runs="client")))
    await stage.log.accept(start)
    run = await stage.conduct(start.run.id, ScriptedAssistant(asking(theirs, ours)))

    ready = await submit_outputs(stage.restore(run.id, fenced=False), {theirs.call_id: "1"})

    assert (ready, stage.store.run(run.id).waiting) == (False, "person")
    assert await decide(stage.restore(run.id, fenced=False), ours.call_id, approved=True)
    assert stage.store.run(run.id).waiting is None


async def test_no_outputs_can_be_given_to_a_run_that_awaits_none(stage: Stage) -> None:
    run = await stage.crash((await stage.begin()).id, "worker_1")

    with pytest.raises(BadInput, match="tool outputs"):
        await submit_outputs(stage.restore(run.id, fenced=False), {})

    assert stage.store.run(run.id) == run  # its worker still has it


# taking up


async def _left(stage: Stage, run: Run, lines: list[Line], *, flush: bool = False) -> None:
    """Conduct until the model has said `lines`, then let the executing process die."""
    reached, never = asyncio.Event(), asyncio.Event()

    class Dying(ScriptedAssistant):
        async def respond(self, turn: Turn) -> AsyncGenerator[Signal, None]:
            async for signal in super().respond(turn):
                yield signal
            reached.set()
            await never.wait()

    task = asyncio.create_task(stage.conduct(run.id, Dying(lines)))
    await asyncio.wait_for(reached.wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    if flush:
        stage.store.append_texts(tuple(stage.log.said)).result()
    await stage.crash(run.id)


@pytest.mark.parametrize("lines", [0, 1, 2, 3, 4])
async def test_run_left_while_the_model_answered_asks_again(stage: Stage, lines: int) -> None:
    run = await stage.begin()
    await _left(stage, run, saying("Half an answer", " and more")[:lines])

    ended = await stage.conduct(run.id, ScriptedAssistant(saying("A whole answer")))

    assert ended.state is State.COMPLETED
    assert ended.attempt == 2
    assert ("retried" in stage.kinds(run.id)) == (lines > 0)
    said = [m for m in stage.store.messages(run.thread_id) if m.role == "assistant"]
    assert [m.text for m in said if m.status == "completed"] == ["A whole answer"]
    assert [m.incomplete_reason for m in said if m.status != "completed"] == (
        ["superseded"] if lines > 2 else []
    )


async def test_text_of_a_dead_attempt_is_kept(stage: Stage) -> None:
    run = await stage.begin()
    await _left(stage, run, [Sent(), Saying("Half")], flush=True)

    await stage.conduct(run.id, ScriptedAssistant(saying("Whole")))

    said = [m for m in stage.store.messages(run.thread_id) if m.role == "assistant"]
    assert [(m.text, m.status) for m in said] == [("Half", "incomplete"), ("Whole", "completed")]
    assert [step.status for step in stage.store.exchange(run.id).steps] == ["failed", "completed"]


async def test_text_of_a_dead_attempt_is_not_told_to_the_model(stage: Stage) -> None:
    run = await stage.begin()
    await _left(stage, run, [Sent(), Saying("Half")], flush=True)
    await stage.conduct(run.id, ScriptedAssistant(saying("Whole")))
    follow = await stage.begin("More", thread=stage.store.thread(run.thread_id))
    assistant = ScriptedAssistant(saying("More"))

    await stage.conduct(follow.id, assistant)

    assert [said.text for said in assistant.heard[0].messages] == ["Hello", "Whole", "More"]


async def test_text_of_a_dead_attempt_is_no_part_of_its_round(stage: Stage) -> None:
    run = await stage.begin()
    await _left(stage, run, [Sent(), Saying("Half")], flush=True)
    wanting: list[Line] = [Sent(), Saying("Whole"), Asking((call(),)), Finished("tool_calls")]
    assistant = ScriptedAssistant(wanting, saying("Done."))

    await stage.conduct(run.id, assistant)

    assert assistant.heard[1].rounds[0].text == "Whole"


@pytest.mark.parametrize("idempotent", [True, False])
async def test_only_an_idempotent_call_runs_twice(stage: Stage, idempotent: bool) -> None:
    ran: Counter[str] = Counter()
    stuck = asyncio.Event()

    async def once(symbol: str) -> str:
        """Do it.

        Args:
            symbol: A ticker.
        """
        ran[symbol] += 1
        if ran[symbol] == 1:
            stuck.set()
            await asyncio.Event().wait()
        return "done"

    tools = Tools()
    tools.register(once, ToolPolicy(idempotent=idempotent))
    stage = Stage(stage.make, tools)
    run = await stage.begin()
    task = asyncio.create_task(stage.conduct(run.id, ScriptedAssistant(asking(call("once")))))
    await asyncio.wait_for(stuck.wait(), 5)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await stage.crash(run.id)
    assistant = ScriptedAssistant(saying("Done."))

    ended = await stage.conduct(run.id, assistant)

    assert ended.state is State.COMPLETED
    assert ran["ACME"] == (2 if idempotent else 1)
    (result,) = assistant.heard[0].rounds[0].results
    assert (result.output == "done") == idempotent
    executed = [e for e in stage.events(run.id) if isinstance(e, ToolExecuted)]
    assert len(executed) == 1


@pytest.mark.parametrize("state", [State.TOOLS_EXECUTED, State.TOOL_OUTPUTS_SUBMITTED])
async def test_outputs_are_not_made_twice(stage: Stage, state: State) -> None:
    run = await stage.begin()
    mediator = stage.restore(run.id)
    await _drive_to(mediator, state)
    await stage.crash(run.id)
    assistant = ScriptedAssistant(saying("Done."))

    ended = await stage.conduct(run.id, assistant)

    assert ended.state is State.COMPLETED
    assert stage.kinds(run.id).count("tool_executed") == 1
    assert assistant.heard[0].rounds[0].results[0].output == "42.0"


async def test_run_left_cancelling_is_ended(stage: Stage) -> None:
    run = await stage.begin()
    await stage.restore(run.id, fenced=False).cancel()
    await stage.crash(run.id)

    ended = await stage.conduct(run.id, ScriptedAssistant())

    assert ended.state is State.CANCELLED


async def test_whoever_lost_the_run_changes_nothing(stage: Stage) -> None:
    run = await stage.begin()
    frozen = stage.restore(run.id)
    await stage.crash(run.id)
    before = stage.store.exchange(run.id)

    with pytest.raises(Superseded):
        await frozen.started()
    with pytest.raises(Superseded):
        await frozen.error(ProviderUnavailable("Down."))

    assert stage.store.exchange(run.id) == before


async def test_proxy_is_closed_when_the_run_is_lost(stage: Stage) -> None:
    run = await stage.begin()
    go_on = asyncio.Event()
    assistant = ScriptedAssistant([Sent(), go_on, *saying("Hi")[1:]])
    task = asyncio.create_task(stage.conduct(run.id, assistant))
    await asyncio.wait_for(assistant.asked.wait(), 5)
    await stage.crash(run.id)
    go_on.set()

    with pytest.raises(Superseded):
        await task

    assert assistant.closed == len(assistant.heard)


# every row of the table


async def _drive_to(mediator: Mediator, state: State) -> None:
    """Bring a ready run to `state` by triggers alone."""
    wanted = call()
    steps = {
        State.STARTED: mediator.started,
        State.RUNNING: mediator.heartbeat,
        State.REQUIRES_ACTION: mediator.action_required,
        State.TOOLS_EXECUTED: mediator.tools_executed,
        State.TOOL_OUTPUTS_SUBMITTED: mediator.tool_outputs_submitted,
    }
    if state is State.CANCELLING:
        await mediator.cancel()
    for passed, step in steps.items():
        if mediator.state is state:
            return
        if passed is State.REQUIRES_ACTION:
            mediator.ledger.reply.take(Asking((wanted,)))
        if passed is State.TOOLS_EXECUTED:
            await mediator.tool_executed(wanted, ToolResult(call_id=wanted.call_id, output="42.0"))
        await step()


async def _pull(mediator: Mediator, trigger: Trigger) -> None:
    match trigger:
        case Trigger.SET_USER_MESSAGE:
            await mediator.set_user_message(opening())
        case Trigger.CUT_SHORT:
            await mediator.cut_short("max_tokens")
        case Trigger.ERROR:
            await mediator.error(ProviderUnavailable("Down."))
        case Trigger.ACTION_REQUIRED:
            mediator.ledger.reply.take(Asking((call(),)))
            await mediator.action_required()
        case Trigger.ASSISTANT_MESSAGE_RETRIEVED:
            await mediator.assistant_message_retrieved()
        case _:
            await getattr(mediator, trigger.value)()


async def _at(stage: Stage, state: State) -> tuple[Run, Mediator]:
    run = await stage.begin()
    await _drive_to(stage.restore(run.id), state)
    mediator = stage.restore(run.id)
    assert mediator.state is state
    return run, mediator


@pytest.mark.parametrize(
    "row",
    [row for row in TRANSITIONS if row.source is not State.NEW],
    ids=lambda row: f"{row.trigger}-from-{row.source}",
)
async def test_every_row_of_the_table_can_be_taken(stage: Stage, row: Transition) -> None:
    run, mediator = await _at(stage, row.source)

    await _pull(mediator, row.trigger)

    kept = stage.store.run(run.id)
    assert mediator.state is row.target
    assert kept.state is row.target
    last = stage.events(run.id)[-1]
    if row.source is not row.target:
        assert isinstance(last, StateChanged)
        assert (last.trigger, last.before, last.after) == (row.trigger, row.source, row.target)


_ILLEGAL = [
    (trigger, state)
    for trigger in Trigger
    for state in OPEN - {State.NEW}
    if not any(row.trigger is trigger and row.source is state for row in TRANSITIONS)
    and trigger is not Trigger.SET_USER_MESSAGE
]


@pytest.mark.parametrize(("trigger", "state"), _ILLEGAL)
async def test_machine_refuses_every_other_trigger(trigger: Trigger, state: State) -> None:
    stage = Stage(MediatorStateMachine, Tools(price))
    run, mediator = await _at(stage, state)

    with pytest.raises(TriggerRefused) as refused:
        await _pull(mediator, trigger)

    assert (refused.value.trigger, refused.value.state) == (trigger, state)
    assert stage.store.run(run.id).state is state
    assert stage.kinds(run.id)[-1] == "trigger_refused"


async def test_refusal_at_an_ended_run_is_recorded_and_moves_nothing() -> None:
    stage = Stage(MediatorStateMachine)
    run = await stage.begin()
    await stage.conduct(run.id, ScriptedAssistant(saying("Hi")))

    with pytest.raises(TriggerRefused):
        await stage.restore(run.id, fenced=False).cancel()

    assert stage.kinds(run.id)[-1] == "trigger_refused"
    assert stage.store.run(run.id).state is State.COMPLETED


async def test_log_protects_the_record_under_the_basic_mediator() -> None:
    stage = Stage(MediatorBasic)
    run = await stage.begin()
    await stage.conduct(run.id, ScriptedAssistant(saying("Hi")))
    before = stage.store.exchange(run.id)

    with pytest.raises(Superseded):
        await stage.restore(run.id, fenced=False).cancel()

    assert stage.store.exchange(run.id) == before


SIGNALS: list[list[Signal]] = [
    [Saying("Hi"), STOP],
    [Alive("queued"), Alive("queued"), Alive("in_progress"), Saying("Hi"), Alive("x"), STOP],
    [Sent(), Sent(), Saying("Hi"), Sent(), STOP],
    [Used(input=1), Finished("max_tokens"), Saying("late"), STOP],
]


@pytest.mark.parametrize("signals", SIGNALS)
async def test_log_is_the_same_under_both_mediators(signals: list[Signal]) -> None:
    logs = []
    for make in MEDIATORS:
        stage = Stage(make, Tools(price))
        run = await stage.begin()
        await stage.conduct(run.id, ScriptedAssistant(asking(), signals))
        logs.append(stage.kinds(run.id) + [str(state) for state in path(stage, run)])

    assert logs[0] == logs[1]
    assert logs[0][-1] in TERMINAL
