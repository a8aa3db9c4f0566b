"""Steps of the Assistants API."""

from fastapi import APIRouter

from server.assistants_api.errors import not_found
from server.assistants_api.pages import ListOf
from server.assistants_api.parameters import BETA, StepId
from server.assistants_api.shown_runs import shown_step, shown_steps
from server.assistants_api.step_objects import StepObject
from server.deps import Core, OwnRun, Paging

router = APIRouter(
    prefix="/threads/{thread_id}/runs/{run_id}/steps", tags=["steps"], dependencies=[BETA]
)


@router.get("")
def list_steps(run: OwnRun, core: Core, page: Paging) -> ListOf[StepObject]:
    """List a run's steps, newest first unless asked otherwise."""
    return shown_steps(core, run, page)


@router.get("/{step_id}")
def retrieve_step(step_id: StepId, run: OwnRun, core: Core) -> StepObject:
    """Return a step."""
    step = core.store.step(step_id)
    if step.run_id != run.id:
        raise not_found("step", step_id)
    return shown_step(core, run, step)
