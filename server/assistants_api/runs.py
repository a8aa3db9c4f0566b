"""Runs of the Assistants API."""

import asyncio
from dataclasses import replace
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query
from starlette.responses import Response

from conversation import ports
from conversation.records import Assistant, Run
from conversation.script import State
from server.assistants_api.errors import ApiError, not_found
from server.assistants_api.messages import message_from
from server.assistants_api.outputs import given_outputs, outputs_accepted
from server.assistants_api.own_events import OwnEvents
from server.assistants_api.pages import ListOf, listed
from server.assistants_api.parameters import BETA
from server.assistants_api.resources import kept
from server.assistants_api.rows import StoredRows
from server.assistants_api.run_objects import RunObject
from server.assistants_api.run_requests import (
    CreateRun,
    CreateThreadAndRun,
    ModifyRun,
    SubmitToolOutputs,
)
from server.assistants_api.shown_runs import shown
from server.assistants_api.sse import MEDIA_TYPE, ServerEvent
from server.assistants_api.streaming import streamed
from server.assistants_api.threads import NewThread, ThreadObject, thread_from
from server.assistants_api.times import now
from server.assistants_api.translation import Translator
from server.deps import Core, OwnRun, OwnThread, Paging, Project

router = APIRouter(prefix="/threads", tags=["runs"], dependencies=[BETA])

_SOONEST_MS: Final = 100
_LATEST_MS: Final = 1000
_EACH_RUN_MS: Final = 20
"""With this for each run, asking for them takes a tenth of a processor at most."""

_LAST: Final = 2**31 - 1
_STREAM: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {MEDIA_TYPE: {}}}}


@router.post("/runs", response_model=RunObject, responses=_STREAM)
def create_thread_and_run(
    body: CreateThreadAndRun, core: Core, project: Project
) -> RunObject | Response:
    """Begin a thread and a run on it, in one transaction."""
    assistant = _assistant(core, project, body.assistant_id)
    thread, messages = thread_from(body.thread or NewThread(), project, now())
    thread = replace(thread, resources=kept(body.tool_resources) | thread.resources)
    spec = core.cast(assistant, body.wish(assistant, core.tools().specs()), thread)
    run = core.run(thread, spec, messages=messages, new=True, metadata=body.metadata)
    if not body.stream:
        return shown(core, run)
    created = ServerEvent("thread.created", ThreadObject.of(thread).model_dump())
    return streamed(core.feed, run, _translator(core, run), first=[created])


@router.post("/{thread_id}/runs", response_model=RunObject, responses=_STREAM)
def create_run(
    body: CreateRun, thread: OwnThread, core: Core, project: Project
) -> RunObject | Response:
    """Begin a run on a thread, after these messages."""
    assistant = _assistant(core, project, body.assistant_id)
    spec = core.cast(assistant, body.wish(assistant, core.tools().specs()), thread)
    at = now()
    messages = tuple(message_from(one, thread, at) for one in body.additional_messages or ())
    run = core.run(thread, spec, messages=messages, metadata=body.metadata)
    return streamed(core.feed, run, _translator(core, run)) if body.stream else shown(core, run)


@router.get("/{thread_id}/runs")
def list_runs(thread: OwnThread, core: Core, page: Paging) -> ListOf[RunObject]:
    """List a thread's runs, newest first unless asked otherwise."""
    return listed(
        lambda wanted: core.store.runs(thread.id, wanted), page, lambda run: shown(core, run)
    )


@router.get("/{thread_id}/runs/{run_id}")
async def retrieve_run(run: OwnRun, core: Core, response: Response) -> RunObject:
    """Return a run, and when a client that waits should ask again."""
    response.headers["openai-poll-after-ms"] = str(poll_after_ms(core.feed.under_way()))
    if core.status(run) == "requires_action":  # what is asked for is in its log
        return await asyncio.to_thread(shown, core, run)
    return shown(core, run)


@router.post("/{thread_id}/runs/{run_id}")
def modify_run(run: OwnRun, body: ModifyRun, core: Core) -> RunObject:
    """Give a run other metadata."""
    if "metadata" not in body.model_fields_set:
        return shown(core, run)
    return shown(core, core.store.set_run(run.id, metadata=body.metadata or {}).result())


@router.post("/{thread_id}/runs/{run_id}/cancel")
def cancel_run(run: OwnRun, core: Core) -> RunObject:
    """Stop a run; what it has said until then is kept."""
    if run.ended:
        raise _not_cancelled(core, run)
    after = core.cancel(run.id)
    if after.ended and after.state is not State.CANCELLED:  # its end was quicker
        raise _not_cancelled(core, after)
    return shown(core, after)


@router.post(
    "/{thread_id}/runs/{run_id}/submit_tool_outputs", response_model=RunObject, responses=_STREAM
)
def submit_tool_outputs(run: OwnRun, body: SubmitToolOutputs, core: Core) -> RunObject | Response:
    """Give the outputs of all calls that a run waits for; it goes on."""
    outputs = given_outputs(core, run, body.tool_outputs)
    log = core.store.events(run.id)
    if not body.stream:
        return shown(core, outputs_accepted(core, run, outputs))
    translator = _translator(core, run)
    translator.go_on_after(log)
    outputs_accepted(core, run, outputs)
    return streamed(core.feed, run, translator, after=log[-1].seq)


@router.get(
    "/{thread_id}/runs/{run_id}/events", responses=_STREAM, response_class=Response, tags=["Parley"]
)
def follow_run(
    run: OwnRun,
    core: Core,
    after: Annotated[int, Query(ge=0, le=_LAST)] = 0,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Follow a run, begun at any door, from any process: its log as server-sent events.

    Each event of the log comes with its number as `id`, its kind as `event`, and itself as JSON.
    Between them, `text` is a piece of a message that is being written: `message_id`, `offset` (in
    characters) and `text`. The stream ends with `done` when the run ends or waits for somebody.
    A client that was away names the last number it has seen, by `after` or `Last-Event-ID`; a
    message that is being written then comes again from its first character on.
    """
    named = last_event_id is not None and last_event_id.isdecimal()
    seen = min(int(last_event_id or 0), _LAST) if named else after
    rows = StoredRows(core.store, run.id, core.feed)
    return streamed(core.feed, run, OwnEvents(rows, seen), after=seen)


def poll_after_ms(under_way: int) -> int:
    """Return after how long a run should be asked for again, while so many are executed here."""
    return min(_LATEST_MS, max(_SOONEST_MS, under_way * _EACH_RUN_MS))


def _translator(core: ports.Core, run: Run) -> Translator:
    return Translator(StoredRows(core.store, run.id, core.feed), core.status, run)


def _not_cancelled(core: ports.Core, run: Run) -> ApiError:
    return ApiError(400, f"Cannot cancel run with status '{core.status(run)}'.")


def _assistant(core: ports.Core, project: str, assistant_id: str) -> Assistant:
    assistant = core.store.assistant(assistant_id)
    if assistant.project_id != project:
        raise not_found("assistant", assistant_id)
    return assistant
