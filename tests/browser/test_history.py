"""The history page in a real browser: from a thread to a step, and everything on the way."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from conversation.choice import Choice
from conversation.records import Run
from setup.bootstrap import build
from setup.core import ParleyCore
from setup.settings import Settings
from tests.browser.chat import Chat
from tests.browser.history import History
from tests.browser.server import ChatServer
from ui.language import history_texts as texts
from ui.texts.german_history import GermanHistory

PLAIN = 12
STORY = "Tell me a long story"

OpenHistory = Callable[..., History]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("history")


@pytest.fixture(scope="module")
def core(folder: Path) -> Iterator[ParleyCore]:
    """A second process on the server's database, as far as the server can tell."""
    core = build(
        Settings.model_validate(
            {
                "database_url": f"sqlite:///{folder}/parley.db",
                "stock_prices": "sample",
                "demo_delay_seconds": 0.004,
            }
        )
    )
    yield core
    core.close()


@pytest.fixture(scope="module")
def bought(core: ParleyCore) -> Run:
    run = finished(core, "Should I buy Apple?")
    finished(core, "echo <script>alert(1)</script> :red[x] *y*", run.thread_id)
    finished(core, "fail")
    for number in range(PLAIN):
        finished(core, f"echo word{number}")
    return run


@pytest.fixture(scope="module")
def app(folder: Path, bought: Run) -> Iterator[ChatServer]:
    with ChatServer(folder, script="app.py") as server:
        yield server
        assert "Traceback" not in "".join(server.log)


@pytest.fixture
def open_history(browser: Browser, app: ChatServer) -> Iterator[OpenHistory]:
    with ExitStack() as opened:

        def open_one(
            query: str = "",
            width: int = 1280,
            height: int = 900,
            *,
            dark: bool = False,
            locale: str = "en-US",
        ) -> History:
            context = browser.new_context(
                viewport={"width": width, "height": height},
                color_scheme="dark" if dark else "light",
                timezone_id="Asia/Tokyo",
                locale=locale,
            )
            opened.callback(context.close)
            return History(context.new_page(), f"{app.url}/history{query}")

        yield open_one


@pytest.fixture
def history(open_history: OpenHistory) -> History:
    return open_history()


def finished(core: ParleyCore, text: str, thread_id: str | None = None) -> Run:
    ended = threading.Event()
    run = core.start(text, Choice(provider="demo"), thread_id=thread_id)
    with core.feed.watch(run.id, ended.set):
        while not core.store.run(run.id).ended:
            ended.wait(5)
            ended.clear()
    return core.store.run(run.id)


def test_thread_leads_to_run_and_step(open_history: OpenHistory, bought: Run) -> None:
    history = open_history("?sort=last_activity")
    expect(history.count(f"{PLAIN + 2} threads")).to_be_visible()
    history.grid("threads").locator(".ag-header-cell[col-id='created_at']")
    history.choose("threads", 1)
    expect(history.count("1 run")).to_be_visible()
    history.choose("threads", 0)
    expect(history.count("2 runs")).to_be_visible()

    history.choose("runs", 1)
    expect(history.count("27 steps")).to_be_visible()
    history.choose("steps", 5)
    history.choose("steps", 8)

    expect(history.page.locator(".st-key-step")).to_contain_text("Step 9: execute_tool")
    expect(history.page.locator(".st-key-step")).to_contain_text('"price": 227.5')
    expect(history.page).to_have_url(
        re.compile(f"thread_id={bought.thread_id}&run={bought.id}&step=9")
    )
    history.shoot("step")


def test_address_can_be_shared(open_history: OpenHistory, bought: Run) -> None:
    history = open_history(f"?run={bought.id}&step=9&calls=true")

    expect(history.count("2 steps")).to_be_visible()
    expect(history.page.locator(".st-key-step")).to_contain_text("execute_tool")
    expect(history.row("runs", 1)).to_have_class(re.compile("ag-row-selected"))
    expect(history.row("steps", 0)).to_have_class(re.compile("ag-row-selected"))
    history.page.reload()
    expect(history.page.locator(".st-key-step")).to_contain_text("execute_tool")


def test_list_has_pages_and_an_order(open_history: OpenHistory, bought: Run) -> None:
    history = open_history("?rows=10&view=runs")
    expect(history.count(f"{PLAIN + 3} runs")).to_be_visible()
    expect(history.cells("runs", "state").first).to_have_text("completed")

    history.page.locator(".st-key-page").get_by_text("2", exact=True).click()
    expect(history.grid("runs").locator(".ag-center-cols-container .ag-row")).to_have_count(5)
    expect(history.page).to_have_url(re.compile("page=2"))

    history.grid("runs").locator(".ag-header-cell[col-id='duration']").click()
    expect(history.page).to_have_url(re.compile("sort=-duration"))
    history.grid("runs").locator(".ag-header-cell[col-id='duration']").click()
    expect(history.page).to_have_url(re.compile("sort=duration"))
    history.page.reload()
    expect(history.grid("runs").locator(".ag-center-cols-container .ag-row")).to_have_count(5)
    expect(
        history.grid("runs").locator("[col-id='duration'] .ag-sort-ascending-icon")
    ).to_be_visible()


