"""The Python API on a real core: the demo model, a database of its own, and no clock."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest

from conversation import Conversation, start_conversation
from conversation.errors import (
    BadInput,
    EmptyMessage,
    NotConfigured,
    NotFound,
    RunCancelled,
    RunExpired,
    RunFailed,
    RunIncomplete,
    ThreadBusy,
)
from conversation.events import ApprovalRequested
from conversation.ids import new_id
from conversation.ports import ToolPolicy
from conversation.records import Assistant
from setup.bootstrap import build
from setup.core import ParleyCore
from setup.settings import Settings
from tools.function import FunctionTool
from tools.registry import Tools
from tools.stocks import stock_tools

ENDLESS = "count to 10000"
LAUNCHED: list[str] = []

Build = Callable[..., ParleyCore]


def launch(rocket: str) -> str:
    """Launch a rocket.

    Args:
        rocket: Its name.
    """
    LAUNCHED.append(rocket)
    return f"{rocket} flies"


@pytest.fixture(scope="module")
def build_core(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """Build cores on one database, whatever this machine's settings are."""
    file = tmp_path_factory.mktemp("api") / "parley.db"
    usual = {"database_url": f"sqlite:///{file}", "demo_delay_seconds": 0.002}
    rocket = FunctionTool(launch, ToolPolicy(needs_approval=True))

    def build_one(**settings: object) -> ParleyCore:
        tools = Tools(*stock_tools("sample"), rocket)
        core = build(Settings.model_validate(usual | settings), tools=tools)
        closing.callback(core.close)
        return core

    with pytest.MonkeyPatch.context() as patch, ExitStack() as closing:
        for name in Settings.model_fields:
            patch.delenv(name.upper(), raising=False)
        yield build_one


@pytest.fixture(scope="module")
def core(build_core: Build) -> ParleyCore:
    """The core that most tests share: a thread each is all they need of their own."""
    return build_core()


@pytest.fixture(autouse=True)
def nothing_launched() -> None:
    """Forget what was launched."""
    LAUNCHED.clear()


@pytest.fixture
def user_proxy(core: ParleyCore) -> Conversation:
    """A conversation with the demo model."""
    return start_conversation("demo", core=core)


async def ask(user_proxy: Conversation, text: str) -> str:
    """Return the answer to a message."""
    user_proxy.send_user_message(text)
    answer: str = await user_proxy.get_assistant_message()
    return answer


async def pieces(user_proxy: Conversation, text: str) -> list[str]:
    """Return the pieces of the streamed answer to a message."""
    user_proxy.send_user_message(text, use_streaming=True)
    return [piece async for piece in await user_proxy.get_assistant_message()]


# answers


async def test_answer_streams_to_async_for(user_proxy: Conversation) -> None:
    heard = await pieces(user_proxy, "echo one two three four five six")

    assert "".join(heard) == "one two three four five six"
    assert len(heard) > 1


async def test_answer_streams_to_plain_for(user_proxy: Conversation) -> None:
    user_proxy.send_user_message("wait 0.3", use_streaming=True)

    heard = list(await user_proxy.get_assistant_message())

    assert "".join(heard) == "I have waited for 0.3 seconds."


async def test_answer_is_a_str_when_not_streaming(user_proxy: Conversation) -> None:
    assert await ask(user_proxy, "echo one two three") == "one two three"


async def test_older_spelling_of_streaming_works(user_proxy: Conversation) -> None:
    user_proxy.send_user_message("echo one two", use_streamming=True)

    assert "".join([piece async for piece in await user_proxy.get_assistant_message()]) == "one two"


async def test_answer_can_be_read_twice(core: ParleyCore) -> None:
    asked: list[str] = []

    def allow(call: ApprovalRequested) -> bool:
        asked.append(call.name)
        return True

    user_proxy = start_conversation("demo", core=core, on_approval=allow)
    user_proxy.send_user_message('call launch {"rocket": "Ariane"}', use_streaming=True)
    answer = await user_proxy.get_assistant_message()

    first = [piece async for piece in answer]
    second = [piece async for piece in answer]

    assert "".join(first) == "".join(second)
    assert "Ariane flies" in "".join(first)
    assert asked == ["launch"]


