"""Conversations that programs began through the API, in the chat page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import OpenAI
from streamlit.testing.v1 import AppTest

from conversation import events
from conversation.events import Logged
from conversation.script import State, Trigger
from conversation.turns import ToolCall
from setup.core import ParleyCore
from tests.contract.cores import ended
from tests.doors.chat import ask, listed, open_page, serving, shown, thread_of
from tests.doors.programs import PARTS, assistant, program, run_on, waiting
from tests.stage import now
from ui.chat.enclosures import LONGEST
from ui.chat.pump import doing
from ui.chat.telling import Telling
from ui.chat.transcript import read_transcript
from ui.chat.visit import Visit
from ui.language import texts

pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")


@pytest.fixture
def core(tmp_path: Path) -> Iterator[ParleyCore]:
    with serving(tmp_path, run_expires_seconds=30) as core:
        yield core


@pytest.fixture
def client(core: ParleyCore) -> Iterator[OpenAI]:
    with program(core) as client:
        yield client


def captions(page: AppTest) -> str:
    return "\n".join(caption.value for caption in page.caption)


def said(page: AppTest) -> list[tuple[str, str]]:
    assert not page.exception
    return [(who, text.strip()) for who, text in shown(page)]


def test_all_messages_before_a_run_are_shown_in_order(core: ParleyCore, client: OpenAI) -> None:
    thread = client.beta.threads.create(
        messages=[
            {"role": "user", "content": "My name is Ada"},
            {"role": "assistant", "content": "Hello, **Ada**"},
            {"role": "user", "content": "one more thing"},
        ]
    )
    client.beta.threads.messages.create(thread.id, role="user", content="echo four")
    client.beta.threads.messages.create(thread.id, role="assistant", content="Let me see.")
    run_on(client, core, thread.id)

    page = open_page(thread.id)

    assert said(page) == [
        ("user", "My name is Ada"),
        ("assistant", "Hello, **Ada**"),
        ("user", "one more thing"),
        ("user", "echo four"),
        ("assistant", "Let me see."),
        ("assistant", "four"),
    ]
    assert captions(page).count(texts.ADDED) == 2
    assert listed(page) == ["My name is Ada"]


def test_thread_without_a_run_is_shown_and_goes_on(core: ParleyCore, client: OpenAI) -> None:
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])

    page = open_page(thread.id)
    assert said(page) == [("user", "Hello")]
    ask(page, "echo two")

    assert said(page) == [("user", "Hello"), ("user", "echo two"), ("assistant", "two")]
    assert len(client.beta.threads.messages.list(thread.id).data) == 3


def test_empty_thread_can_be_opened(core: ParleyCore, client: OpenAI) -> None:
    thread = client.beta.threads.create()

    page = open_page(thread.id)

    assert said(page) == []
    assert said(ask(page, "echo one")) == [("user", "echo one"), ("assistant", "one")]


def test_pictures_and_files_are_named_and_not_fetched(core: ParleyCore, client: OpenAI) -> None:
    long = f"https://example.org/{'x' * 200}"
    thread = client.beta.threads.create(
        messages=[
            {
                "role": "user",
                "content": [*PARTS, {"type": "image_url", "image_url": {"url": long}}],
            },
            {
                "role": "user",
                "content": "and this",
                "attachments": [
                    {"file_id": "file-9", "tools": [{"type": "code_interpreter"}]},
                ],
            },
        ]
    )

    page = open_page(thread.id)

    assert said(page) == [("user", "What is this?"), ("user", "and this")]
    told = captions(page)
    assert "(https://example.org/a_%28b%29.png?c=%24d%24)" in told
    assert texts.PICTURE.format(name=r"file\-abc") in told
    assert texts.PICTURE_INSIDE.format(type=r"image\/png", size="3") in told
    assert texts.FILE_FOR.format(name=r"file\-9", tools=r"code\_interpreter") in told
    assert f"{'x' * (LONGEST - 21)}…]({long})" in told
    assert "![" not in "".join(element.value for element in (*page.markdown, *page.caption))


def test_edit_says_that_pictures_stay_behind(core: ParleyCore, client: OpenAI) -> None:
    thread = client.beta.threads.create(messages=[{"role": "user", "content": PARTS}])
    run_on(client, core, thread.id)
    page = open_page(thread.id)
    (message,) = [m for m in core.store.messages(thread.id) if m.role == "user"]

    page.button(key=f"edit-{message.id}").click().run()
    assert texts.EDIT_TEXT_ALONE in captions(page)
    page.text_area(key=f"draft-{message.id}").set_value("echo without")
    page.button(key=f"send-draft-{message.id}").click().run()

    assert said(page) == [("user", "echo without"), ("assistant", "without")]
    assert [m.role for m in client.beta.threads.messages.list(thread.id).data] == [
        "assistant",
        "user",
    ]


def test_run_without_a_message_says_why_it_is_not_repeated(
    core: ParleyCore, client: OpenAI
) -> None:
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "echo one"}])
    run_on(client, core, thread.id)
    again = run_on(client, core, thread.id)
    assert again.message_id is None

    page = open_page(thread.id)

    assert said(page) == [("user", "echo one"), ("assistant", "one"), ("assistant", "one")]
    button = page.button(key=f"again-{again.id}")
    assert (button.disabled, button.label) == (True, texts.NOT_AGAIN)
    assert said(ask(page, "echo two"))[-2:] == [("user", "echo two"), ("assistant", "two")]


def test_run_that_neither_answers_nor_says_anything_has_its_place(
    core: ParleyCore, client: OpenAI
) -> None:
    long = "I was never asked. " * 200
    thread = client.beta.threads.create(messages=[{"role": "assistant", "content": long}])
    silent = run_on(client, core, thread.id, max_prompt_tokens=256)
    assert (silent.message_id, silent.state) == (None, State.INCOMPLETE)

    page = open_page(thread.id)
    assert [who for who, _ in said(page)] == ["assistant", texts.SYSTEM]
    assert texts.NO_WAY_ON in captions(page)
    ask(page, "echo two")

    assert [who for who, _ in said(page)] == ["assistant", texts.SYSTEM, "user", "assistant"]
    assert texts.NO_WAY_ON not in captions(page)


def test_failed_run_of_a_program_can_be_tried_again(core: ParleyCore, client: OpenAI) -> None:
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "fail"}])
    run = run_on(client, core, thread.id)
    assert run.state is State.ERROR

    page = open_page(thread.id)
    page.button(key=f"regenerate-{run.id}").click().run()

    assert [who for who, _ in said(page)] == ["user", texts.SYSTEM]
    assert len(core.store.runs(thread.id)) == 2


def test_answers_of_programs_can_be_asked_for_again(core: ParleyCore, client: OpenAI) -> None:
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "echo one"}])
    client.beta.threads.messages.create(thread.id, role="user", content="echo two")
    run = run_on(client, core, thread.id)
    page = open_page(thread.id)

    page.button(key=f"again-{run.id}").click().run()

    assert said(page) == [("user", "echo one"), ("user", "echo two"), ("assistant", "two")]
    newest = client.beta.threads.messages.list(thread.id).data[0]
    assert newest.run_id != run.id


def test_budget_that_is_used_up_is_told_with_a_way_on(core: ParleyCore, client: OpenAI) -> None:
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "count to 2000"}])
    run = run_on(client, core, thread.id, max_completion_tokens=256)
    assert run.incomplete_reason == "max_completion_tokens"

    page = open_page(thread.id)

    assert "max\\_completion\\_tokens" in page.warning[0].value
    assert f"carry_on-{run.id}" in {button.key for button in page.button}


def test_prompt_that_is_over_its_budget_is_told(core: ParleyCore, client: OpenAI) -> None:
    words = "many words " * 400
    thread = client.beta.threads.create(messages=[{"role": "user", "content": words}])
    run = run_on(client, core, thread.id, max_prompt_tokens=256)
    assert run.incomplete_reason == "max_prompt_tokens"

    page = open_page(thread.id)

    assert "truncation\\_strategy" in page.warning[0].value


def test_thread_of_the_page_goes_on_through_the_api_and_back(
    core: ParleyCore, client: OpenAI
) -> None:
    page = ask(open_page(), "echo page")
    thread_id = thread_of(page)

    client.beta.threads.messages.create(thread_id, role="user", content="echo program")
    run_on(client, core, thread_id, assistant_id=assistant(client))
    page.run()
    assert said(page)[-2:] == [("user", "echo program"), ("assistant", "program")]

    assert said(ask(page, "echo back"))[-1] == ("assistant", "back")
    assert len(client.beta.threads.runs.list(thread_id).data) == 3


def test_stop_ends_the_wait_for_a_program(core: ParleyCore, client: OpenAI) -> None:
    run = waiting(client)
    assert run.status == "requires_action"

    core.cancel(run.id)
    page = open_page(run.thread_id)

    assert ended(core, run.id).state is State.CANCELLED
    assert not [button for button in page.button if (button.key or "").startswith("allow-")]


def logged(event: events.Event) -> Logged:
    return Logged(run_id="run_1", seq=1, at=now(), event=event)


def asked_for(*names: str) -> Telling:
    calls = tuple(
        ToolCall(call_id=f"call_{number}", name=name, arguments="{}")
        for number, name in enumerate(names)
    )
    telling = Telling("run_1")
    moved = events.StateChanged(
        trigger=Trigger.ACTION_REQUIRED, before=State.RUNNING, after=State.REQUIRES_ACTION
    )
    asked = events.ToolCallsRequested(step_id="step_1", calls=calls)
    telling.take((logged(asked), logged(moved)))
    return telling


def test_wait_for_a_program_is_told_with_what_it_runs() -> None:
    names = asked_for("buy", "sell", "buy")

    assert doing(names, {"buy", "sell"}) == texts.WAITING_FOR_PROGRAM.format(names="buy, sell")


@pytest.mark.parametrize("elsewhere", [set(), {"buy"}])
def test_functions_that_run_here_are_not_waited_for(elsewhere: set[str]) -> None:
    assert doing(asked_for("buy", "price"), elsewhere) == ""


def test_run_under_way_is_found_without_a_message_of_its_own(
    core: ParleyCore, client: OpenAI
) -> None:
    first = waiting(client)
    core.cancel(first.id)
    client.beta.threads.messages.create(first.thread_id, role="assistant", content="Well?")
    client.beta.threads.runs.create_and_poll(
        thread_id=first.thread_id, assistant_id=assistant(client)
    )

    run = client.beta.threads.runs.create_and_poll(
        thread_id=first.thread_id, assistant_id=first.assistant_id
    )
    shown_now = read_transcript(core, Visit(thread_id=first.thread_id))

    assert run.status == "requires_action"
    assert core.store.run(run.id).message_id is None
    assert shown_now.active
    assert shown_now.active.id == run.id
    core.cancel(run.id)
