"""Take a part of the log away as a file of any size: `python -m setup.export runs -o runs.csv`."""

import argparse
import sys
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from conversation.errors import BadInput
from conversation.history import Filter
from conversation.script import State
from setup.exporting import Export, Exports
from setup.scripts import exit_code
from setup.settings import ROOT, settings
from storage.store import open_store

WHAT: Final = (
    "threads",
    "runs",
    "steps",
    "events",
    "openai",
    "gemini",
    "sqlite",
    "html",
    "markdown",
    "json",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the file and say so; one that is already there stays as it is."""
    options = _parser().parse_args(arguments)
    url = settings().database_url.get_secret_value()
    with closing(open_store(url, root=ROOT)) as store:
        export = _chosen(Exports(store, store.history()), options)
        with closing(export):
            file = options.output or Path(export.name)
            _write(export, file)
    print(f"Wrote {file}: {file.stat().st_size:,} bytes.")
    if options.what in {"openai", "gemini"}:
        print(f"{export.tally.examples} examples of {export.tally.exchanges} exchanges.")


def _write(export: Export, file: Path) -> None:
    try:
        with file.open("xb") as target:
            export.save(target)
    except FileExistsError:
        raise BadInput(
            "output", f"{file} is already there.", hint="Name another file with --output."
        ) from None
    except OSError as error:
        file.unlink(missing_ok=True)
        raise BadInput("output", f"{file} can't be written: {error.strerror}.") from error


def _chosen(exports: Exports, options: argparse.Namespace) -> Export:
    wanted = Filter(
        text=options.search,
        since=options.since,
        until=options.until,
        thread_id=options.thread,
        states=frozenset(options.status),
        models=frozenset(options.model),
    )
    match options.what:
        case "html" | "markdown" | "json":
            return _conversation(exports, options)
        case "events":
            return exports.events(wanted)
        case "sqlite":
            return exports.sqlite(wanted)
        case "openai" | "gemini":
            return exports.fine_tuning(options.what, wanted)
        case _:
            return exports.csv(options.what, wanted)


def _conversation(exports: Exports, options: argparse.Namespace) -> Export:
    if not options.thread:
        raise BadInput(
            "thread", f"{options.what} is of one conversation.", hint="Name it with --thread."
        )
    export: Export = getattr(exports, options.what)(options.thread)
    return export


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m setup.export",
        description="Write a part of the log to a file. Without a filter: all of it.",
    )
    parser.add_argument("what", choices=WHAT, help="lists, examples, a database, a conversation")
    parser.add_argument("-o", "--output", type=Path, help="the file; without it, one named so")
    parser.add_argument("--since", type=_time, metavar="TIME", help="runs begun then or later")
    parser.add_argument("--until", type=_time, metavar="TIME", help="runs begun before then")
    parser.add_argument("--thread", metavar="ID", help="of one thread only")
    parser.add_argument("--status", type=State, choices=list(State), nargs="+", default=[])
    parser.add_argument("--model", nargs="+", default=[])
    parser.add_argument("--search", default="", metavar="WORDS", help="in which they occur")
    return parser


def _time(text: str) -> datetime:
    """Read an ISO date or time; UTC unless it says otherwise."""
    time = datetime.fromisoformat(text)
    return time if time.tzinfo else time.replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(exit_code(main))
