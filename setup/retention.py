"""Remove conversations by age, once: `python -m setup.retention --days 365 [--dry-run]`."""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from contextlib import closing
from typing import Final

from runs.retention import Retention, told
from setup.scripts import exit_code
from setup.settings import ROOT, settings
from storage.sql_access import utc_now
from storage.store import open_store

_MOST: Final = 36_500


def main(arguments: Sequence[str] | None = None) -> None:
    """Remove them, or say what would be removed; those with an answer under way stay."""
    options = _parser().parse_args(arguments)
    url = settings().database_url.get_secret_value()
    with closing(open_store(url, root=ROOT)) as store:
        old = Retention(history=store.history(), clock=utc_now, days=options.days)
        if options.dry_run:
            print(told(old.would_remove(), options.days, would=True))
        else:
            print(told(asyncio.run(old.remove_old()), options.days))


def _days(text: str) -> int:
    days = int(text)
    if not 1 <= days <= _MOST:
        raise argparse.ArgumentTypeError(f"1 to {_MOST}")
    return days


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m setup.retention",
        description="Remove conversations in which nothing has happened for so many days.",
    )
    parser.add_argument("--days", type=_days, required=True, help="how many")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be removed")
    return parser


if __name__ == "__main__":
    sys.exit(exit_code(main))
