"""The history page's logic, run without a browser on a real core."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from conversation.choice import Choice
from conversation.history import EVERYTHING, Sort, Window
from conversation.ids import new_id
from conversation.records import Run
from setup.bootstrap import build
from setup.core import ParleyCore
from setup.settings import ROOT, Settings
from tests.doors.spoken import english
from ui.language import history_texts as texts
from ui.preferences import LANGUAGE, LOCAL

PAGE = str(ROOT / "streamlit-history.py")
PLAIN = 12
TOMORROW = f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M}"


def made(folder: Path) -> ParleyCore:
    return build(
        Settings.model_validate(
            {
                "database_url": f"sqlite:///{folder}/parley.db",
                "stock_prices": "sample",
                "demo_delay_seconds": 0.0005,
            }
        )
    )


def finished(core: ParleyCore, text: str, thread_id: str | None = None) -> Run:
    """Let the core answer a message with nobody looking on."""
    ended = threading.Event()
    run = core.start(text, Choice(provider="demo"), thread_id=thread_id)
    with core.feed.watch(run.id, ended.set):
        while not core.store.run(run.id).ended:
            ended.wait(5)
            ended.clear()
    return core.store.run(run.id)


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ParleyCore]:
    core = made(tmp_path_factory.mktemp("history"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ui.opening.core", lambda: core)
        yield core
    core.close()


@pytest.fixture(scope="module")
def bought(core: ParleyCore) -> Run:
    """A run with two calls, after a failed one and before many plain ones."""
    finished(core, "fail")
    run = finished(core, "Should I buy Apple?")
    for number in range(PLAIN):
        finished(core, f"echo word{number}")
    return run


def open_page(**parameters: str) -> AppTest:
    page = AppTest.from_file(PAGE, default_timeout=20)
    for name, value in parameters.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def said(page: AppTest) -> str:
    elements = (*page.markdown, *page.caption, *page.warning, *page.error)
    return "\n".join(element.value for element in elements)


def test_empty_log_says_how_to_begin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    core = made(tmp_path)
    monkeypatch.setattr("ui.opening.core", lambda: core)

    page = open_page()
    core.close()

    assert page.header[0].value == texts.EMPTY
    assert "make chat" in said(page)


def test_threads_are_counted(bought: Run) -> None:
    page = open_page()

    assert f"**{PLAIN + 2} threads**" in said(page)
    assert texts.CHOOSE_THREAD in said(page)
    assert "runs**" not in said(page)


def test_run_leads_to_its_thread(bought: Run) -> None:
    shown = said(open_page(run=bought.id))

    assert r"##### Should I buy Apple\?" in shown
    assert "**1 run**" in shown
    assert "**27 steps**" in shown
    assert "Answered after" in shown


@pytest.mark.parametrize(
    ("name", "value", "note"),
    [
        ("run", new_id("run"), texts.UNKNOWN_RUN),
        ("run", "run_1' OR 1=1", texts.UNKNOWN_RUN),
        ("thread_id", new_id("thread"), texts.UNKNOWN_THREAD),
        ("thread_id", "<script>", texts.UNKNOWN_THREAD),
    ],
)
def test_unknown_address_is_told_and_left(bought: Run, name: str, value: str, note: str) -> None:
    page = open_page(**{name: value})

    assert page.warning[0].value == note
    assert name not in page.query_params
    assert f"**{PLAIN + 2} threads**" in said(page)


@pytest.mark.parametrize(
    "odd", [{"step": "x"}, {"sort": "-nothing"}, {"page": "99999"}, {"page": "-1"}, {"rows": "7"},
            {"view": "Nowhere"}, {"longer": "much"}, {"step": "9" * 50}, {"since": "never"}]
)  # fmt: skip
def test_odd_address_does_no_harm(bought: Run, odd: dict[str, str]) -> None:
    assert f"**{PLAIN + 2} threads**" in said(open_page(**odd))


def test_step_is_shown_in_full(bought: Run) -> None:
    page = open_page(run=bought.id, step="9")

    assert r"**Step 9&#58; execute\_tool**" in said(page)
    assert page.code[0].value == '{\n  "symbol": "AAPL"\n}'
    assert '"price": 227.5' in page.code[1].value


def test_log_can_be_its_calls_alone(bought: Run) -> None:
    page = open_page(run=bought.id, calls="true")

    assert "**2 steps**" in said(page)


def test_all_runs_can_be_filtered(bought: Run) -> None:
    page = open_page(view="runs")
    assert f"**{PLAIN + 2} runs**" in said(page)

    page.multiselect(key="status").set_value(["error"]).run()
    assert "**1 run**" in said(page)

    page.button(key="clear").click().run()
    assert f"**{PLAIN + 2} runs**" in said(page)


@pytest.mark.parametrize(
    ("parameters", "count"),
    [
        ({"tool": "buy_or_sell"}, "**1 run**"),
        ({"failed": "yes"}, "**1 run**"),
        ({"tokens": "900"}, "**1 run**"),
        ({"longer": "1000"}, "**0 runs**"),
        ({"when": "hour"}, f"**{PLAIN + 2} runs**"),
        ({"when": "between", "since": TOMORROW}, "**0 runs**"),
        ({"when": "between", "until": TOMORROW}, f"**{PLAIN + 2} runs**"),
    ],
)
def test_filters_come_from_the_address(bought: Run, parameters: dict[str, str], count: str) -> None:
    assert count in said(open_page(view="runs", **parameters))


@pytest.fixture
def german(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(st.context), "locale", property(lambda _: "de-DE"))


def test_chosen_language_is_spoken(core: ParleyCore, bought: Run) -> None:
    core.store.prefer(LOCAL, {LANGUAGE: "de"}).result()
    chosen = said(open_page())
    core.store.prefer(LOCAL, {LANGUAGE: ""}).result()

    assert f"**{PLAIN + 2} Threads**" in chosen
    assert f"**{PLAIN + 2} threads**" in said(open_page())


def test_link_opens_alike_in_every_language(bought: Run, german: None) -> None:
    page = open_page(view="runs", when="hour", status="error", failed="yes")

    assert "**1 Lauf**" in said(page)
    assert page.selectbox(key="when").value == "hour"
    assert page.multiselect(key="status").value == ["error"]
    assert page.query_params["view"] == "runs"
    assert page.query_params["failed"] == "yes"


def test_address_has_names_in_every_language(bought: Run, german: None) -> None:
    page = open_page()

    page.selectbox(key="when").set_value("week").run()
    page.multiselect(key="status").set_value(["completed", "error"]).run()
    page.button_group(key="view").set_value("overview").run()

    address = {name: page.query_params[name] for name in page.query_params}
    assert address == {"view": "overview", "when": "week", "status": ["completed", "error"]}
    page.button(key="clear").click().run()
    assert list(page.query_params) == ["view"]


def test_address_that_changes_is_followed(bought: Run) -> None:
    page = open_page(view="runs", status="error")
    assert "**1 run**" in said(page)

    page.query_params["status"] = "completed"  # as Back and Forward do
    page.run()
    assert f"**{PLAIN + 1} runs**" in said(page)

    page.query_params.clear()
    page.run()
    assert f"**{PLAIN + 2} threads**" in said(page)


@pytest.mark.parametrize(
    "address",
    [{}, {"view": "runs"}, {"view": "matches"}, {"view": "overview"}]
    + [{"part": part} for part in texts.PARTS],
    ids=lambda address: "-".join(address.values()) or "threads",
)
def test_german_page_speaks_no_english(bought: Run, german: None, address: dict[str, str]) -> None:
    page = open_page(run=bought.id, **address) if "part" in address else open_page(**address)

    assert english(page) == set()
    assert "Filter" in said(page)


def test_words_are_found_with_what_is_around(bought: Run) -> None:
    page = open_page()

    page.text_input(key="q").set_value("word3").run()

    assert "**2 matches**" in said(page)
    assert "echo :orange-background[word3]" in said(page)
    page.button(key="open-1-0").click().run()
    assert page.query_params["run"]
    assert "echo word3" in said(page)


@pytest.mark.parametrize(
    "text", ['"', "' OR 1=1 --", "<script>alert(1)</script>", "🦜", "AND OR NOT (", "a*b\\", "%"]
)
def test_odd_words_do_no_harm(bought: Run, text: str) -> None:
    page = open_page()

    page.text_input(key="q").set_value(text).run()

    assert not page.exception
    assert not page.error
    assert "match" in said(page)


@pytest.mark.parametrize("part", texts.PARTS)
def test_every_part_of_a_run_is_drawn(bought: Run, part: str) -> None:
    page = open_page(run=bought.id, part=part)

    assert not page.error
    assert "Answered after" in said(page)


def test_conversation_is_shown_as_it_was(bought: Run) -> None:
    page = open_page(run=bought.id, part="conversation")

    assert [message.name for message in page.chat_message] == [
        "user",
        "System",
        "System",
        "assistant",
    ]


def test_failed_run_says_why(core: ParleyCore, bought: Run) -> None:
    [failed] = [
        run for run in core.history.runs(EVERYTHING, Sort(), Window()).rows if run.error_code
    ]

    shown = said(open_page(run=failed.run_id, part="details"))

    assert "Failed" in shown
    assert "because you asked it to" in shown


def test_overview_adds_up(bought: Run) -> None:
    page = open_page(view="overview")

    assert f"**{PLAIN + 2} runs**" in said(page)
    assert len(page.dataframe) >= 6
    assert not page.error


def test_replay_stands_beside_its_original(core: ParleyCore, bought: Run) -> None:
    replay = core.replays.start(bought.thread_id, Choice(provider="demo"), recorded=True)
    core.replays.wait(replay.thread_id, 20)

    page = open_page(thread_id=replay.thread_id, compare="true")
    core.history.delete_threads([replay.thread_id])

    assert "1 of 1 messages answered, finished · with recorded outputs" in said(page)
    assert "trading at" in said(page)


def test_runs_are_found_by_what_people_think_of_them(core: ParleyCore, bought: Run) -> None:
    core.rate(bought.id, "down", "Prices are <old>.")

    page = open_page(view="runs", rating="down")
    details = open_page(run=bought.id, part="details")

    assert "**1 run**" in said(page)
    assert f"**{texts.RATING}:** {texts.RATINGS['down']}" in said(details)
    assert [text.value for text in details.text] == ["Prices are <old>."]
    core.rate(bought.id, None)
