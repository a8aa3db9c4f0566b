"""Chat in the terminal: all of Parley's Python API in a few lines. docs/terminal.md says more."""

import asyncio
import sys
from contextlib import suppress

from conversation import Conversation, start_conversation
from conversation.errors import ParleyError

with suppress(ImportError):  # Windows has none
    import readline  # noqa: F401 - gives `input` a history and keys to edit with


def main() -> None:
    """Talk until `exit`, Ctrl-D, or Ctrl-C at a prompt."""
    user_proxy = choose("".join(sys.argv[1:2]) or ask("gpt, gemini or demo? "))
    while True:
        text = ask("\nYou: ")
        try:
            asyncio.run(exchange(user_proxy, text))
        except ParleyError as error:
            complain(error)


async def exchange(user_proxy: Conversation, text: str) -> None:
    """Send a message and print the answer as it comes; Ctrl-C stops it."""
    user_proxy.send_user_message(text, use_streaming=True)
    async for piece in await user_proxy.get_assistant_message():
        print(piece, end="", flush=True)
    print()


def choose(who: str) -> Conversation:
    """Start a conversation with `who`, or with whom the person names if that is not possible."""
    try:
        return start_conversation(
            who,
            on_system_message=lambda line: print(f"\nSystem: {line}"),
            on_approval=lambda call: ask(f"Run {call.name}? [y/n] ").lower() in {"y", "yes"},
        )
    except ParleyError as error:
        complain(error)
        return choose(ask("gpt, gemini or demo? "))


def ask(question: str) -> str:
    """Return what the person types; `exit` is the end, as Ctrl-D is."""
    text = input(question).strip()
    if text == "exit":
        raise EOFError
    return text


def complain(error: ParleyError) -> None:
    """Say what went wrong, and what to do about it."""
    print(f"\n{error}\n{error.hint}".rstrip())


if __name__ == "__main__":
    with suppress(EOFError, KeyboardInterrupt):
        main()
    print()
