"""The way in for programs: start a conversation, send a message, read the answer."""

import importlib
from typing import Any, Final, cast

from conversation.answer import Answer, OnApproval, OnSystemMessage
from conversation.choice import Choice
from conversation.errors import BadInput
from conversation.ids import is_id
from conversation.ports import Core
from conversation.records import Run

_PROVIDERS: Final = {"gpt": "openai", "openai": "openai", "gemini": "gemini", "demo": "demo"}


class Conversation:
    """One thread as a program sees it: what `start_conversation` returns, the user's proxy.

    Safe to use from any thread and any event loop; the exchange itself runs on neither.
    """

    def __init__(
        self,
        core: Core,
        choice: Choice,
        *,
        thread_id: str | None = None,
        on_system_message: OnSystemMessage | None = None,
        on_approval: OnApproval | None = None,
    ) -> None:
        self.thread_id = thread_id
        self.choice = choice
        self._core = core
        self._system = on_system_message
        self._approve = on_approval
        self._run: Run | None = None
        self._streaming = False

    def send_user_message(
        self,
        text: str,
        use_streaming: bool = False,
        *,
        use_streamming: bool | None = None,
    ) -> str:
        """Send a message; it is durable on return. Returns the run's id.

        `use_streamming` is an older spelling. Raises `EmptyMessage`, `ThreadBusy`,
        `NotConfigured`, `StoreUnavailable`.
        """
        streaming = use_streaming if use_streamming is None else use_streamming
        self._run = self._core.start(text, self.choice, thread_id=self.thread_id, stream=streaming)
        self._streaming = streaming
        self.thread_id = self._run.thread_id
        return self._run.id

    async def get_assistant_message(self) -> Any:
        """Return the answer to the last message: a str, or when streaming an `Answer`.

        Typed `Any`: which of the two it is was decided when the message was sent. Raises
        `RunEnded` and its kin, here or while iterating, where no whole answer comes.
        """
        if self._run is None:
            raise BadInput("message", "Nothing was sent yet.", hint="Call send_user_message first.")
        answer = Answer(
            self._core, self._run, on_system_message=self._system, on_approval=self._approve
        )
        return answer if self._streaming else await answer.whole()

    def stop(self) -> None:
        """Stop the answer that is under way, if there is one."""
        if self._run is not None:
            self._core.cancel(self._run.id)


def start_conversation(
    who: str = "gpt",
    *,
    assistant_id: str | None = None,
    thread_id: str | None = None,
    model: str | None = None,
    on_system_message: OnSystemMessage | None = None,
    on_approval: OnApproval | None = None,
    core: Core | None = None,
) -> Conversation:
    """Start a conversation with `gpt`, `gemini` or `demo`, or resume the thread `thread_id`.

    `who` may also be any other provider's name, as in the settings, or the id of an assistant,
    whose model then decides. Raises `BadInput` for another name, `NotFound` for an unknown
    assistant or thread, `NotConfigured` where a setting is missing. `on_system_message` gets a
    line for each function call and each wait for a provider, `on_approval` is asked before a
    function that needs a person's consent. `core` is for programs with a core of their own;
    without it, it is this process's.
    """
    core = core or load_core()
    choice = _choice(who, assistant_id, model)
    _check(core, choice, who)
    if thread_id is not None:
        core.store.thread(thread_id)
    return Conversation(
        core,
        choice,
        thread_id=thread_id,
        on_system_message=on_system_message,
        on_approval=on_approval,
    )


def load_core() -> Core:
    """Return this process's core; loaded here so that no package below `setup` imports it."""
    bootstrap = importlib.import_module("setup.bootstrap")
    return cast("Core", bootstrap.core())


def _choice(who: str, assistant_id: str | None, model: str | None) -> Choice:
    if is_id(who, "asst"):
        return Choice(model=model, assistant_id=who)
    name = who.strip().lower()
    return Choice(provider=_PROVIDERS.get(name, name), model=model, assistant_id=assistant_id)


def _check(core: Core, choice: Choice, who: str) -> None:
    try:
        core.check(choice)
    except BadInput as error:
        if error.field != "provider":
            raise
        raise BadInput(
            "who", f"There is nobody called '{who}' to talk to.", hint="Use gpt, gemini or demo."
        ) from None