async def test_whole_answer_is_the_last_message(core: ParleyCore) -> None:
    lines: list[str] = []
    user_proxy = start_conversation("demo", core=core, on_system_message=lines.append)

    answer = await ask(user_proxy, "What is Apple trading at?")

    assert "227.50" in answer
    assert len(lines) == 1
    assert lines[0].startswith('get_stock_price(symbol="AAPL") → ')


async def test_function_calls_are_told_while_streaming(core: ParleyCore) -> None:
    heard: list[str] = []
    user_proxy = start_conversation("demo", core=core, on_system_message=heard.append)
    user_proxy.send_user_message("Should I buy Microsoft?", use_streaming=True)

    async for piece in await user_proxy.get_assistant_message():
        heard.append(piece)

    assert [line.partition("(")[0] for line in heard[:2]] == ["get_stock_price", "buy_or_sell"]


# whom one talks to


async def test_assistant_answers_by_its_id(core: ParleyCore) -> None:
    made = core.store.save_assistant(
        Assistant(
            id=new_id("asst"),
            model="demo",
            instructions="Speak like a pirate.",
            created_at=datetime.now(UTC),
        )
    )

    by_id = await ask(start_conversation(made.id, core=core), "What are your instructions?")
    named = start_conversation("demo", assistant_id=made.id, core=core)

    assert "Speak like a pirate." in by_id
    assert "Speak like a pirate." in await ask(named, "What are your instructions?")


async def test_thread_goes_on_by_its_id(user_proxy: Conversation, build_core: Build) -> None:
    await ask(user_proxy, "My name is Ada")

    resumed = start_conversation("demo", thread_id=user_proxy.thread_id, core=build_core())

    assert await ask(resumed, "What is my name?") == "Your name is Ada."
    assert resumed.thread_id == user_proxy.thread_id


@pytest.mark.parametrize(
    ("who", "more", "error", "says"),
    [
        ("nobody", {}, BadInput, "gpt, gemini or demo"),
        ("gpt", {}, NotConfigured, "OPENAI_API_KEY"),
        ("gemini", {}, NotConfigured, "GOOGLE_API_KEY"),
        (new_id("asst"), {}, NotFound, "assistant"),
        ("demo", {"assistant_id": new_id("asst")}, NotFound, "assistant"),
        ("demo", {"thread_id": new_id("thread")}, NotFound, "thread"),
    ],
)
def test_impossible_conversation_is_refused(
    core: ParleyCore, who: str, more: dict[str, str], error: type[BadInput], says: str
) -> None:
    with pytest.raises(error) as caught:
        start_conversation(
            who, assistant_id=more.get("assistant_id"), thread_id=more.get("thread_id"), core=core
        )

    assert says in f"{caught.value} {caught.value.hint}"


# what does not end well


async def test_failure_comes_out_with_its_hint(user_proxy: Conversation) -> None:
    with pytest.raises(RunFailed, match="has failed") as caught:
        await ask(user_proxy, "fail")

    assert caught.value.reason == "provider_unavailable"
    assert caught.value.hint


async def test_failure_comes_out_of_a_plain_for(user_proxy: Conversation) -> None:
    user_proxy.send_user_message("fail", use_streaming=True)
    answer = await user_proxy.get_assistant_message()

    with pytest.raises(RunFailed):
        list(answer)


async def test_failure_comes_after_what_was_said(core: ParleyCore) -> None:
    lines: list[str] = []
    user_proxy = start_conversation("demo", core=core, on_system_message=lines.append)
    heard: list[str] = []
    user_proxy.send_user_message("break off", use_streaming=True)

    with pytest.raises(RunFailed) as caught:
        async for piece in await user_proxy.get_assistant_message():
            heard.append(piece)

    assert "".join(heard) == caught.value.partial != ""
    assert caught.value.reason == "stream_cut"
    assert lines == []  # the error says it


