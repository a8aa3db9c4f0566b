"""The panel beside the messages, run without a browser on a real core."""

import json
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from conversation.events import StateChanged
from conversation.ids import new_id
from setup.core import ParleyCore
from tests.doors.chat import ask, finished, open_page, serving, thread_of
from ui.chat import acts
from ui.chat.panel.steps import CHUNK, KEPT
from ui.chat.panel.switch import SWITCH
from ui.language import texts
from ui.prose import literal

APPLE = "What is Apple trading at?"


@pytest.fixture
def core(tmp_path: Path) -> Iterator[ParleyCore]:
    with serving(tmp_path) as core:
        yield core


@pytest.fixture
def page(core: ParleyCore) -> AppTest:
    return open_page().toggle(key=SWITCH).set_value(True).run()


def is_open(page: AppTest) -> bool:
    return any(button.key == "panel-close" for button in page.button)


def html(page: AppTest) -> str:
    """Return the panel's own HTML: its steps, or the time in each state."""
    found = "".join(one.proto.body for one in page.get("html"))
    return "".join(re.findall(r"<ol class=\"steps\".*?</ol>|<ul class=\"stays\".*?</ul>", found))


def diagram(page: AppTest) -> str:
    """Return the source of the diagram, which is sent as Markdown."""
    [found] = [one.value for one in page.markdown if "flowchart TB" in one.value]
    return found


def captions(page: AppTest) -> list[str]:
    return [caption.value for caption in page.caption]


def choose(page: AppTest, part: str) -> AppTest:
    return page.segmented_control(key="panel-part").set_value(part).run()


def show(page: AppTest, run_id: str) -> AppTest:
    """Open an answer's own exchange."""
    return page.button(key=f"how-{run_id}").click().run()


def requests(page: AppTest) -> list[str]:
    return [one.label for one in page.button if (one.key or "").startswith("request-")]


def newest(page: AppTest, core: ParleyCore) -> str:
    return core.store.runs(thread_of(page))[0].id


def test_panel_is_shown_when_it_is_wanted(core: ParleyCore) -> None:
    page = open_page()
    assert not is_open(page)

    page.toggle(key=SWITCH).set_value(True).run()

    assert is_open(page)
    assert texts.NO_STEPS in captions(page)
    page.button(key="panel-close").click().run()
    assert not is_open(page)
    assert page.toggle(key=SWITCH).value is False


def test_panel_stays_open_for_the_next_visit(page: AppTest) -> None:
    assert is_open(open_page())
    page.button(key="panel-close").click().run()
    assert not is_open(open_page())


def test_steps_are_told_with_their_times(page: AppTest, core: ParleyCore) -> None:
    ask(page, APPLE)

    said = html(page)
    assert said.count("<li") == len(core.store.events(newest(page, core)))
    assert "From started to running: the model is answering" in said
    assert '<li class="step tool_executed"><span class="at">' in said
    assert any(text.startswith("Answered after") for text in (one.value for one in page.markdown))


def test_failed_call_is_marked(page: AppTest) -> None:
    ask(page, "call nothing {}")

    assert "step tool_failed" in html(page)


def test_text_of_others_is_only_shown(page: AppTest) -> None:
    ask(page, "echo <img src=x onerror=alert(1)> **b** :red[c]")

    assert "The user wrote: echo &lt;img src=x onerror=alert(1)&gt; **b** :red[c]" in html(page)
    assert "<img" not in html(page)


def test_long_exchange_shows_its_newest_steps(page: AppTest, core: ParleyCore) -> None:
    ask(page, "loop")

    count = len(core.store.events(newest(page, core)))
    rows = html(page).count("<li")
    assert count > CHUNK * KEPT
    assert CHUNK * (KEPT - 1) < rows <= CHUNK * KEPT
    assert texts.STEPS_CUT.format(count=count - rows) in captions(page)


def test_script_shows_the_way_and_the_times(page: AppTest, core: ParleyCore) -> None:
    ask(page, APPLE)

    choose(page, "script")

    assert "class completed here" in diagram(page)
    assert "started -->|2 x| running" in diagram(page)
    assert re.search(r'ready\(\["ready<br/>\d\.\d\d s"\]\)', diagram(page))
    run = core.store.events(newest(page, core))
    states = {one.event.after for one in run if isinstance(one.event, StateChanged)}
    assert html(page).count("<li") == len(states) - 1  # no time is spent in an ending


def test_failure_is_drawn_where_it_happened(page: AppTest) -> None:
    ask(page, "fail")

    choose(page, "script")

    assert "class error here" in diagram(page)
    assert "class completed ahead" in diagram(page)


def test_requests_are_opened_one_at_a_time(page: AppTest, core: ParleyCore) -> None:
    ask(page, APPLE)
    choose(page, "requests")
    calls = core.store.model_calls(newest(page, core))
    first, second = [
        texts.REQUEST.format(number=call.number, attempt=call.attempt) for call in calls
    ]
    assert requests(page) == [first, second]
    assert not page.code[2:]  # the others are those of the call among the messages

    for call in calls:
        page.button(key=f"request-{call.run_id}-{call.number}-1").click().run()
        sent, came = page.code[2:]
        assert json.loads(sent.value) == json.loads(call.request)
        assert json.loads(came.value) == json.loads(call.response or "")

    page.button(key=f"request-{call.run_id}-{call.number}-1").click().run()
    assert not page.code[2:]


def test_exchange_without_requests_says_why(page: AppTest, tmp_path: Path) -> None:
    ask(page, "echo Hello")
    with sqlite3.connect(tmp_path / "parley.db") as database:
        database.execute("DELETE FROM model_calls")
    database.close()

    choose(page, "requests")

    assert texts.NO_REQUESTS in captions(page)


def test_chosen_exchange_stays_until_the_newest_is_wanted(page: AppTest, core: ParleyCore) -> None:
    ask(page, "echo one")
    first = newest(page, core)
    ask(page, "echo two")
    assert "echo two" in html(page)

    show(page, first)
    assert "echo one" in html(page)
    ask(page, "echo three")
    assert "echo one" in html(page)

    page.button(key="panel-newest").click().run()
    assert "echo three" in html(page)
    assert not any(button.key == "panel-newest" for button in page.button)


def test_other_conversation_shows_its_own_exchange(page: AppTest) -> None:
    ask(page, "echo one")

    page.button(key="new").click().run()

    assert not html(page)
    assert texts.NO_STEPS in captions(page)


def test_deleted_exchange_closes_the_panel(page: AppTest) -> None:
    ask(page, "echo one")

    acts.show_exchange(page.session_state["visit"], new_id("run"))
    page.run()

    assert not is_open(page)
    assert page.warning[0].value == literal(texts.UNKNOWN_EXCHANGE)


def test_chat_alone_has_no_link_to_the_history(page: AppTest) -> None:
    ask(page, "echo one")

    assert is_open(page)
    assert not page.get("page_link")


def test_attempt_is_told_after_the_first(page: AppTest, core: ParleyCore, tmp_path: Path) -> None:
    run = finished(core, "echo one")
    with sqlite3.connect(tmp_path / "parley.db") as database:
        database.execute("UPDATE runs SET attempt = 2")
    database.close()

    page = open_page(run.thread_id)

    assert any(texts.ATTEMPT.format(number=2) in caption for caption in captions(page))
