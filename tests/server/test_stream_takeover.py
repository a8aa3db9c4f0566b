"""A run that another process took over while it streamed, as OpenAI's client hears it."""

from collections.abc import Iterator
from contextlib import contextmanager

import openai
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from server.assistants_api.sse import DONE, MEDIA_TYPE, ServerEvent
from tests.contract.scripts import saying
from tests.server.assistants import text_of
from tests.server.serving import served
from tests.server.told import Told


@contextmanager
def answering(events: list[ServerEvent]) -> Iterator[openai.OpenAI]:
    """Serve these events to whoever begins a run."""
    body = b"".join(event.frame() for event in events) + DONE

    async def answer(request: Request) -> Response:
        return Response(body, media_type=MEDIA_TYPE)

    route = Route("/v1/threads/{thread_id}/runs", answer, methods=["POST"])
    with (
        served(Starlette(routes=[route])) as address,
        openai.OpenAI(base_url=f"{address}/v1", api_key="none", max_retries=0) as client,
    ):
        yield client


async def test_client_hears_what_was_given_up_and_what_took_its_place() -> None:
    told = Told()
    run = await told.begin()
    dead = told.stage.restore(run.id)
    await dead.started()
    await dead.say("Half of")
    await told.stage.crash(run.id)
    await told.conduct(run, saying("The ", "whole."))

    with (
        answering(told.events(run)) as client,
        client.beta.threads.runs.stream(thread_id="thread_x", assistant_id="asst_x") as stream,
    ):
        stream.until_done()
        messages = stream.get_final_messages()
        final = stream.get_final_run()

    assert final.status == "completed"
    assert [(message.status, text_of(message)) for message in messages] == [
        ("incomplete", "Half of"),
        ("completed", "The whole."),
    ]


async def test_answer_that_was_hardly_kept_ends_with_what_had_streamed() -> None:
    told = Told()
    run = await told.begin()
    mediator = told.stage.restore(run.id)
    await mediator.started()
    await mediator.say("Half")
    await told.stage.restore(run.id, fenced=False).expire()

    with (
        answering(told.events(run)) as client,
        client.beta.threads.runs.stream(thread_id="thread_x", assistant_id="asst_x") as stream,
    ):
        (message,) = stream.get_final_messages()

    assert (message.status, text_of(message)) == ("incomplete", "Half")
