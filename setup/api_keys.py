"""Make keys for the API, list them, take them back: `python -m setup.api_keys create NAME`.

As soon as there is a key, the server wants one with every request.
"""

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime

from conversation.api_ports import ApiKey
from conversation.errors import BadInput
from conversation.ports import Store
from setup.keys import new_key
from setup.scripts import exit_code
from setup.settings import ROOT, settings
from storage.schema import upgrade
from storage.store import open_store


def main(arguments: Sequence[str] | None = None) -> None:
    """Do what the command says."""
    options = _parser().parse_args(arguments)
    url = settings().database_url.get_secret_value()
    upgrade(url, root=ROOT)
    with closing(open_store(url, root=ROOT)) as store:
        match options.command:
            case "create":
                _create(store, options.name, options.project)
            case "revoke":
                _revoke(store, options.id)
            case _:
                _list(store.keys())


def _create(store: Store, name: str, project: str) -> None:
    try:
        key, kept = new_key(name, project, at=datetime.now(UTC))
    except ValueError as error:
        raise BadInput("name", f"{str(error).capitalize()}.") from None
    store.add_key(kept).result()
    _say(f"Created {kept.id} ('{name}', project {kept.project_id}). This is shown once:")
    _say(key)


def _revoke(store: Store, key_id: str) -> None:
    store.revoke_key(key_id, datetime.now(UTC)).result()
    _say(f"Revoked {key_id}: servers refuse it within seconds.")


def _list(keys: Sequence[ApiKey]) -> None:
    if not keys:
        _say("There are no keys in the database.")
        return
    rows = [("ID", "NAME", "KEY", "PROJECT", "CREATED", "LAST USED", ""), *map(_row, keys)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        _say("  ".join(cells).rstrip())


def _row(key: ApiKey) -> tuple[str, ...]:
    return (
        key.id,
        key.name,
        f"{key.start}...",
        key.project_id,
        _time(key.created_at),
        _time(key.used_at),
        f"revoked {_time(key.revoked_at)}" if key.revoked_at else "",
    )


def _time(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}" if at else "never"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m setup.api_keys", description="Make, list and revoke keys for the API."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    create = commands.add_parser("create", help="make a key and show it, once")
    create.add_argument("name", help="by which you know it again")
    create.add_argument("--project", default="", help="whose objects it sees; default: default")
    commands.add_parser("list", help="show all keys but for what is secret of them; times are UTC")
    revoke = commands.add_parser("revoke", help="let a key be of no use any more")
    revoke.add_argument("id", help="the key's id, as `list` shows it")
    return parser


if __name__ == "__main__":
    sys.exit(exit_code(main))
