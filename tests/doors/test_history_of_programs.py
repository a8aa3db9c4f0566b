"""Runs that programs began through the API, in the history page."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from openai import OpenAI
from streamlit.testing.v1 import AppTest

from setup.core import ParleyCore
from setup.settings import ROOT
from tests.doors.chat import serving, shown
from tests.doors.programs import PARTS, assistant, program, run_on, waiting
from ui.language import history_texts as texts
from ui.language import texts as shared

PAGE = str(ROOT / "streamlit-history.py")

pytestmark = pytest.mark.filterwarnings("ignore:deprecated:DeprecationWarning")


@pytest.fixture
def core(tmp_path: Path) -> Iterator[ParleyCore]:
    with serving(tmp_path, run_expires_seconds=30, model_map="gpt-4o=demo") as core:
        yield core


@pytest.fixture
def client(core: ParleyCore) -> Iterator[OpenAI]:
    with program(core) as client:
        yield client


def open_page(**parameters: str) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=20)
    for name, value in parameters.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def captions(page: AppTest) -> str:
    return "\n".join(caption.value for caption in page.caption)


def said(page: AppTest) -> list[tuple[str, str]]:
    return [(who, text.strip()) for who, text in shown(page)]


def test_run_shows_all_messages_that_it_answers(core: ParleyCore, client: OpenAI) -> None:
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "echo before"}])
    run_on(client, core, thread.id)
    client.beta.threads.messages.create(thread.id, role="user", content=PARTS)
    client.beta.threads.messages.create(thread.id, role="assistant", content="Let me see.")
    client.beta.threads.messages.create(thread.id, role="user", content="echo one")
    run = run_on(client, core, thread.id)
    run_on(client, core, thread.id, additional_messages=[{"role": "user", "content": "echo two"}])

    page = open_page(thread=thread.id, run=run.id, part="conversation")

    assert said(page) == [
        ("user", "What is this?"),
        ("assistant", "Let me see."),
        ("user", "echo one"),
        ("assistant", "one"),
    ]
    assert texts.EARLIER in [toggle.label for toggle in page.toggle]
    assert shared.ADDED in captions(page)
    assert shared.PICTURE.format(name=r"file\-abc") in captions(page)
    page.toggle(key="earlier").set_value(True).run()
    assert said(page)[:2] == [("user", "echo before"), ("assistant", "before")]


def test_run_without_a_message_shows_what_it_said(core: ParleyCore, client: OpenAI) -> None:
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "echo one"}])
    run_on(client, core, thread.id)
    run = run_on(client, core, thread.id)

    page = open_page(thread=thread.id, run=run.id, part="conversation")

    assert said(page) == [("assistant", "one")]


def test_details_tell_what_the_program_asked_for(core: ParleyCore, client: OpenAI) -> None:
    thread = client.beta.threads.create(
        metadata={"customer": "42"}, messages=[{"role": "user", "content": "echo one"}]
    )
    run = run_on(
        client,
        core,
        thread.id,
        model="gpt-4o",
        metadata={"ticket": "T-1"},
        max_prompt_tokens=1000,
        truncation_strategy={"type": "last_messages", "last_messages": 5},
        tool_choice="none",
    )

    page = open_page(thread=thread.id, run=run.id, part="details")

    rows = {row for table in page.dataframe for row in table.value.itertuples(index=False)}
    told = {(head, value) for head, value in rows}
    assert {
        (texts.HEADS["asked_model"], "gpt-4o"),
        (texts.HEADS["max_prompt_tokens"], "1,000"),
        (texts.HEADS["last_messages"], "5"),
        (texts.HEADS["tool_choice"], "none"),
        (texts.HEADS["metadata"], "ticket=T-1"),
    } <= told
    assert texts.HEADS["max_completion_tokens"] not in {head for head, _ in told}
    assert f"{texts.HEADS['metadata']}: customer\\=42" in captions(page)


def test_run_that_waits_for_a_program_says_so(core: ParleyCore, client: OpenAI) -> None:
    run = waiting(client)

    page = open_page(thread=run.thread_id, run=run.id)

    assert texts.WAITS_FOR["client"] in captions(page)
    assert not [button for button in page.button if (button.key or "").startswith("allow-")]
    core.cancel(run.id)


def test_budget_that_is_used_up_is_told_with_a_hint(core: ParleyCore, client: OpenAI) -> None:
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "count to 2000"}])
    run = run_on(client, core, thread.id, assistant_id=assistant(client), max_completion_tokens=256)

    page = open_page(thread=thread.id, run=run.id)

    assert shared.INCOMPLETE_HINTS["max_completion_tokens"] in captions(page)
