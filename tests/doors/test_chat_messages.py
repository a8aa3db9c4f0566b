"""What stands under messages and between them: branches, the queue, ratings, figures, endings."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from streamlit.testing.v1 import AppTest

from conversation.choice import Choice
from conversation.ids import new_id
from conversation.records import QueuedMessage
from setup.core import ParleyCore
from tests.contract.cores import settled
from tests.doors.chat import ask, finished, open_page, serving, shown, thread_of
from ui.chat.answers import LONGEST_MESSAGE
from ui.language import money, texts
from ui.prose import literal


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyCore]:
    with serving(tmp_path_factory.mktemp("messages")) as core:
        yield core


@pytest.fixture
def page(core: ParleyCore) -> AppTest:
    return open_page()


def press(page: AppTest, label: str, at: int = -1) -> AppTest:
    """Press the last button, or another one, of those that say this."""
    return [one for one in page.main.button if one.label == label][at].click().run()


def captions(page: AppTest) -> str:
    return "\n".join(caption.value for caption in page.main.caption)


def edit(page: AppTest, text: str) -> AppTest:
    """Edit the newest message of the user."""
    press(page, texts.EDIT)
    page.main.text_area[0].set_value(text)
    return press(page, texts.SEND)


def waiting(core: ParleyCore, thread_id: str, text: str) -> QueuedMessage:
    """Put a message in the queue."""
    message = QueuedMessage(
        id=new_id("wait"),
        thread_id=thread_id,
        text=text,
        provider="demo",
        created_at=datetime.now(UTC),
    )
    core.store.enqueue(message).result()
    return message


def test_edit_begins_a_branch_to_switch(page: AppTest) -> None:
    ask(page, "echo one")
    ask(page, "echo two")

    edit(page, "echo three")

    assert shown(page)[2:] == [("user", "echo three"), ("assistant", "three")]
    assert "2/2" in captions(page)
    press(page, texts.VARIANT_BEFORE)
    assert shown(page)[2:] == [("user", "echo two"), ("assistant", "two")]
    assert "1/2" in captions(page)
    press(page, texts.VARIANT_AFTER)
    assert shown(page)[2:] == [("user", "echo three"), ("assistant", "three")]


def test_edit_after_a_failure_is_switched_once(page: AppTest) -> None:
    ask(page, "fail")
    ask(page, "echo two")
    edit(page, "echo three")

    press(page, texts.VARIANT_BEFORE)

    assert shown(page)[-1] == ("assistant", "two")
    assert captions(page).count("1/2") == 1


def test_cancelled_edit_changes_nothing(page: AppTest) -> None:
    ask(page, "echo one")
    press(page, texts.EDIT)
    page.main.text_area[0].set_value("echo other")

    press(page, texts.CANCEL)

    assert shown(page) == [("user", "echo one"), ("assistant", "one")]
    assert not page.main.text_area


def test_empty_edit_is_refused(page: AppTest) -> None:
    ask(page, "echo one")

    edit(page, "  ")

    assert "The message is empty" in page.warning[0].value
    assert page.main.text_area


def test_answer_again_keeps_the_first_one(page: AppTest) -> None:
    ask(page, "echo one")

    press(page, texts.REGENERATE)

    assert shown(page) == [("user", "echo one"), ("assistant", "one")]
    assert "2/2" in captions(page)
    [later] = [one for one in page.main.button if one.label == texts.VARIANT_AFTER]
    assert later.disabled


def test_failure_can_be_tried_again(page: AppTest) -> None:
    ask(page, "fail")
    assert "because you asked it to" in page.main.error[0].value

    edit(page, "echo better")

    assert shown(page) == [("user", "echo better"), ("assistant", "better")]
    ask(page, "fail")
    press(page, texts.RETRY)
    assert len(page.main.error) == 1
    assert "2/2" in captions(page)


def test_broken_answer_is_carried_on(page: AppTest, core: ParleyCore) -> None:
    ask(page, "break off")
    assert texts.BROKEN_OFF in captions(page)

    press(page, texts.CONTINUE)

    [_, answer] = page.main.chat_message
    assert [part.value.split()[0] for part in answer.markdown] == ["This", "broke"]
    assert texts.BROKEN_OFF not in captions(page)
    assert not page.main.error
    assert len(core.store.runs(thread_of(page))) == 2


def test_failed_answer_without_text_offers_no_more(page: AppTest) -> None:
    ask(page, "fail")

    labels = [one.label for one in page.main.button]
    assert texts.RETRY in labels
    assert texts.CONTINUE not in labels


def test_thumbs_are_kept_and_taken_back(page: AppTest, core: ParleyCore) -> None:
    ask(page, "echo one")
    [run] = core.store.runs(thread_of(page))

    press(page, texts.RATE["down"])
    page.main.text_area[0].set_value("Too short.")
    press(page, texts.SAVE)

    kept = core.store.feedback([run.id])[run.id]
    assert (kept.rating, kept.comment) == ("down", "Too short.")
    press(page, texts.RATED["down"])
    assert not core.store.feedback([run.id])


def test_figures_stand_under_answers(page: AppTest) -> None:
    ask(page, "What is Apple trading at?")

    [figures] = [line for line in captions(page).splitlines() if "demo" in line]
    for said in (" in", " out", "first token", "functions", "total", money(0)):
        assert literal(said).replace(" ", "\N{NO-BREAK SPACE}") in figures


def test_figures_of_a_failed_answer_are_shown(page: AppTest) -> None:
    ask(page, "fail")

    [figures] = [line for line in captions(page).splitlines() if "demo" in line]
    assert "total" in figures
    assert texts.COST_UNKNOWN not in figures


def test_calls_at_once_are_grouped(page: AppTest) -> None:
    ask(page, "Compare Microsoft and Nvidia")

    [calls] = [one for one in page.main.chat_message if one.name == texts.SYSTEM]
    assert texts.AT_ONCE.format(count=2) in [caption.value for caption in calls.caption]
    assert ["MSFT" in one.label for one in calls.expander] == [True, False]


def test_new_answerer_is_marked(core: ParleyCore) -> None:
    thread_id = finished(core, "echo one").thread_id
    finished(core, "echo two", thread_id, Choice(provider="demo", model="demo-2"))

    page = open_page(thread_id)

    mark = texts.ANSWERS_FROM_HERE.format(who="Demo · demo\\-2")
    assert [line for line in captions(page).splitlines() if mark in line]


def test_waiting_messages_are_sent_by_an_idle_page(core: ParleyCore) -> None:
    thread_id = finished(core, "echo one").thread_id
    waiting(core, thread_id, "echo two")

    open_page(thread_id)
    settled(core, thread_id)
    page = open_page(thread_id)

    assert shown(page)[2:] == [("user", "echo two"), ("assistant", "two")]


def test_held_queue_waits_for_a_word(core: ParleyCore) -> None:
    thread_id = finished(core, "fail").thread_id
    waiting(core, thread_id, "echo two")
    dropped = waiting(core, thread_id, "echo three")
    page = open_page(thread_id)
    assert texts.HELD in captions(page)

    page.button(key=f"discard-{dropped.id}").click().run()
    press(page, texts.SEND_NOW)

    assert shown(page)[-2:] == [("user", "echo two"), ("assistant", "two")]
    assert not core.store.queue(thread_id)


def test_huge_message_is_folded(page: AppTest) -> None:
    ask(page, "help\n" + "x" * 2 * LONGEST_MESSAGE)
    assert len(page.main.chat_message[0].text[0].value) == LONGEST_MESSAGE

    press(page, texts.SHOW_ALL)

    assert len(page.main.chat_message[0].text[0].value) > 2 * LONGEST_MESSAGE


def test_deleted_conversation_is_left(page: AppTest, core: ParleyCore) -> None:
    ask(page, "echo one")
    core.history.delete_threads([thread_of(page)])

    page.run()

    assert texts.CONVERSATION_GONE in page.warning[0].value.replace("\\", "")
    assert not page.main.chat_message
    ask(page, "echo new")
    assert shown(page)[-1] == ("assistant", "new")


def test_hostile_words_are_shown_as_they_are(page: AppTest, core: ParleyCore) -> None:
    hostile = ":red[a] **b** <i>c</i> $d$ ![e](http://x/e.png) \x07\x1b[31m"
    ask(page, f"call {':red[x]'!r} {{}}")
    ask(page, f"echo {hostile}")

    assert shown(page)[-2] == ("user", f"echo {hostile}")
    assert "&#58;red[a]" in shown(page)[-1][1]
    assert "![" not in shown(page)[-1][1]
