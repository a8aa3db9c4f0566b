"""What happens while the model waits for tools: which calls run, which wait, which are answered.

A call that had started and may not be run twice is not run again after a crash: its output says
so, and the model decides.
"""

from typing import Final, Literal

from conversation.events import ApprovalRequested
from conversation.ports import ToolExecutor, ToolPolicy
from conversation.records import CallRecord, Waiting
from conversation.turns import ToolResult
from mediator.mediator import Mediator

Fate = Literal["run", "client", "person", "unknown", "declined", "lost"]

_OUTPUTS: Final[dict[Fate, str]] = {
    "unknown": "There is no function '{name}'. Available: {known}.",
    "declined": "The user declined this call. It was not run.",
    "lost": (
        "This call had been started when the process that ran it ended. "
        "Whether it took effect is not known, and it was not run again."
    ),
}


async def do_tool_work(mediator: Mediator, user: ToolExecutor) -> bool:
    """Bring the round's calls forward; False when a client or a person is awaited now."""
    fates = {record.call.call_id: _fate(mediator, user, record) for record in _open(mediator)}
    known = ", ".join(_known(mediator, user)) or "none"
    for record in _open(mediator):
        await _answer(mediator, record, fates[record.call.call_id], known)
    here = [record.call for record in _open(mediator) if fates[record.call.call_id] == "run"]
    if here:
        await user.execute_tools(here, mediator)
    if _open(mediator):
        await _wait(mediator, fates)
        return False
    await mediator.tools_executed()
    return True


def _open(mediator: Mediator) -> list[CallRecord]:
    return mediator.ledger.open_calls()


def _fate(mediator: Mediator, user: ToolExecutor, record: CallRecord) -> Fate:
    tool = mediator.ledger.tool(record.call.name)
    if tool is not None and tool.runs == "client":
        return "client"
    policy = user.policy(record.call.name)
    if tool is None or policy is None:
        return "unknown"
    return _fate_here(record, policy)


def _fate_here(record: CallRecord, policy: ToolPolicy) -> Fate:
    if policy.needs_approval and record.approved is None:
        return "person"
    if record.approved is False:
        return "declined"
    if record.started_at is not None and not policy.idempotent:
        return "lost"
    return "run"


def _known(mediator: Mediator, user: ToolExecutor) -> list[str]:
    """Return the functions on offer that can be run; an assistant may name others."""
    tools = mediator.run.spec.tools
    return [tool.name for tool in tools if tool.runs == "client" or user.policy(tool.name)]


async def _answer(mediator: Mediator, record: CallRecord, fate: Fate, known: str) -> None:
    """Give a call that is not run the output that says why."""
    if fate not in _OUTPUTS:
        return
    output = _OUTPUTS[fate].format(name=record.call.name, known=known)
    result = ToolResult(call_id=record.call.call_id, output=output, failed=True)
    await mediator.tool_executed(record.call, result)


async def _wait(mediator: Mediator, fates: dict[str, Fate]) -> None:
    """End the segment; whoever is awaited begins the next."""
    persons = [r.call for r in _open(mediator) if fates[r.call.call_id] == "person"]
    waiting: Waiting = "person" if persons else "client"
    asked = (
        ApprovalRequested(call_id=call.call_id, name=call.name, arguments=call.arguments)
        for call in persons
    )
    await mediator.note(*asked, release=True, waiting=waiting)