def test_back_returns_to_what_was_chosen(history: History) -> None:
    history.choose("threads", 0)
    expect(history.count("1 run")).to_be_visible()
    first = history.page.url
    history.choose("threads", 1)
    expect(history.page).not_to_have_url(first)

    history.page.go_back()

    expect(history.page).to_have_url(first)
    expect(history.row("threads", 0)).to_have_class(re.compile("ag-row-selected"))


def test_back_undoes_a_choice(history: History) -> None:
    expect(history.count(f"{PLAIN + 2} threads")).to_be_visible()
    history.view(texts.VIEWS["runs"])
    expect(history.count(f"{PLAIN + 3} runs")).to_be_visible()
    history.page.locator(".st-key-failed").get_by_text(texts.FAILEDS["yes"]).click()
    expect(history.count("1 run")).to_be_visible()

    history.page.go_back()
    expect(history.count(f"{PLAIN + 3} runs")).to_be_visible()
    history.page.go_back()
    expect(history.count(f"{PLAIN + 2} threads")).to_be_visible()
    history.page.go_forward()
    expect(history.count(f"{PLAIN + 3} runs")).to_be_visible()


def test_filter_finds_what_failed(history: History) -> None:
    history.view(texts.VIEWS["runs"])
    expect(history.count(f"{PLAIN + 3} runs")).to_be_visible()

    history.page.locator(".st-key-failed").get_by_text(texts.FAILEDS["yes"]).click()

    expect(history.count("1 run")).to_be_visible()
    expect(history.cells("runs", "state")).to_have_count(1)
    expect(history.cells("runs", "state")).to_have_text("error")
    expect(history.page).to_have_url(re.compile("failed=yes"))
    history.choose("runs", 0)
    expect(history.page.locator(".st-key-run-head")).to_contain_text("because you asked it to")


def test_search_shows_words_in_their_context(history: History) -> None:
    expect(history.count(f"{PLAIN + 2} threads")).to_be_visible()

    history.search("word7")

    expect(history.count("2 matches")).to_be_visible()
    expect(history.page.get_by_text("echo word7")).to_be_visible()
    history.page.locator(".st-key-open-1-0 button").click()
    expect(history.page.locator(".st-key-thread-head")).to_contain_text("echo word7")
    expect(history.count("1 run")).to_be_visible()


def test_what_was_said_is_only_text(open_history: OpenHistory, bought: Run) -> None:
    history = open_history(f"?thread_id={bought.thread_id}")
    history.page.on("dialog", lambda _: pytest.fail("a script ran"))
    history.choose("runs", 0)

    text = "echo <script>alert(1)</script> :red[x] *y*"
    expect(history.cells("steps", "input").first).to_have_text(text)
    history.part(texts.PARTS["conversation"])
    expect(history.page.get_by_label("Chat message from user")).to_have_text(text)


def test_run_is_drawn(open_history: OpenHistory, bought: Run) -> None:
    history = open_history(f"?run={bought.id}")

    history.part(texts.PARTS["timeline"])
    expect(history.page.get_by_test_id("stMain").locator("canvas").first).to_be_visible()

    history.part(texts.PARTS["script"])
    expect(history.page.get_by_role("img", name=texts.DIAGRAM)).to_be_visible()
    expect(history.page.get_by_test_id("stDataFrame").first).to_be_visible()


def test_overview_has_charts_and_tables(history: History) -> None:
    history.view(texts.VIEWS["overview"])

    expect(history.page.locator("canvas").first).to_be_visible()
    history.page.locator("details").filter(has_text=texts.TABLE).first.locator("summary").click()
    expect(history.page.get_by_test_id("stDataFrame").first).to_be_visible()
    history.shoot("overview")


def test_running_exchange_grows(open_history: OpenHistory, core: ParleyCore) -> None:
    run = core.start("wait 4", Choice(provider="demo"))
    history = open_history(f"?run={run.id}")
    expect(history.page.get_by_text(texts.LIVE)).to_be_visible()

    expect(history.cells("steps", "type").filter(has_text="retrieve_asst_msg")).to_be_visible()

    expect(history.page.get_by_text(texts.LIVE)).to_have_count(0)
    expect(history.page.locator(".st-key-run-head")).to_contain_text("Answered after")


def test_answer_grows_while_it_is_written(open_history: OpenHistory, core: ParleyCore) -> None:
    run = core.start(STORY, Choice(provider="demo"))
    history = open_history(f"?run={run.id}&part=conversation")
    answer = history.page.get_by_label("Chat message from assistant")
    expect(answer).to_contain_text("▍")

    expect(history.page.locator(".st-key-run-head")).to_contain_text("Answered after")

    expect(answer).not_to_contain_text("▍")


def test_conversation_goes_on_in_the_chat(open_history: OpenHistory, bought: Run) -> None:
    history = open_history(f"?thread_id={bought.thread_id}")

    history.page.get_by_text(texts.CONTINUE).click()

    expect(history.page).to_have_url(re.compile(f"/\\?thread={bought.thread_id}$"))
    expect(history.page.get_by_label("Chat message from user").first).to_contain_text(
        "Should I buy Apple?"
    )


