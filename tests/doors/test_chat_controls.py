"""Model and settings on the chat page: who answers, with what, and what is remembered of it."""

from collections.abc import Iterator
from concurrent.futures import Future
from datetime import UTC, datetime
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from conversation.choice import Choice
from conversation.errors import StoreUnavailable
from conversation.ids import new_id
from conversation.records import Assistant, Run
from setup.core import ParleyCore
from tests.doors.chat import ask, finished, open_page, pick, serving, thread_of
from ui.chat.changes import LONGEST_INSTRUCTIONS
from ui.chat.choosing import LONGEST_NAME
from ui.language import texts
from ui.prose import literal
from ui.texts.german import German

KEY = "sk-never-called"


@pytest.fixture
def core(tmp_path: Path) -> Iterator[ParleyCore]:
    with serving(tmp_path, openai_api_key=KEY, openai_model="gpt-5-mini") as core:
        yield core


@pytest.fixture
def page(core: ParleyCore) -> AppTest:
    return use_demo(open_page())


def use_demo(page: AppTest) -> AppTest:
    return page.button(key="provider-demo").click().run()


def enter(page: AppTest, key: str, text: str) -> AppTest:
    """Type something that is not among the options."""
    box = page.selectbox(key=key)
    box.options.append(box.format_func(text))
    return box.set_value(text).run()


def assistant(core: ParleyCore, name: str = "Broker", model: str = "demo") -> str:
    made = Assistant(
        id=new_id("asst"),
        name=name,
        model=model,
        instructions="Be brief.",
        created_at=datetime.now(UTC),
    )
    return core.store.save_assistant(made).id


def newest(core: ParleyCore, page: AppTest) -> Run:
    return core.store.runs(thread_of(page))[-1]


def test_unknown_assistant_is_an_error(page: AppTest, core: ParleyCore) -> None:
    enter(page, "assistant", new_id("asst"))
    assert "There is no assistant" in page.sidebar.error[0].value

    ask(page, "Hello")
    assert "There is no assistant" in page.main.error[0].value
    page.selectbox(key="assistant").set_value("").run()
    page.button(key="again-1").click().run()
    assert len(page.chat_message) == 2


def test_assistant_can_change_in_mid_thread(page: AppTest, core: ParleyCore) -> None:
    broker, teacher = assistant(core), assistant(core, "Teacher")
    page.run()

    page.selectbox(key="assistant").set_value(broker).run()
    ask(page, "echo one")
    page.selectbox(key="assistant").set_value(teacher).run()
    ask(page, "echo two")
    page.selectbox(key="assistant").set_value("").run()
    ask(page, "echo three")

    used = [run.spec.assistant_id for run in core.store.runs(thread_of(page))]
    assert used == [broker, teacher, None]


def test_thread_opens_with_who_answered_last(core: ParleyCore) -> None:
    broker = assistant(core)
    run = finished(core, "echo one", choice=Choice(provider="demo", assistant_id=broker))

    page = open_page(run.thread_id)

    assert page.selectbox(key="assistant").value == broker
    assert page.button(key="provider-demo").proto.type == "primary"
    ask(page, "echo two")
    assert newest(core, page).spec.assistant_id == broker


def test_assistants_are_known_by_name(core: ParleyCore) -> None:
    assistant(core, "Broker")
    first, second = assistant(core, "Teacher"), assistant(core, "Teacher")

    page = open_page()

    assert set(page.selectbox(key="assistant").options) == {
        texts.ASSISTANT_NOBODY,
        "Broker",
        f"Teacher ({first})",
        f"Teacher ({second})",
    }


def test_assistant_brings_its_model(page: AppTest, core: ParleyCore) -> None:
    tutor = assistant(core, "Tutor", model="gpt-5")
    page.run()

    page.selectbox(key="assistant").set_value(tutor).run()

    assert page.button(key="provider-openai").proto.type == "primary"
    assert page.selectbox(key="model").options[0] == "gpt-5 (default)"


