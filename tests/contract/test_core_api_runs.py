"""What a core does for API clients: it casts their runs and begins them, on any messages."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from conversation.api_ports import RunWish
from conversation.errors import BadInput, NotConfigured, NotFound, ThreadBusy
from conversation.events import MessageSent
from conversation.ids import new_id
from conversation.records import DEFAULT_PROJECT, Assistant, Message, Run, Thread
from conversation.script import State
from conversation.turns import AnswerFormat, Role, Sampling, ToolChoice, ToolSpec
from setup.core import ParleyCore
from tests.contract.cores import DEMO, WAIT, ended, running, until
from tests.contract.stores import DATABASES, empty
from tests.stage import now

ASK = ToolSpec(name="ask", runs="client")
LIFETIME = 77.0


@pytest.fixture(scope="module", params=DATABASES)
def core(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ParleyCore]:
    """A core for tests that need no more than a thread of their own."""
    settings: dict[str, Any] = {
        "run_expires_seconds": LIFETIME,
        "model_map": "gpt-4o=demo",
        "max_tool_rounds": 7,
    }
    if request.param == "sqlite":
        with running(f"sqlite:///{tmp_path_factory.mktemp('api')}/parley.db", **settings) as core:
            yield core
        return
    engine = request.getfixturevalue("postgres_engine")
    with running(request.getfixturevalue("postgres"), **settings) as core:
        yield core
    empty(engine)


def assistant(core: ParleyCore, **fields: Any) -> Assistant:
    """Keep an assistant."""
    given: dict[str, Any] = {"id": new_id("asst"), "model": "demo", "created_at": now()}
    return core.store.save_assistant(Assistant(**given | fields))


def thread(**fields: Any) -> Thread:
    """A thread that is not kept yet."""
    given: dict[str, Any] = {"id": new_id("thread"), "branch_id": new_id("branch")}
    return Thread(**given | {"created_at": now()} | fields)


def message(place: Thread, text: str, role: Role = "user") -> Message:
    """A message of a client."""
    return Message(
        id=new_id("msg"),
        thread_id=place.id,
        branch_id=place.branch_id,
        role=role,
        text=text,
        created_at=now(),
    )


def begun(core: ParleyCore, place: Thread, *texts: str, new: bool = True, **wish: Any) -> Run:
    """Begin a run with messages."""
    spec = core.cast(assistant(core), RunWish(**wish), place)
    return core.run(place, spec, messages=tuple(message(place, text) for text in texts), new=new)


def shown(core: ParleyCore, place: Thread) -> list[tuple[str, str]]:
    return [(one.role, one.text) for one in core.store.messages(place.id)]


# casting


def test_assistant_decides_what_the_client_does_not(core: ParleyCore) -> None:
    known = assistant(
        core,
        instructions="Be kind.",
        tools=(ASK,),
        hosted=({"type": "file_search"},),
        sampling=Sampling(temperature=0.1, top_p=0.2),
        answer=AnswerFormat(kind="json_object"),
    )

    spec = core.cast(known, RunWish())

    assert (spec.provider, spec.model, spec.asked_model) == ("demo", "demo", "demo")
    assert (spec.assistant_id, spec.assistant_version) == (known.id, 1)
    assert (spec.instructions, spec.tools, spec.hosted) == ("Be kind.", (ASK,), known.hosted)
    assert (spec.sampling, spec.answer) == (known.sampling, known.answer)
    assert (spec.stream, spec.max_tool_rounds) == (True, 7)


def test_client_beats_the_assistant(core: ParleyCore) -> None:
    known = assistant(core, instructions="Be kind.", tools=(ASK,), answer=AnswerFormat())
    other, choice = ToolSpec(name="other", runs="client"), ToolChoice(mode="required")
    wish = RunWish(
        model="demo:other",
        instructions="Be brief.",
        tools=(other,),
        hosted=({"type": "code_interpreter"},),
        answer=AnswerFormat(kind="json_object"),
        tool_choice=choice,
        last_messages=3,
        max_prompt_tokens=300,
        max_completion_tokens=400,
        stream=False,
    )

    spec = core.cast(known, wish)

    assert (spec.provider, spec.model, spec.asked_model) == ("demo", "other", "demo:other")
    assert (spec.instructions, spec.tools) == ("Be brief.", (other,))
    assert spec.hosted == ({"type": "code_interpreter"},)
    assert (spec.answer.kind, spec.tool_choice, spec.stream) == ("json_object", choice, False)
    assert (spec.last_messages, spec.max_prompt_tokens, spec.max_completion_tokens) == (3, 300, 400)


def test_no_functions_at_all_are_not_the_assistants(core: ParleyCore) -> None:
    known = assistant(core, tools=(ASK,), hosted=({"type": "file_search"},))

    spec = core.cast(known, RunWish(tools=(), hosted=()))

    assert (spec.tools, spec.hosted) == ((), ())


def test_sampling_is_merged_field_by_field(core: ParleyCore) -> None:
    known = assistant(core, sampling=Sampling(temperature=0.1, reasoning_effort="low"))
    wished = Sampling(temperature=0.0, top_p=0.5, parallel_tool_calls=False)

    spec = core.cast(known, RunWish(sampling=wished))

    assert spec.sampling == Sampling(
        temperature=0.0, top_p=0.5, reasoning_effort="low", parallel_tool_calls=False
    )


@pytest.mark.parametrize("wished", [None, "Be brief."])
def test_instructions_are_followed_by_more(core: ParleyCore, wished: str | None) -> None:
    known = assistant(core, instructions="Be kind.")
    wish = RunWish(instructions=wished, additional_instructions="Say why.")

    spec = core.cast(known, wish, thread(instructions="In French."))

    assert spec.instructions == f"{wished or 'Be kind.'}\n\nSay why.\n\nIn French."


def test_client_knows_the_model_by_the_name_it_asked_for(core: ParleyCore) -> None:
    spec = core.cast(assistant(core, model="gpt-4o"), RunWish())

    assert (spec.provider, spec.model, spec.asked_model) == ("demo", "demo", "gpt-4o")


def test_run_whose_provider_is_not_set_up_is_refused(core: ParleyCore) -> None:
    with pytest.raises(NotConfigured):
        core.cast(assistant(core, model="gemini-3.8-flash"), RunWish())


# beginning


def test_thread_messages_and_run_begin_together(core: ParleyCore) -> None:
    place = thread(project_id="proj_other")
    said = (message(place, "I am here.", "assistant"), message(place, "echo Hello"))
    spec = core.cast(assistant(core), RunWish(), place)

    run = core.run(place, spec, messages=said, new=True, metadata={"colour": "blue"})

    assert (run.project_id, run.metadata, run.message_id) == (
        "proj_other", {"colour": "blue"}, said[1].id,
    )  # fmt: skip
    run = ended(core, run.id)
    assert run.state is State.COMPLETED
    assert shown(core, place) == [
        ("assistant", "I am here."), ("user", "echo Hello"), ("assistant", "Hello"),
    ]  # fmt: skip
    told = [logged.event for logged in core.store.events(run.id)]
    assert [one for one in told if isinstance(one, MessageSent)] == [
        MessageSent(message_id=said[1].id, text="echo Hello")
    ]
    assert core.store.thread(place.id).title == "echo Hello"


def test_thread_begun_empty_is_titled_by_what_comes_with_its_first_run(core: ParleyCore) -> None:
    place = thread()
    core.store.add_thread(place).result(WAIT)
    spec = core.cast(assistant(core), RunWish(), place)
    for text in ("echo One", "echo Two"):
        said = (message(place, "I am here.", "assistant"), message(place, text))
        ended(core, core.run(place, spec, messages=said, new=False, metadata={}).id)

    assert core.store.thread(place.id).title == "echo One"


def test_run_expires_as_api_runs_do(core: ParleyCore) -> None:
    run = begun(core, thread(), "echo Hello")

    assert run.expires_at == run.created_at + timedelta(seconds=LIFETIME)


def test_run_without_messages_of_its_own_answers_what_is_there(core: ParleyCore) -> None:
    place = thread()
    answered = ended(core, begun(core, place, "echo one").id)
    asked = message(place, "echo two")
    spec = core.cast(assistant(core), RunWish(), place)
    core.store.add_message(asked).result(WAIT)

    run = core.run(place, spec)

    assert run.message_id == asked.id != answered.message_id
    ended(core, run.id)
    assert shown(core, place)[-1] == ("assistant", "two")


def test_run_after_an_answer_has_no_message_that_began_it(core: ParleyCore) -> None:
    place = thread()
    ended(core, begun(core, place, "echo one").id)

    run = ended(core, begun(core, place, new=False).id)

    assert (run.message_id, run.state) == (None, State.COMPLETED)
    with pytest.raises(BadInput, match="No message"):
        core.regenerate(run.id, DEMO)


def test_message_before_a_run_that_no_message_began_can_be_edited(core: ParleyCore) -> None:
    place = thread()
    first = ended(core, begun(core, place, "echo one").id)
    ended(core, begun(core, place, new=False).id)
    assert first.message_id

    edited = ended(core, core.edit(first.message_id, "echo other", DEMO).id)

    assert edited.state is State.COMPLETED
    assert shown(core, place) == [("user", "echo other"), ("assistant", "other")]


def test_run_of_an_api_client_is_of_the_default_project_unless_its_thread_is_not(
    core: ParleyCore,
) -> None:
    assert begun(core, thread(), "echo Hello").project_id == DEFAULT_PROJECT


def test_run_on_a_busy_thread_is_refused_with_its_messages(core: ParleyCore) -> None:
    place = thread()
    first = begun(core, place, "wait 30")

    with pytest.raises(ThreadBusy) as refused:
        begun(core, place, "echo Hello", new=False)

    assert refused.value.run_id == first.id
    core.cancel(first.id)
    ended(core, first.id)
    assert ("user", "echo Hello") not in shown(core, place)


def test_run_on_an_unknown_thread_is_refused(core: ParleyCore) -> None:
    with pytest.raises(NotFound):
        begun(core, thread(), "echo Hello", new=False)


# statuses, and outputs of clients


def at_client(core: ParleyCore) -> Run:
    """A run that waits for a client."""
    place = thread()
    wish = RunWish(tools=(ASK, ToolSpec(name="tell", runs="client")))
    said = message(place, "call tell {}\ncall ask {}")
    run = core.run(place, core.cast(assistant(core), wish), messages=(said,), new=True)
    return until(core, run.id, lambda run: run.waiting == "client")


def awaited(core: ParleyCore, run: Run) -> list[str]:
    return [record.call.call_id for record in core.store.exchange(run.id).calls]


def test_statuses_are_those_of_the_api(core: ParleyCore) -> None:
    run = at_client(core)
    assert core.status(run) == "requires_action"

    going_on = core.submit(run.id, dict.fromkeys(awaited(core, run), "42"))

    assert core.status(going_on) == "in_progress"
    assert core.status(ended(core, run.id)) == "completed"


def test_wrong_outputs_are_told_in_the_order_of_the_calls(core: ParleyCore) -> None:
    run = at_client(core)
    first, second = awaited(core, run)

    with pytest.raises(BadInput) as refused:
        core.submit(run.id, {second: "42"})

    assert refused.value.field == "tool_outputs"
    assert str(refused.value) == (
        f"Expected tool outputs for call_ids ['{first}', '{second}'], got ['{second}']"
    )


def test_run_that_awaits_no_outputs_says_how_it_stands(core: ParleyCore) -> None:
    run = ended(core, begun(core, thread(), "echo Hello").id)

    with pytest.raises(BadInput) as refused:
        core.submit(run.id, {new_id("call"): "42"})

    assert refused.value.field == "run_id"
    assert str(refused.value) == 'Runs in status "completed" do not accept tool outputs.'


def test_run_that_waits_for_a_client_expires(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("expiring") / "parley.db"
    with running(f"sqlite:///{file}", run_expires_seconds=0.5) as core:
        run = ended(core, at_client(core).id)

    assert run.state is State.EXPIRED


def test_run_of_an_api_client_can_be_stopped(core: ParleyCore) -> None:
    run = begun(core, thread(), "wait 30")

    core.cancel(run.id)

    assert core.status(ended(core, run.id)) == "cancelled"