def test_file_holds_what_is_shown(open_history: OpenHistory, bought: Run) -> None:
    history = open_history(f"?run={bought.id}")
    history.page.locator(".st-key-take-run button").first.click()

    with history.page.expect_download() as download:
        history.page.locator(".st-key-take-run-events button").click()

    lines = download.value.path().read_text(encoding="utf-8").splitlines()
    assert len(lines) == 27
    assert {json.loads(line)["run_id"] for line in lines} == {bought.id}


def test_replay_is_compared(open_history: OpenHistory, core: ParleyCore, bought: Run) -> None:
    history = open_history(f"?thread_id={bought.thread_id}")
    history.page.locator(".st-key-replay button").click()
    history.page.locator(".st-key-replay-start button").click()

    replayed = history.page.locator(".st-key-replayed")
    expect(replayed).to_contain_text("2 of 2 messages answered, finished", timeout=30_000)
    expect(replayed.get_by_text("Apple (AAPL) is trading at")).to_have_count(2)
    history.shoot("replay")
    thread_id = re.search(r"thread_id=(thread_\w+)", history.page.url)
    assert thread_id
    core.history.delete_threads([thread_id[1]])


def test_deleted_thread_is_gone(open_history: OpenHistory, core: ParleyCore) -> None:
    run = finished(core, "echo to be deleted")
    history = open_history(f"?thread_id={run.thread_id}")
    other = open_history(f"?run={run.id}")
    expect(other.count("7 steps")).to_be_visible()

    history.page.locator(".st-key-delete button").click()
    history.page.locator(".st-key-delete-yes button").click()

    expect(history.page).not_to_have_url(re.compile("thread_id"))
    expect(history.page.get_by_test_id("stToast")).to_contain_text("1 run,")
    other.page.locator(".st-key-calls label").click()
    expect(other.page.get_by_text(texts.UNKNOWN_RUN)).to_be_visible()


def test_times_are_those_of_the_browser(open_history: OpenHistory, bought: Run) -> None:
    history = open_history(f"?thread_id={bought.thread_id}")

    hour = (bought.created_at.hour + 9) % 24
    expect(history.cells("runs", "created_at").last).to_contain_text(f" {hour:02}:")


def test_chat_is_beside(open_history: OpenHistory, app: ChatServer) -> None:
    history = open_history()
    fetched: list[str] = []
    history.page.on("request", lambda request: fetched.append(request.url))

    history.page.get_by_test_id("stSidebarNavLink").filter(has_text="Chat").click()
    chat = Chat(history.page, app.url)
    history.page.goto(f"{app.url}/history")
    expect(history.row("threads", 0)).to_be_visible()

    expect(chat.page.get_by_test_id("stSidebarNavLink")).to_have_count(2)
    assert {url for url in fetched if not url.startswith((app.url, "data:", "blob:"))} == set()


@pytest.mark.parametrize(("width", "height", "dark"), [(1280, 900, False), (390, 844, True)])
def test_page_fits_its_window(
    open_history: OpenHistory, bought: Run, width: int, height: int, dark: bool
) -> None:
    history = open_history(f"?run={bought.id}&step=9", width, height, dark=dark)
    expect(history.page.locator(".st-key-step")).to_be_visible()
    expect(history.row("steps", 0)).to_be_visible()
    history.shoot(f"{width}-{'dark' if dark else 'light'}")

    assert history.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    inner = history.page.get_by_test_id("stMainBlockContainer")
    assert inner.evaluate("e => e.scrollWidth <= e.clientWidth")
    grid = history.grid("runs").locator(".ag-root-wrapper")
    background = grid.evaluate("e => getComputedStyle(e).backgroundColor")
    assert background == ("rgb(18, 24, 23)" if dark else "rgb(255, 255, 255)")


@pytest.mark.parametrize(("width", "height", "dark"), [(1280, 900, True), (390, 844, False)])
@pytest.mark.parametrize("shown", ["part=log", "part=details", "part=timeline", "view=overview"])
def test_german_fits_its_window(
    open_history: OpenHistory, bought: Run, shown: str, width: int, height: int, dark: bool
) -> None:
    query = f"?{shown}" if shown.startswith("view") else f"?run={bought.id}&{shown}"
    history = open_history(query, width, height, dark=dark, locale="de-DE")
    chosen = "Überblick" if shown.startswith("view") else GermanHistory.PARTS[shown[5:]]
    expect(history.page.get_by_role("radio", name=chosen, checked=True)).to_be_visible()
    expect(history.page.get_by_text(re.compile(r"^\d+ (Läufe|Threads)$")).first).to_be_visible()
    drawn = "canvas" if shown in {"part=timeline", "view=overview"} else "iframe"
    expect(history.page.locator(drawn).first).to_be_visible()
    expect(history.page.get_by_test_id("stSkeleton")).to_have_count(0)
    history.shoot(f"german-{shown[5:]}-{width}")

    inner = history.page.get_by_test_id("stMainBlockContainer")
    assert inner.evaluate("e => e.scrollWidth <= e.clientWidth")
