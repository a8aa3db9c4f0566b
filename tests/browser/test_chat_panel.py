"""How an exchange runs, watched in the panel beside its messages."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Request, expect

from tests.browser.chat import STORY
from tests.browser.conftest import OpenChat
from tests.browser.panel import Panel
from tests.browser.server import ChatServer
from tests.wire.openai_server import Answer, OpenAIServer, failure
from ui.language import texts

APPLE = "What is Apple trading at?"
KEY = "sk-never-shown"


@pytest.fixture(scope="module")
def provider() -> Iterator[OpenAIServer]:
    with OpenAIServer() as provider:
        yield provider


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatServer]:
    """Both pages, with the demo model alone."""
    with ChatServer(tmp_path_factory.mktemp("panel"), script="app.py") as server:
        yield server
        assert "Traceback" not in "".join(server.log)


@pytest.fixture(scope="module")
def wired(tmp_path_factory: pytest.TempPathFactory, provider: OpenAIServer) -> Iterator[ChatServer]:
    """A server whose provider answers as it is told to."""
    with ChatServer(
        tmp_path_factory.mktemp("wired"),
        OPENAI_API_KEY=KEY,
        OPENAI_BASE_URL=provider.base_url,
        THREAD_TITLES="words",
    ) as server:
        yield server


@pytest.fixture
def panel(open_chat: OpenChat, app: ChatServer) -> Panel:
    return open_panel(open_chat, app)


def open_panel(
    open_chat: OpenChat, server: ChatServer, width: int = 1280, *, dark: bool = False
) -> Panel:
    chat = open_chat(server.url, width=width, dark=dark)
    chat.show_steps()
    return Panel(chat)


def sides(found: Locator) -> tuple[float, float]:
    """Return where something begins and ends, from left to right."""
    box = found.bounding_box()
    assert box
    return box["x"], box["x"] + box["width"]


def test_steps_grow_while_an_answer_is_written(panel: Panel) -> None:
    panel.chat.send(STORY)
    panel.chat.expect_writing()

    panel.expect_state("running")
    expect(panel.row("the model is answering")).to_be_visible()
    expect(panel.row("The model wrote")).to_have_count(0)
    panel.chat.stop.click()
    panel.expect_state("cancelled")
    expect(panel.rows.last).to_contain_text("cancelled")
    panel.chat.shoot("panel-steps")


def test_calls_are_told_with_their_times(panel: Panel) -> None:
    panel.chat.send("Compare Microsoft and Nvidia")

    panel.expect_state("completed")
    expect(panel.row("begins")).to_have_count(2)
    expect(panel.row("→")).to_have_count(2)
    expect(panel.row("→").first).to_contain_text(re.compile(r"· \d\.\d\d s$"))
    expect(panel.rows.last.locator(".at")).to_contain_text(re.compile(r"^\d\.\d\d s"))


def test_diagram_and_times_follow_the_exchange(panel: Panel) -> None:
    panel.chat.send("echo first")
    panel.expect_state("completed")
    panel.part("script")
    expect(panel.diagram).to_have_count(1)

    panel.chat.send("wait 4")

    expect(panel.diagram).to_have_attribute("alt", re.compile("started$"))
    here = panel.times.locator("[aria-current]")
    expect(here).to_contain_text("started")
    for second in (1, 2, 3):
        expect(here).to_contain_text(f"{second} s")
        expect(panel.diagram).to_have_count(1)
    panel.expect_state("completed")
    expect(panel.diagram).to_have_attribute("alt", re.compile("running → completed$"))
    panel.chat.shoot("panel-script")


def test_diagram_stays_in_view_while_the_next_is_drawn(panel: Panel) -> None:
    panel.chat.send("echo first")
    panel.expect_state("completed")
    panel.part("script")
    panel.chat.send(APPLE)
    expect(panel.diagram).to_have_attribute("alt", re.compile("started"))
    panel.chat.page.evaluate(
        """() => { window.gaps = 0; (function look() {
             const all = [...document.querySelectorAll('.st-key-panel-route img')];
             if (!all.some(one => one.clientHeight > 100)) window.gaps += 1;
             requestAnimationFrame(look);
           })() }"""
    )

    panel.expect_state("completed")
    expect(panel.diagram).to_have_attribute("alt", re.compile("completed$"))

    assert panel.chat.page.evaluate("window.gaps") == 0


def test_retry_says_why_and_how_long(
    open_chat: OpenChat, wired: ChatServer, provider: OpenAIServer
) -> None:
    provider.script(failure(429, "rate_limit_exceeded", retry_after="2"), Answer(text="At last."))
    panel = open_panel(open_chat, wired)

    panel.chat.send("Hello")

    expect(panel.row("Retry 1 follows in 2.0 s")).to_be_visible()
    expect(panel.chat.answers).to_have_count(0)
    panel.expect_state("completed")
    expect(panel.row("Tokens: 20 read")).to_be_visible()


def test_requests_are_shown_as_they_went_out(
    open_chat: OpenChat, wired: ChatServer, provider: OpenAIServer
) -> None:
    provider.script(failure(503, "overloaded", retry_after="1"), Answer(text="Well then."))
    panel = open_panel(open_chat, wired)
    panel.chat.send("Hello there")
    panel.expect_state("completed")
    panel.part("requests")
    code = panel.here.get_by_test_id("stCode")

    first, second = (
        panel.here.get_by_role("button", name=texts.REQUEST.format(number=1, attempt=attempt))
        for attempt in (1, 2)
    )
    expect(code).to_have_count(0)
    first.click()
    expect(code.last).to_contain_text("overloaded")
    second.click()
    expect(code.last).to_contain_text("Well then.")
    expect(code).to_have_count(2)
    expect(code.first).to_contain_text("Hello there")
    assert KEY not in panel.chat.page.content()
    panel.chat.shoot("panel-requests")
    second.click()
    expect(code).to_have_count(0)


def test_each_answer_opens_its_own_exchange(panel: Panel) -> None:
    for text in ("echo one", "echo two"):
        panel.chat.send(text)
        expect(panel.row(f"The user wrote: {text}")).to_be_visible()
        panel.expect_state("completed")

    panel.show_how(0)
    expect(panel.row("The user wrote: echo one")).to_be_visible()
    panel.chat.send(STORY)
    panel.chat.expect_writing()
    expect(panel.row("The user wrote: echo one")).to_be_visible()

    panel.here.get_by_role("button", name=texts.NEWEST).click()
    expect(panel.row(f"The user wrote: {STORY}")).to_be_visible()
    expect(panel.row("The user wrote: echo one")).to_have_count(0)
    panel.expect_state("running")


def test_panel_can_be_closed_while_an_answer_is_written(panel: Panel) -> None:
    panel.chat.send(STORY)
    panel.chat.expect_writing()

    panel.close()

    expect(panel.here).to_have_count(0, timeout=5_000)
    panel.chat.expect_writing(40)
    panel.chat.show_steps()
    panel.expect_state("running")


def test_link_leads_to_the_exchange_in_the_history(panel: Panel) -> None:
    panel.chat.send("echo Hello")
    panel.expect_state("completed")

    panel.here.get_by_role("link", name=texts.IN_HISTORY).click()

    expect(panel.chat.page).to_have_url(re.compile(r"/history\?.*run=run_\w{24}"))
    expect(panel.chat.page.locator(".st-key-run-head")).to_contain_text("Answered after")


@pytest.mark.parametrize("width", [1000, 1280, 2560])
def test_panel_covers_nothing(open_chat: OpenChat, app: ChatServer, width: int) -> None:
    panel = open_panel(open_chat, app, width)
    panel.chat.send("echo " + "long " * 100)
    panel.expect_state("completed")

    left, right = sides(panel.here)
    assert (left, right) == (width - 448, width)
    for other in (panel.chat.answers, panel.chat.input):
        assert sides(other)[1] <= left
    assert panel.chat.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("dark", [False, True])
def test_phone_shows_the_panel_only_when_asked(
    open_chat: OpenChat, app: ChatServer, dark: bool
) -> None:
    open_panel(open_chat, app)  # and it is remembered
    chat = open_chat(app.url, width=390, height=844, dark=dark)
    panel = Panel(chat)
    chat.send(APPLE)
    expect(chat.answers).to_contain_text("227.50")
    expect(panel.here).not_to_be_visible()

    panel.show_how(0)

    expect(panel.row(APPLE)).to_be_visible()
    expect(chat.input).not_to_be_visible()
    assert sides(panel.here) == (0, 390)
    assert panel.here.evaluate("e => e.scrollWidth <= e.clientWidth")
    chat.shoot(f"panel-390-{'dark' if dark else 'light'}")
    panel.close()
    expect(chat.input).to_be_visible()
    expect(chat.answers).to_be_visible()


def test_nothing_is_fetched_from_elsewhere(panel: Panel) -> None:
    elsewhere: list[str] = []

    def note(request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme.startswith("http") and parts.hostname != "127.0.0.1":
            elsewhere.append(request.url)

    panel.chat.page.on("request", note)
    panel.chat.send(APPLE)
    panel.expect_state("completed")
    for part in ("script", "requests"):
        panel.part(part)
    panel.part("script")
    expect(panel.diagram).to_have_count(1)

    assert not elsewhere


def test_panel_has_a_heading_and_names(panel: Panel) -> None:
    panel.chat.send("echo Hello")
    panel.expect_state("completed")

    expect(panel.here.get_by_role("heading", name=texts.PANEL)).to_be_visible()
    close = panel.here.get_by_role("button", name=texts.CLOSE_PANEL)
    close.focus()
    panel.chat.page.keyboard.press("Enter")
    expect(panel.here).to_have_count(0)