def test_models_of_this_log_are_proposed(core: ParleyCore) -> None:
    finished(core, "echo one", choice=Choice(provider="demo", model="demo:demo-large"))
    page = use_demo(open_page())
    box = page.selectbox(key="model")
    assert box.options == ["demo (default)", "demo-large"]

    box.set_value("demo:demo-large").run()
    ask(page, "echo two")

    assert newest(core, page).spec.model == "demo-large"
    page.button(key="provider-openai").click().run()
    assert page.selectbox(key="model").options == ["gpt-5-mini (default)"]


def test_any_model_can_be_named(page: AppTest, core: ParleyCore) -> None:
    enter(page, "model", "other")

    ask(page, "echo one")

    assert newest(core, page).spec.model == "other"
    assert page.selectbox(key="model").value == "other"


@pytest.mark.parametrize("name", ["gemini-2.5-flash", "x" * (LONGEST_NAME + 1)])
def test_impossible_model_is_told_in_words(page: AppTest, name: str) -> None:
    enter(page, "model", name)

    said = [one.value for one in page.warning]
    expected = (
        texts.MODEL_LONG.format(most=LONGEST_NAME) if len(name) > LONGEST_NAME else "is no model of"
    )
    assert any(literal(expected) in one for one in said)
    assert not page.exception


def test_choices_are_remembered_beyond_a_visit(page: AppTest, core: ParleyCore) -> None:
    enter(page, "model", "other")
    page.toggle(key="stream").set_value(False).run()

    again = open_page()

    assert again.button(key="provider-demo").proto.type == "primary"
    assert again.selectbox(key="model").value == "other"
    assert again.toggle(key="stream").value is False
    ask(again, "echo one")
    assert newest(core, again).spec.stream is False


def test_language_is_chosen_and_remembered(page: AppTest) -> None:
    page.selectbox(key="language").set_value("de").run()
    assert page.button(key="new").label == German.NEW
    assert page.selectbox(key="assistant").value == ""

    assert open_page().button(key="new").label == German.NEW


def test_failing_preferences_break_nothing(
    core: ParleyCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwritable(*_: object) -> "Future[None]":
        failed: Future[None] = Future()
        failed.set_exception(StoreUnavailable("The disk is full."))
        return failed

    def unreadable(*_: object) -> dict[str, str]:
        raise StoreUnavailable("The database is locked.")

    monkeypatch.setattr(core.store, "preferences", unreadable)
    monkeypatch.setattr(core.store, "prefer", unwritable)
    page = use_demo(open_page())
    page.toggle(key="stream").set_value(False).run()

    ask(page, "echo one")

    assert not page.exception
    assert newest(core, page).spec.stream is False


def test_instructions_go_with_a_new_conversation(page: AppTest, core: ParleyCore) -> None:
    page.button(key="instruct").click().run()
    page.text_area(key="instructions-new").set_value("Answer in French.")
    page.button(key="dialog-yes").click().run()

    ask(page, "echo one")

    assert core.store.thread(thread_of(page)).instructions == "Answer in French."
    assert "instructions-set" in [button.key for button in page.button]
    page.button(key="new").click().run()
    page.button(key="instruct").click().run()
    assert page.text_area(key="instructions-new").value == ""


def test_instructions_can_be_changed_and_removed(core: ParleyCore) -> None:
    run = finished(core, "echo one")
    page = open_page(run.thread_id)
    field = f"instructions-{run.thread_id}"

    for text in ("Be brief.", ""):
        pick(page, "thread-menu", "instructions")
        page.text_area(key=field).set_value(text)
        page.button(key="dialog-yes").click().run()
        assert core.store.thread(run.thread_id).instructions == text


def test_long_instructions_are_refused_in_words(page: AppTest) -> None:
    page.button(key="instruct").click().run()
    page.text_area(key="instructions-new").set_value("x" * (LONGEST_INSTRUCTIONS + 1))

    page.button(key="dialog-yes").click().run()

    assert "8001" in page.error[0].value
    assert "8000" in page.error[0].value
