"""The chat page's logic, run without a browser on a real core."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from conversation.errors import StoreUnavailable
from conversation.ids import new_id
from conversation.ports import Choice, Cursor, Update
from conversation.records import Assistant, Run
from setup.bootstrap import build
from setup.core import ParleyCore
from setup.settings import ROOT, Settings, WrongSettings
from ui import texts
from ui.chat.visit import PARAMETER, STEP
from ui.prose import literal

PAGE = str(ROOT / "streamlit-chat.py")


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyCore]:
    file = tmp_path_factory.mktemp("page") / "parley.db"
    settings = Settings.model_validate(  # unlike Settings(), it reads no environment
        {
            "database_url": f"sqlite:///{file}",
            "stock_prices": "sample",
            "demo_delay_seconds": 0.001,
        }
    )
    core = build(settings)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ui.opening.core", lambda: core)
        yield core
    core.close()


@pytest.fixture
def page(core: ParleyCore) -> AppTest:
    return open_page()


def open_page(thread_id: str | None = None) -> AppTest:
    """Open the page, at a thread if one is named."""
    page = AppTest.from_file(PAGE, default_timeout=20)
    if thread_id:
        page.query_params[PARAMETER] = thread_id
    return page.run()


def ask(page: AppTest, text: str) -> AppTest:
    """Send a message; returns when the exchange has ended."""
    return page.chat_input[0].set_value(text).run()


def shown(page: AppTest) -> list[tuple[str, str]]:
    """Return who said what."""
    return [
        (message.name, " ".join(part.value for part in (*message.text, *message.markdown)))
        for message in page.chat_message
    ]


def finished(core: ParleyCore, text: str, thread_id: str | None = None) -> Run:
    """Let the core answer a message with nobody looking on."""
    ended = threading.Event()
    run = core.start(text, Choice(provider="demo"), thread_id=thread_id)
    with core.feed.watch(run.id, ended.set):
        while not core.store.run(run.id).ended:
            ended.wait(5)
            ended.clear()
    return core.store.run(run.id)


def thread_of(page: AppTest) -> str:
    found = page.query_params[PARAMETER]
    return found if isinstance(found, str) else found[0]


def test_exchange_is_shown_and_addressed(page: AppTest, core: ParleyCore) -> None:
    ask(page, "echo Hello")

    assert shown(page) == [("user", "echo Hello"), ("assistant", "Hello")]
    assert [message.text for message in core.store.messages(thread_of(page))] == [
        "echo Hello",
        "Hello",
    ]


def test_calls_are_shown_with_their_data(page: AppTest) -> None:
    ask(page, "What is Apple trading at?")

    [status] = page.status
    assert 'get\\_stock\\_price\\(symbol\\=\\"AAPL\\"\\)' in status.label
    assert status.state == "complete"
    assert '"price": 227.5' in page.code[1].value


def test_failed_call_shows_its_error(page: AppTest) -> None:
    ask(page, "call nothing {}")

    assert page.status[0].state == "error"
    assert "There is no function" in page.code[1].value


def test_failure_is_told_and_does_not_block(page: AppTest) -> None:
    ask(page, "fail")
    assert "because you asked it to" in page.error[0].value

    ask(page, "echo on")

    assert shown(page)[-1] == ("assistant", "on")


def test_part_of_an_answer_is_kept_with_a_note(page: AppTest) -> None:
    ask(page, "break off")

    assert shown(page)[1][1].endswith("the connection")
    assert texts.BROKEN_OFF in [caption.value for caption in page.caption]


def test_refusal_is_marked(page: AppTest) -> None:
    ask(page, "refuse")

    assert texts.DECLINED in [caption.value for caption in page.caption]


def test_example_begins_a_conversation(page: AppTest) -> None:
    assert page.header[0].value == texts.WELCOME

    page.button(key="example-0").click().run()

    assert shown(page)[0] == ("user", "Should I buy Apple?")
    assert len(page.status) == 2
    assert not page.header


def test_blank_message_is_not_sent(page: AppTest) -> None:
    ask(page, "  ")

    assert "The message is empty" in page.warning[0].value
    assert not page.chat_message


def test_unavailable_providers_name_their_setting(page: AppTest) -> None:
    assert page.button(key="provider-openai").disabled
    assert page.button(key="provider-gemini").disabled
    said = " ".join(caption.value for caption in page.caption)
    assert "`OPENAI_API_KEY`" in said
    assert "`GOOGLE_API_KEY`" in said


def test_address_leads_to_its_conversation(core: ParleyCore) -> None:
    run = finished(core, "echo Hello")

    page = open_page(run.thread_id)

    assert shown(page) == [("user", "echo Hello"), ("assistant", "Hello")]


@pytest.mark.parametrize("thread_id", [new_id("thread"), "mine", "thread_1' OR 1=1"])
def test_unknown_address_is_told_and_left(core: ParleyCore, thread_id: str) -> None:
    page = open_page(thread_id)

    assert "There is no conversation at this address" in page.warning[0].value
    assert PARAMETER not in page.query_params
    ask(page, "echo new")
    assert thread_of(page) != thread_id


def test_unknown_assistant_is_an_error(page: AppTest) -> None:
    unknown = new_id("asst")

    page.text_input[0].set_value(unknown).run()
    assert "There is no assistant" in page.sidebar.error[0].value

    ask(page, "Hello")
    assert "There is no assistant" in page.main.error[0].value
    page.text_input[0].set_value("").run()
    page.button(key="again-1").click().run()
    assert shown(page)[0] == ("user", "Hello")
    assert len(page.chat_message) == 2


def test_thread_stays_with_its_assistant(page: AppTest, core: ParleyCore) -> None:
    assistant = Assistant(
        id=new_id("asst"), model="demo", instructions="Be brief.", created_at=datetime.now(UTC)
    )
    core.store.save_assistant(assistant)
    page.text_input[0].set_value(assistant.id).run()
    ask(page, "Hello")

    page.text_input[0].set_value("").run()
    ask(page, "Hello again")

    used = {run.spec.assistant_id for run in core.store.runs(thread_of(page))}
    assert used == {assistant.id}


def test_stream_can_be_switched_off(page: AppTest, core: ParleyCore) -> None:
    page.toggle[0].set_value(False).run()

    ask(page, "echo Hello")

    [run] = core.store.runs(thread_of(page))
    assert not run.spec.stream
    assert shown(page)[1] == ("assistant", "Hello")


def test_long_thread_shows_its_end_first(core: ParleyCore) -> None:
    run = finished(core, "echo 0")
    for number in range(1, STEP // 2 + 2):
        finished(core, f"echo {number}", run.thread_id)

    page = open_page(run.thread_id)

    assert len(page.chat_message) == STEP
    assert shown(page)[0] == ("user", "echo 2")
    page.button(key="earlier").click().run()
    assert shown(page)[0] == ("user", "echo 0")
    assert len(page.chat_message) == STEP + 4


def test_locked_store_keeps_the_typed_text(
    page: AppTest, core: ParleyCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object, **__: object) -> Run:
        raise StoreUnavailable("The database is locked.")

    with monkeypatch.context() as patch:
        patch.setattr(core, "start", locked)
        ask(page, "echo kept")
        ask(page, "echo also kept")
    assert shown(page) == [("user", "echo kept"), ("user", "echo also kept")]
    assert "The database is locked" in page.error[0].value

    page.button(key="discard-2").click().run()
    page.button(key="again-1").click().run()

    assert shown(page) == [("user", "echo kept"), ("assistant", "kept")]


def test_wrong_settings_are_listed(core: ParleyCore, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong() -> ParleyCore:
        raise WrongSettings("MEDIATOR_TYPE: no\nLOG_LEVEL: no")

    monkeypatch.setattr("ui.opening.core", wrong)

    page = open_page()

    assert page.error[0].value.count("\n- ") == 2
    assert not page.chat_input
    assert not page.exception


def test_unreadable_store_is_waited_for(
    page: AppTest, core: ParleyCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, failures = core.feed.read, iter([1, 2])

    def moody(run_id: str, cursor: Cursor) -> Update:
        if next(failures, None):
            raise StoreUnavailable("The database is locked.")
        return read(run_id, cursor)

    monkeypatch.setattr("ui.chat.pump.PATIENCE", 0.01)
    monkeypatch.setattr(core.feed, "read", moody)

    ask(page, "echo patience")

    assert shown(page) == [("user", "echo patience"), ("assistant", "patience")]


@pytest.mark.parametrize(
    ("problem", "said"),
    [(StoreUnavailable("The disk is full."), "disk is full"), (RuntimeError("x"), texts.FAULT)],
)
def test_trouble_is_told_in_words(
    core: ParleyCore, monkeypatch: pytest.MonkeyPatch, problem: Exception, said: str
) -> None:
    def fail(*_: object) -> None:
        raise problem

    thread_id = finished(core, "echo Hello").thread_id
    with monkeypatch.context() as patch:
        patch.setattr("ui.chat.page.read_transcript", fail)
        page = open_page(thread_id)
    assert literal(said) in page.error[0].value
    assert not page.exception

    page.button(key="try-again").click().run()

    assert shown(page) == [("user", "echo Hello"), ("assistant", "Hello")]
