"""What happens to runs that programs begin through the API, and to nobody else's."""

from typing import Any, Final

from conversation.api_ports import RunWish
from conversation.ids import new_id
from conversation.records import Assistant, ContentPart, Message, Thread
from conversation.script import State
from conversation.turns import ToolSpec
from tests.contract.cores import ended
from tests.failures.answers import AT_LIMIT, once, refused, said
from tests.failures.failure import NO_PROVIDER, Act, Failure, Outcome
from tests.failures.stage import Stage
from tests.stage import now

_BLIND: Final = "This model does not support image input."
_PICTURE: Final = ContentPart(kind="image_url", url="https://example.com/cat.png")
_BUY: Final = ToolSpec(name="buy", runs="client")


def _wishing(*parts: ContentPart, **wish: Any) -> Act:
    """Have a new thread answered as a program asks for it; its message may have `parts`, too."""

    def act(stage: Stage, text: str) -> Outcome:
        thread = Thread(id=new_id("thread"), branch_id=new_id("branch"), created_at=now())
        message = Message(
            id=new_id("msg"),
            thread_id=thread.id,
            branch_id=thread.branch_id,
            role="user",
            text=text,
            created_at=now(),
            parts=(ContentPart(kind="text", text=text), *parts) if parts else (),
        )
        model = ":".join(filter(None, (stage.choice.provider, stage.choice.model)))
        assistant = Assistant(id=new_id("asst"), model=model, created_at=now())
        spec = stage.core.cast(stage.core.store.save_assistant(assistant), RunWish(**wish), thread)
        run = stage.core.run(thread, spec, messages=(message,), new=True)
        stage.thread_id = run.thread_id
        return ended(stage.core, run.id)

    return act


def _once_shown(stage: Stage, text: str) -> Outcome:
    """Show a picture, and then ask about something else."""
    _wishing(_PICTURE)(stage, "Look!")
    return stage.ask(text)


PROGRAMS: Final = (
    Failure(
        what="The model takes no pictures, and a message shows one",
        says="{who} did not accept the request: " + _BLIND,
        code="request_rejected",
        hint="Choose a model that takes pictures, or send the message without them.",
        provoke=once(refused(500, _BLIND)),
        act=_wishing(_PICTURE),
    ),
    Failure(
        what="The model takes no pictures, and one was shown earlier: it is only mentioned",
        state=State.COMPLETED,
        says="I see none.",
        provoke=once(said("A cat."), refused(400, _BLIND), said("I see none.")),
        act=_once_shown,
    ),
    Failure(
        what="The run's budget for answers is used up (max_completion_tokens)",
        state=State.INCOMPLETE,
        says="the run's budget of tokens for answers was used up",
        code="max_completion_tokens",
        partial="Well",
        provoke=once(said("Well", **AT_LIMIT)),
        act=_wishing(max_completion_tokens=256),
    ),
    Failure(
        what="What the model has to be told is more than the run's budget (max_prompt_tokens)",
        state=State.INCOMPLETE,
        says="the run's budget of tokens for what the model is told was used up",
        code="max_prompt_tokens",
        on=NO_PROVIDER,
        text="word " * 400,
        act=_wishing(max_prompt_tokens=256),
    ),
    Failure(
        what="The program that has to run a function does not answer within RUN_EXPIRES_SECONDS",
        state=State.EXPIRED,
        says="Out of time",
        told_by=("tool_calls_requested",),
        on=NO_PROVIDER,
        text="call buy {}",
        given=lambda _: {"run_expires_seconds": 0.5},
        act=_wishing(tools=(_BUY,)),
    ),
)
