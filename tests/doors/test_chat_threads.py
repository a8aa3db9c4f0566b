"""The list of conversations, its search and menus, and the header, on a real core."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from conversation.choice import Choice
from conversation.errors import StoreUnavailable
from conversation.history import Filter, Sort, Window
from conversation.records import Run
from setup.core import ParleyCore
from tests.doors.chat import ask, finished, listed, open_page, pick, serving, thread_of
from ui.chat.changes import LONGEST_TITLE
from ui.chat.visit import LISTED, PARAMETER
from ui.language import texts
from ui.prose import literal

MENU = "thread-menu"


@pytest.fixture
def core(tmp_path: Path) -> Iterator[ParleyCore]:
    with serving(tmp_path) as core:
        yield core


def captions(page: AppTest) -> list[str]:
    return [caption.value for caption in page.caption]


def keys(page: AppTest) -> list[str | None]:
    return [button.key for button in page.button]


def open_row(page: AppTest, run: Run) -> AppTest:
    return page.button(key=f"open-{run.thread_id}").click().run()


def test_newest_conversations_come_first(core: ParleyCore) -> None:
    first, second = finished(core, "echo one"), finished(core, "echo two")
    finished(core, "echo again", first.thread_id)

    page = open_page()

    assert listed(page) == ["echo one", "echo two"]
    assert texts.DAYS["today"] in captions(page)
    assert second.thread_id != first.thread_id


def test_click_opens_a_conversation(core: ParleyCore) -> None:
    run = finished(core, "echo one")
    page = open_page()
    assert page.button(key=f"open-{run.thread_id}").proto.type == "tertiary"

    open_row(page, run)

    assert thread_of(page) == run.thread_id
    assert page.button(key=f"open-{run.thread_id}").proto.type == "secondary"
    assert len(page.chat_message) == 2


def test_long_list_comes_in_pages(core: ParleyCore) -> None:
    for number in range(LISTED + 1):
        finished(core, f"echo {number}")
    page = open_page()
    assert len(listed(page)) == LISTED

    page.button(key="list-more").click().run()

    assert len(listed(page)) == LISTED + 1
    assert "list-more" not in keys(page)


def test_empty_list_says_what_it_is_for(core: ParleyCore) -> None:
    assert texts.NO_CONVERSATIONS in captions(open_page())


def test_pinned_conversations_stay_on_top(core: ParleyCore) -> None:
    old, _ = finished(core, "echo old"), finished(core, "echo new")
    page = open_page()

    pick(page, f"menu-{old.thread_id}", "pin")

    assert listed(page) == ["echo old", "echo new"]
    assert texts.PINNED in captions(page)
    pick(page, f"menu-{old.thread_id}", "unpin")
    assert listed(page) == ["echo new", "echo old"]
    assert texts.PINNED not in captions(page)


def test_busy_conversation_is_marked(core: ParleyCore) -> None:
    run = core.start("wait 60", Choice(provider="demo"))

    page = open_page()

    assert page.button(key=f"open-{run.thread_id}").proto.icon == "spinner"
    core.cancel(run.id)


@pytest.mark.parametrize(
    "title", ["<b>x</b> *a* :red[b] $c$ # d", "مرحبا", "1. :material/home: [a](http://b)"]
)
def test_titles_are_shown_as_typed(core: ParleyCore, title: str) -> None:
    run = finished(core, "echo one")
    core.store.change_thread(run.thread_id, title=title).result()

    page = open_page(run.thread_id)

    assert listed(page) == [literal(title)]
    assert f"**{literal(title)}**" in [one.value for one in page.markdown]


def test_conversation_can_be_renamed(core: ParleyCore) -> None:
    run = finished(core, "echo one")
    page = open_page(run.thread_id)

    pick(page, MENU, "rename")
    page.text_input(key=f"title-{run.thread_id}").set_value("  My \n title ")
    page.button(key="dialog-yes").click().run()

    assert listed(page) == ["My title"]
    assert core.store.thread(run.thread_id).titled_by == "person"
    assert "dialog-yes" not in keys(page)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (" ", texts.TITLE_BLANK),
        ("x" * 121, texts.TITLE_LONG.format(most=LONGEST_TITLE, count=121)),
    ],
)
def test_unfit_title_is_refused_in_words(core: ParleyCore, typed: str, said: str) -> None:
    run = finished(core, "echo one")
    page = open_page(run.thread_id)
    pick(page, MENU, "rename")

    page.text_input(key=f"title-{run.thread_id}").set_value(typed)
    page.button(key="dialog-yes").click().run()

    assert page.error[0].value == literal(said)
    assert core.store.thread(run.thread_id).title == "echo one"


def test_deletion_asks_and_begins_anew(core: ParleyCore) -> None:
    run, other = finished(core, "echo one"), finished(core, "echo two")
    page = open_page(run.thread_id)

    pick(page, MENU, "delete")
    assert texts.EXCHANGE in " ".join(one.value for one in page.markdown)
    page.button(key="dialog-no").click().run()
    assert len(listed(page)) == 2
    pick(page, MENU, "delete")
    page.button(key="dialog-yes").click().run()

    assert listed(page) == ["echo two"]
    assert PARAMETER not in page.query_params
    assert page.warning[0].value == literal(texts.DELETED_HERE)
    assert core.store.thread(other.thread_id).title == "echo two"


def test_deleting_another_leaves_the_open_one(core: ParleyCore) -> None:
    run, other = finished(core, "echo one"), finished(core, "echo two")
    page = open_page(run.thread_id)

    pick(page, f"menu-{other.thread_id}", "delete")
    page.button(key="dialog-yes").click().run()

    assert thread_of(page) == run.thread_id
    assert listed(page) == ["echo one"]
    assert page.warning[0].value == literal(texts.DELETED.format(title="echo two"))


def test_busy_conversation_is_not_deleted(core: ParleyCore) -> None:
    busy, run = core.start("wait 60", Choice(provider="demo")), finished(core, "echo one")
    page = open_page(run.thread_id)

    pick(page, f"menu-{busy.thread_id}", "delete")
    page.button(key="dialog-yes").click().run()

    assert page.error[0].value == literal(texts.DELETE_BUSY)
    core.cancel(busy.id)


def test_conversation_deleted_elsewhere_is_left(core: ParleyCore) -> None:
    run = finished(core, "echo one")
    page = open_page(run.thread_id)
    core.history.delete_threads([run.thread_id])

    page.run()

    assert page.warning[0].value == literal(texts.CONVERSATION_GONE)
    assert PARAMETER not in page.query_params
    assert not page.chat_message
    assert not page.exception


def test_message_to_a_deleted_conversation_is_kept(
    core: ParleyCore, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = finished(core, "echo one")
    page = open_page(run.thread_id)

    def locked(*_: object, **__: object) -> Run:
        raise StoreUnavailable("The database is locked.")

    with monkeypatch.context() as patch:
        patch.setattr(core, "send", locked)
        ask(page, "echo kept")
    core.history.delete_threads([run.thread_id])
    page.run()
    page.button(key="again-1").click().run()

    assert thread_of(page) != run.thread_id
    assert core.store.messages(thread_of(page))[0].text == "echo kept"


def test_dialog_about_a_deleted_conversation_closes(core: ParleyCore) -> None:
    run, other = finished(core, "echo one"), finished(core, "echo two")
    page = open_page(run.thread_id)
    pick(page, f"menu-{other.thread_id}", "rename")
    core.history.delete_threads([other.thread_id])

    page.button(key="dialog-yes").click().run()

    assert not page.exception
    page.run()
    assert "dialog-yes" not in keys(page)


def test_dialog_can_be_used_during_an_answer(core: ParleyCore) -> None:
    run = finished(core, "echo one")
    page = open_page(run.thread_id)
    pick(page, MENU, "rename")
    busy = core.start("wait 60", Choice(provider="demo"), thread_id=run.thread_id)

    page.run()  # would follow the answer, and time out

    assert "dialog-yes" in keys(page)
    core.cancel(busy.id)


def test_search_finds_words_of_all_conversations(core: ParleyCore) -> None:
    finished(core, "echo the zebra crossing")
    run = finished(core, "What is Apple trading at?")
    page = open_page()

    page.text_input(key="search").set_value("zeb").run()

    assert not listed(page)
    assert texts.MATCHES.format(count=2) in captions(page)
    assert ":orange-background[zebra]" in " ".join(one.value for one in page.markdown)
    page.text_input(key="search").set_value("AAPL price").run()
    assert page.button(key=f"hit-0-{run.thread_id}").click().run()
    assert thread_of(page) == run.thread_id


def test_search_that_finds_nothing_says_so(core: ParleyCore) -> None:
    finished(core, "echo one")
    page = open_page()

    page.text_input(key="search").set_value("giraffe").run()
    assert texts.NOTHING_FOUND in captions(page)
    page.button(key="search-clear").click().run()

    assert listed(page) == ["echo one"]
    assert page.text_input(key="search").value == ""


def test_search_finds_titles(core: ParleyCore) -> None:
    run = finished(core, "echo one")
    core.store.change_thread(run.thread_id, title="My 100% taxes").result()
    page = open_page()

    page.text_input(key="search").set_value("100% TAX").run()

    assert listed(page) == [literal("My 100% taxes")]
    assert texts.FOUND_IN_TITLES in captions(page)
    page.text_input(key="search").set_value("***").run()
    assert texts.NOTHING_FOUND in captions(page)


def test_matches_come_in_pages(core: ParleyCore) -> None:
    for number in range(11):
        finished(core, f"echo zebra {number}")
    page = open_page()

    page.text_input(key="search").set_value("zebra").run()
    page.button(key="find-more").click().run()

    hits = [one.key for one in page.button if (one.key or "").startswith("hit-")]
    assert len(hits) == 22


def test_matches_show_text_as_it_is(core: ParleyCore) -> None:
    finished(core, "refuse :red[zebra] <b>")
    page = open_page()

    page.text_input(key="search").set_value("zebra").run()

    found = next(one.value for one in page.markdown if "zebra" in one.value)
    assert found == r":small[refuse &#58;red\[:orange-background[zebra]\] \<b\>]"


def test_header_tells_what_it_adds_up_to(core: ParleyCore) -> None:
    run = finished(core, "echo one")
    finished(core, "echo two", run.thread_id)

    page = open_page(run.thread_id)

    own = Filter(thread_id=run.thread_id)
    [line] = core.history.threads(own, Sort(), Window(size=1)).rows
    tokens = texts.TOKENS.format(count=f"{line.tokens:,}")
    assert literal(f"2 exchanges · {tokens} · $0.00") in captions(page)
