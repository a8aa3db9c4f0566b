"""What people, models and tools write, before anything else sees it."""

from conversation.ids import new_id
from conversation.script import State
from conversation.signals import Asking, Finished, Saying, Sent
from conversation.text import storable
from conversation.turns import ToolCall
from mediator.mediator_state_machine import MediatorStateMachine
from tests.stage import ScriptedAssistant, Stage
from tools.registry import Tools

LONE = "\ud83d"


def shout(text: str) -> str:
    """Say it louder.

    Args:
        text: What to say.
    """
    return text.upper()


def test_one_character_stands_for_one() -> None:
    assert storable(f"a\0b{LONE}é👋") == "a\N{REPLACEMENT CHARACTER}b\N{REPLACEMENT CHARACTER}é👋"


async def test_what_no_wire_takes_reaches_neither_page_nor_provider() -> None:
    stage = Stage(MediatorStateMachine, Tools(shout))
    run = await stage.begin("Hello")
    call = ToolCall(call_id=new_id("call"), name="shout", arguments=f'{{"text": "a{LONE}"}}')
    assistant = ScriptedAssistant(
        [Sent(), Saying(f"Hm\0{LONE}"), Asking((call,)), Finished("tool_calls")],
        [Sent(), Saying("Done."), Finished("stop")],
    )

    ended = await stage.conduct(run.id, assistant)

    assert ended.state is State.COMPLETED
    for said in (
        *(text.text for text in stage.log.said),
        *(one.text for one in assistant.heard[1].rounds),
        *(one.arguments for past in assistant.heard[1].rounds for one in past.calls),
    ):
        assert said.encode() == storable(said).encode()
