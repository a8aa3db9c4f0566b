"""Runs and steps of the store, as the API shows them now."""

from conversation.ports import Core
from conversation.records import Page, Run, Step
from server.assistants_api.calls import Calls
from server.assistants_api.pages import ListOf, listed
from server.assistants_api.run_objects import RunObject
from server.assistants_api.step_objects import StepObject


def shown(core: Core, run: Run) -> RunObject:
    """Return a run; the calls that it may wait for are in its log."""
    status = core.status(run)
    awaits = status == "requires_action"
    calls = Calls(core.store.events(run.id)).newest() if awaits else ()
    return RunObject.of(run, status, calls)


def shown_steps(core: Core, run: Run, page: Page) -> ListOf[StepObject]:
    """Return a part of a run's steps."""
    calls = Calls(core.store.events(run.id))
    return listed(
        lambda wanted: core.store.steps(run.id, wanted),
        page,
        lambda step: StepObject.of(step, run, calls.of(step.id)),
    )


def shown_step(core: Core, run: Run, step: Step) -> StepObject:
    """Return a step of a run."""
    return StepObject.of(step, run, Calls(core.store.events(run.id)).of(step.id))