async def test_conversation_goes_on_after_a_failure(user_proxy: Conversation) -> None:
    with pytest.raises(RunFailed):
        await ask(user_proxy, "fail")

    assert await ask(user_proxy, "echo still here") == "still here"


async def test_stop_ends_a_streamed_answer(user_proxy: Conversation) -> None:
    heard: list[str] = []
    user_proxy.send_user_message(ENDLESS, use_streaming=True)

    with pytest.raises(RunCancelled) as caught:
        async for piece in await user_proxy.get_assistant_message():
            heard.append(piece)
            user_proxy.stop()

    assert caught.value.partial.startswith("1, ")
    assert "".join(heard) == caught.value.partial


async def test_stop_ends_a_wait_for_the_first_word(user_proxy: Conversation) -> None:
    user_proxy.send_user_message("wait 60")
    user_proxy.stop()

    with pytest.raises(RunCancelled, match="Stopped") as caught:
        await user_proxy.get_assistant_message()

    assert caught.value.partial == ""


async def test_time_that_is_up_comes_out(build_core: Build) -> None:
    user_proxy = start_conversation("demo", core=build_core(chat_run_expires_seconds=0.05))

    with pytest.raises(RunExpired, match="Out of time"):
        await ask(user_proxy, "wait 60")


async def test_answer_cut_short_comes_out(build_core: Build) -> None:
    user_proxy = start_conversation("demo", core=build_core(max_tool_rounds=2))

    with pytest.raises(RunIncomplete, match="kept asking for functions") as caught:
        await ask(user_proxy, "loop")

    assert caught.value.reason == "max_tool_rounds"


async def test_second_message_meets_a_busy_thread(user_proxy: Conversation) -> None:
    run_id = user_proxy.send_user_message("wait 60")

    with pytest.raises(ThreadBusy) as caught:
        user_proxy.send_user_message("echo too soon", use_streaming=True)

    assert caught.value.run_id == run_id
    user_proxy.stop()
    with pytest.raises(RunCancelled):  # the first one's answer, and not as a stream
        await user_proxy.get_assistant_message()


def test_empty_message_is_refused(user_proxy: Conversation) -> None:
    with pytest.raises(EmptyMessage):
        user_proxy.send_user_message(" \n")


async def test_answer_needs_a_message(user_proxy: Conversation) -> None:
    user_proxy.stop()  # nothing to stop, and no error

    with pytest.raises(BadInput, match="Nothing was sent"):
        await user_proxy.get_assistant_message()


# approval


async def test_function_runs_once_allowed(core: ParleyCore) -> None:
    heard: list[str] = []

    def allow(call: ApprovalRequested) -> bool:
        heard.append(f"{call.name} {call.arguments}?")
        return True

    user_proxy = start_conversation(
        "demo", core=core, on_approval=allow, on_system_message=heard.append
    )

    answer = await ask(user_proxy, 'call launch {"rocket": "Ariane"}')

    assert LAUNCHED == ["Ariane"]
    assert "Ariane flies" in answer
    assert "needs a person's approval" in heard[0]
    assert heard[1] == 'launch {"rocket": "Ariane"}?'
    assert heard[2] == "launch was allowed"


@pytest.mark.parametrize("on_approval", [None, lambda _call: False], ids=["nobody", "no"])
async def test_function_does_not_run_otherwise(
    core: ParleyCore, on_approval: Callable[[ApprovalRequested], bool] | None
) -> None:
    user_proxy = start_conversation("demo", core=core, on_approval=on_approval)

    answer = await ask(user_proxy, 'call launch {"rocket": "Ariane"}')

    assert LAUNCHED == []
    assert "declined" in answer


async def test_each_call_is_decided_alone(core: ParleyCore) -> None:
    user_proxy = start_conversation(
        "demo", core=core, on_approval=lambda call: "Vega" in call.arguments
    )

    await ask(user_proxy, 'call launch {"rocket": "Ariane"}\ncall launch {"rocket": "Vega"}')

    assert LAUNCHED == ["Vega"]


