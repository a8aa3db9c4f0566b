"""The outputs that a client gives for the calls it was asked for."""

from collections.abc import Sequence
from dataclasses import replace

from conversation.errors import BadInput
from conversation.ports import Core
from conversation.records import Run
from conversation.script import State
from server.assistants_api.calls import Calls, awaited
from server.assistants_api.errors import ApiError
from server.assistants_api.run_requests import ToolOutput


def given_outputs(core: Core, run: Run, given: Sequence[ToolOutput]) -> dict[str, str]:
    """Return outputs by call id, of all calls that are awaited; else say what was expected."""
    status = core.status(run)
    if status != "requires_action":
        raise ApiError(400, f'Runs in status "{status}" do not accept tool outputs.')
    wanted = [call.call_id for call in awaited(run, Calls(core.store.events(run.id)).newest())]
    ids = [output.tool_call_id for output in given]
    outputs = {one.tool_call_id: one.output or "" for one in given if one.tool_call_id}
    if len(ids) != len(wanted) or outputs.keys() != set(wanted):
        raise ApiError(400, f"Expected tool outputs for call_ids {wanted}, got {ids}")
    return outputs


def outputs_accepted(core: Core, run: Run, outputs: dict[str, str]) -> Run:
    """Submit outputs; return the run as that left it: queued, unless a person is to decide, too."""
    try:
        after = core.submit(run.id, outputs)
    except BadInput as error:
        raise ApiError(400, error.message) from error
    return after if after.waiting else replace(after, state=State.TOOL_OUTPUTS_SUBMITTED)
