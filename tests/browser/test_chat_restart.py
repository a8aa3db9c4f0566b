"""The chat page when its process ends and another begins."""

from pathlib import Path

from playwright.sync_api import expect

from tests.browser.chat import STORY, words
from tests.browser.conftest import OpenChat
from tests.browser.server import ChatServer


def test_thread_continues_after_a_restart(open_chat: OpenChat, tmp_path: Path) -> None:
    with ChatServer(tmp_path) as server:
        chat = open_chat(server.url)
        chat.ask("My name is Ada")
        address = chat.page.url
        server.stop()
        server.start()

        again = open_chat(address)
        again.ask("What is my name?")

        expect(again.said.last).to_have_text("Your name is Ada.")
        expect(again.messages("user")).to_have_count(2)


def test_killed_process_leaves_nothing_stuck(open_chat: OpenChat, tmp_path: Path) -> None:
    with ChatServer(tmp_path) as server:
        chat = open_chat(server.url)
        chat.show_steps()
        chat.send(STORY)
        chat.expect_writing()
        server.kill()
        server.start()

        chat.expect_writing(60)
        chat.expect_idle()

        expect(chat.state).to_have_text("completed")
        expect(chat.steps).to_contain_text("Taken up again")
        expect(chat.answers).to_have_count(1)
        store = server.store()
        stored = store.messages(chat.thread_id)
        store.close()
        assert words(stored[-1].text) == chat.answer()


def test_answer_under_way_ends_before_the_process(open_chat: OpenChat, tmp_path: Path) -> None:
    with ChatServer(tmp_path, DRAIN_SECONDS="60") as server:
        chat = open_chat(server.url)
        chat.send("count to 150")
        chat.expect_writing()

        server.stop()

        store = server.store()
        [run] = store.runs(chat.thread_id)
        said = store.messages(chat.thread_id)[-1].text
        store.close()
        assert (run.state, run.attempt) == ("completed", 1)
        assert said.endswith("149, 150.")
        assert "Traceback" not in "".join(server.log)


def test_long_answer_goes_on_in_the_next_process(open_chat: OpenChat, tmp_path: Path) -> None:
    with ChatServer(tmp_path, DRAIN_SECONDS="0.2", DEMO_DELAY_SECONDS="0.05") as server:
        chat = open_chat(server.url)
        chat.send("count to 200")
        chat.expect_writing()
        server.stop()

        server.start()

        chat.expect_idle()
        expect(chat.answers.last).to_contain_text("199, 200.")
        assert "Traceback" not in "".join(server.log)
