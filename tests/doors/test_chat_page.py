"""The chat page's logic, run without a browser on a real core."""

from collections.abc import Iterator

import pytest
from streamlit.testing.v1 import AppTest

from conversation.errors import StoreUnavailable
from conversation.ids import new_id
from conversation.ports import Cursor, Update
from conversation.records import Run
from setup.core import ParleyCore
from setup.settings import WrongSettings
from tests.doors.chat import ask, finished, open_page, serving, shown, thread_of
from ui.chat.transcript import SHIFT
from ui.chat.visit import PARAMETER, STEP
from ui.language import texts
from ui.prose import literal


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyCore]:
    with serving(tmp_path_factory.mktemp("page")) as core:
        yield core


@pytest.fixture
def page(core: ParleyCore) -> AppTest:
    return open_page()


def test_exchange_is_shown_and_addressed(page: AppTest, core: ParleyCore) -> None:
    ask(page, "echo Hello")

    assert shown(page) == [("user", "echo Hello"), ("assistant", "Hello")]
    assert [message.text for message in core.store.messages(thread_of(page))] == [
        "echo Hello",
        "Hello",
    ]


def test_calls_are_shown_with_their_data(page: AppTest) -> None:
    ask(page, "What is Apple trading at?")

    [call] = page.main.expander
    assert 'get\\_stock\\_price\\(symbol\\=\\"AAPL\\"\\)' in call.label
    assert call.icon == ":material/check:"
    assert '"price": 227.5' in page.code[1].value


def test_failed_call_shows_its_error(page: AppTest) -> None:
    ask(page, "call nothing {}")

    assert page.main.expander[0].icon == ":material/error:"
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
    assert len(page.main.expander) == 2
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


def test_stream_can_be_switched_off(page: AppTest, core: ParleyCore) -> None:
    page.toggle[0].set_value(False).run()

    ask(page, "echo Hello")

    [run] = core.store.runs(thread_of(page))
    assert not run.spec.stream
    assert shown(page)[1] == ("assistant", "Hello")


def test_long_thread_shows_its_end_first(core: ParleyCore) -> None:
    run = finished(core, "echo 0")
    for number in range(1, STEP // 2 + SHIFT // 2):
        finished(core, f"echo {number}", run.thread_id)

    page = open_page(run.thread_id)

    assert len(page.chat_message) == STEP
    assert shown(page)[0] == ("user", f"echo {SHIFT // 2}")
    page.button(key="earlier").click().run()
    assert shown(page)[0] == ("user", "echo 0")
    assert len(page.chat_message) == STEP + SHIFT


def test_beginning_of_what_is_shown_moves_rarely(core: ParleyCore) -> None:
    run = finished(core, "echo 0")
    for number in range(1, STEP // 2 + SHIFT // 2):
        finished(core, f"echo {number}", run.thread_id)
    page = open_page(run.thread_id)

    ask(page, "echo more")

    assert shown(page)[0] == ("user", f"echo {SHIFT // 2}")
    assert shown(page)[-1] == ("assistant", "more")


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
