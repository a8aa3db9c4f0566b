"""Create the stock-market test assistant, or update it: `python -m setup.assistant_setup`.

There is one of it; its metadata tells it from others. Each run makes it what the options say, or
what is written here; that is a new version, unless nothing differs.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from dotenv import set_key  # noqa: TID251 - it is written here, setup.settings reads it

from conversation.errors import ParleyError
from conversation.ids import new_id
from conversation.ports import Store
from conversation.records import Assistant
from setup.casting import route
from setup.providers import Providers
from setup.scripts import exit_code
from setup.settings import ROOT, Settings, env_file, settings
from storage.schema import upgrade
from storage.store import open_store
from tools.stocks import stock_tools

NAME: Final = "Stock market assistant"
INSTRUCTIONS: Final = """\
You help people with questions about the stock market.

- Never state a price from memory: call get_stock_price with the ticker symbol. For several
  stocks, call it for all of them at once.
- Asked whether to buy or sell a stock, first get its price, then call buy_or_sell with that
  price. Give the advice with its reason, and say that a simple rule made it, which is no
  financial advice.
- Say where a number comes from, as the function's "source" tells; say so if it is sample data.
- If it is not clear which company is meant, ask. If a function fails, say what it said.
- Answer in the user's language: briefly, in Markdown, with a table for more than two stocks.
"""
_MARK: Final = {"made_by": "setup.assistant_setup"}


class EnvNotWritten(ParleyError):
    """The file of settings can't be written."""

    code = "env_not_written"


def main(arguments: Sequence[str] | None = None) -> None:
    """Make the assistant, print its id, and offer to enter it in .env."""
    options = _parser().parse_args(arguments)
    wanted = settings()
    assistant, did = make(wanted, _wished(options, wanted))
    print(f"{did} '{assistant.name}', version {assistant.version}, with {assistant.model}:")
    print(assistant.id)
    _offer(assistant.id, wanted, write=options.write_env)


def make(wanted: Settings, wished: Assistant) -> tuple[Assistant, str]:
    """Save the wished assistant unless it is there; return it and what was done."""
    url = wanted.database_url.get_secret_value()
    upgrade(url, root=ROOT)
    with closing(open_store(url, root=ROOT)) as store:
        there = _found(store)
        if there is None:
            return store.save_assistant(wished), "Created"
        new = replace(wished, id=there.id, version=there.version, created_at=there.created_at)
        if new == there:
            return there, "Nothing changed in"
        return store.save_assistant(new), "Updated"


def _found(store: Store) -> Assistant | None:
    return next(iter(store.assistants(metadata=_MARK)), None)


def default_model(wanted: Settings) -> str:
    """Return the model of the first provider that is set up; the demo's needs nothing."""
    known = [one for one in Providers(wanted).statuses() if one.available and one.model]
    first = known[0]
    routed, _ = route(first.model, wanted)
    return first.model if routed == first.name else f"{first.name}:{first.model}"


def write_id(assistant_id: str, file: Path) -> None:
    """Enter the id in `file`, which stays as it is but for this line.

    One that is not there is made from .env_sample, and is its owner's alone: keys go there.
    """
    try:
        if not file.exists():
            file.touch(mode=0o600)
            file.write_bytes((ROOT / ".env_sample").read_bytes())
        set_key(file, "ASSISTANT_ID", assistant_id, quote_mode="never", follow_symlinks=True)
    except (OSError, UnicodeDecodeError) as error:
        hint = f"Write it there yourself: ASSISTANT_ID={assistant_id}"
        raise EnvNotWritten(f"{file} can't be written.", hint=hint) from error


def _wished(options: argparse.Namespace, wanted: Settings) -> Assistant:
    return Assistant(
        id=new_id("asst"),
        name=options.name,
        model=options.model or default_model(wanted),
        instructions=options.instructions,
        tools=tuple(tool.spec for tool in stock_tools(wanted.stock_prices)),
        metadata=_MARK,
        created_at=datetime.now(UTC),
    )


def _offer(assistant_id: str, wanted: Settings, *, write: bool | None) -> None:
    file = env_file()
    if wanted.assistant_id == assistant_id:
        print("ASSISTANT_ID names it already.")
    elif file and (_yes(f"Write ASSISTANT_ID to {file}? [y/n] ") if write is None else write):
        write_id(assistant_id, file)
        print(f"ASSISTANT_ID is in {file}: conversations are with this assistant from now on.")
    else:
        print(f"To talk to it, set ASSISTANT_ID={assistant_id}")


def _yes(question: str) -> bool:
    """Ask a person; where there is none, or who leaves, it is a no."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    try:
        return input(question).strip().lower() in {"y", "yes"}
    except (EOFError, KeyboardInterrupt):
        print()
        return False


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m setup.assistant_setup",
        description="Create or update the stock-market test assistant.",
    )
    parser.add_argument(
        "--model", help="default: that of the first provider that is set up, else demo"
    )
    parser.add_argument("--name", default=NAME, help="default: %(default)s")
    parser.add_argument("--instructions", default=INSTRUCTIONS, help="default: a helper for stocks")
    parser.add_argument(
        "--write-env",
        action=argparse.BooleanOptionalAction,
        help="enter its id in .env, or don't; default: ask, on a terminal",
    )
    return parser


if __name__ == "__main__":
    sys.exit(exit_code(main))
