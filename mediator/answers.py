"""What others than the executor tell a run that waits: outputs of a client, a person's decision.

Both read the run, write with the `seq` they have seen, and are told `Superseded` when somebody
was quicker; they then read again.
"""

from dataclasses import replace

from conversation.errors import BadInput
from conversation.events import ApprovalDecided
from conversation.records import CallRecord
from conversation.script import State
from conversation.turns import ToolResult
from mediator.mediator import Mediator
from mediator.states import api_status


async def submit_outputs(mediator: Mediator, outputs: dict[str, str]) -> bool:
    """Record a client's outputs by call id; True when the run can go on.

    Raises `BadInput`: of `run_id` unless calls wait for the client, of `tool_outputs` unless these
    are the outputs of exactly those calls.
    """
    awaited = {record.call.call_id: record for record in _awaiting_client(mediator)}
    # To record no outputs where none are awaited would take the run from whoever executes it.
    if not awaited:
        status = api_status(mediator.state, mediator.run.waiting)
        raise BadInput("run_id", f'Runs in status "{status}" do not accept tool outputs.')
    if set(outputs) != set(awaited):
        raise BadInput(
            "tool_outputs",
            f"Expected tool outputs for call_ids {list(awaited)}, got {list(outputs)}",
        )
    results = [
        (awaited[call_id].call, ToolResult(call_id=call_id, output=output))
        for call_id, output in outputs.items()
    ]
    await mediator.tools_answered(results)
    return not mediator.ledger.open_calls()


async def decide(mediator: Mediator, call_id: str, *, approved: bool) -> bool:
    """Record a person's decision; True when the run can go on.

    Raises `BadInput` when the call does not wait for one.
    """
    record = mediator.ledger.call(call_id)
    if record is None or record not in _awaiting_person(mediator):
        raise BadInput("call_id", f"The call '{call_id}' does not wait for a decision.")
    left = [other for other in _awaiting_person(mediator) if other is not record]
    fact = ApprovalDecided(call_id=call_id, name=record.call.name, approved=approved)
    await mediator.note(
        fact,
        calls=(replace(record, approved=approved),),
        seq=mediator.run.seq,
        release=True,
        waiting="person" if left else None,
    )
    return not left


def _awaiting_client(mediator: Mediator) -> list[CallRecord]:
    if mediator.state is not State.REQUIRES_ACTION or mediator.run.waiting is None:
        return []
    return [r for r in mediator.ledger.open_calls() if _runs_at_client(mediator, r)]


def _awaiting_person(mediator: Mediator) -> list[CallRecord]:
    if mediator.run.waiting != "person":
        return []
    return [
        record
        for record in mediator.ledger.open_calls()
        if record.approved is None and not _runs_at_client(mediator, record)
    ]


def _runs_at_client(mediator: Mediator, record: CallRecord) -> bool:
    tool = mediator.ledger.tool(record.call.name)
    return tool is not None and tool.runs == "client"