async def test_run_stops_when_the_asked_one_leaves(core: ParleyCore) -> None:
    def leave(_call: ApprovalRequested) -> bool:
        raise EOFError

    user_proxy = start_conversation("demo", core=core, on_approval=leave)

    with pytest.raises(EOFError):
        await ask(user_proxy, 'call launch {"rocket": "Ariane"}')

    assert await ask(user_proxy, "echo free again") == "free again"


async def test_decision_made_elsewhere_counts(core: ParleyCore) -> None:
    def too_late(call: ApprovalRequested) -> bool:
        core.decide(run_id, call.call_id, approved=True)  # at another door
        return False

    user_proxy = start_conversation("demo", core=core, on_approval=too_late)
    run_id = user_proxy.send_user_message('call launch {"rocket": "Ariane"}')

    assert "Ariane flies" in await user_proxy.get_assistant_message()


async def test_person_is_asked_in_any_thread(core: ParleyCore) -> None:
    user_proxy = start_conversation("demo", core=core, on_approval=lambda _call: True)
    message = 'call launch {"rocket": "Ariane"}'

    answer = await asyncio.to_thread(lambda: asyncio.run(ask(user_proxy, message)))

    assert "Ariane flies" in answer


# side by side


async def test_two_conversations_go_in_parallel(core: ParleyCore) -> None:
    one, other = (start_conversation("demo", core=core) for _ in range(2))

    answers = await asyncio.gather(
        pieces(one, "count to 40"), pieces(other, "echo one two three four five")
    )

    assert "".join(answers[0]).endswith("39, 40.")
    assert "".join(answers[1]) == "one two three four five"
    assert one.thread_id != other.thread_id


async def test_answer_comes_in_any_thread(user_proxy: Conversation) -> None:
    answer = await asyncio.to_thread(lambda: asyncio.run(ask(user_proxy, "echo elsewhere")))

    assert answer == "elsewhere"


# Ctrl-C


async def test_interrupt_stops_the_answer(user_proxy: Conversation) -> None:
    before = signal.getsignal(signal.SIGINT)
    user_proxy.send_user_message(ENDLESS, use_streaming=True)
    interrupted = False

    with pytest.raises(RunCancelled):
        async for _ in await user_proxy.get_assistant_message():
            if not interrupted:
                signal.raise_signal(signal.SIGINT)
                interrupted = True

    assert signal.getsignal(signal.SIGINT) is before


async def test_interrupt_stops_all_answers(core: ParleyCore) -> None:
    before = signal.getsignal(signal.SIGINT)
    talks = [start_conversation("demo", core=core) for _ in range(2)]
    both_answer = asyncio.Barrier(3)

    async def listen(user_proxy: Conversation) -> None:
        user_proxy.send_user_message(ENDLESS, use_streaming=True)
        answer = aiter(await user_proxy.get_assistant_message())
        await anext(answer)
        await both_answer.wait()
        async for _ in answer:
            pass

    tasks = [asyncio.create_task(listen(talk)) for talk in talks]
    await both_answer.wait()
    signal.raise_signal(signal.SIGINT)
    ends = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(end) for end in ends] == [RunCancelled, RunCancelled]
    assert signal.getsignal(signal.SIGINT) is before


async def test_second_interrupt_is_one_as_usual(user_proxy: Conversation) -> None:
    user_proxy.send_user_message(ENDLESS, use_streaming=True)
    answer = iter(await user_proxy.get_assistant_message())
    next(answer)

    signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(RunCancelled):
        list(answer)


async def test_interrupt_ends_a_question(core: ParleyCore) -> None:
    def interrupted(_call: ApprovalRequested) -> bool:
        signal.raise_signal(signal.SIGINT)
        return True

    user_proxy = start_conversation("demo", core=core, on_approval=interrupted)

    with pytest.raises(RunCancelled):
        await ask(user_proxy, 'call launch {"rocket": "Ariane"}')

    assert LAUNCHED == []
