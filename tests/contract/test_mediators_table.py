"""Every row of the script's table can be taken, and nothing else, under both mediators."""

import pytest

from conversation.errors import (
    ProviderUnavailable,
    Superseded,
    TriggerRefused,
)
from conversation.events import (
    StateChanged,
)
from conversation.records import Run
from conversation.script import OPEN, TERMINAL, State, Trigger
from conversation.signals import (
    Alive,
    Asking,
    Finished,
    Saying,
    Sent,
    Signal,
    Used,
)
from mediator.mediator import Mediator
from mediator.mediator_basic import MediatorBasic
from mediator.mediator_state_machine import MediatorStateMachine
from mediator.states import TRANSITIONS, Transition
from tests.contract.scripts import MEDIATORS, STOP, asking, call, drive_to, path, price, saying
from tests.stage import ScriptedAssistant, Stage, opening
from tools.registry import Tools


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
    await drive_to(stage.restore(run.id), state)
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
