"""What can be taken away, as files: their names, their types and their bytes, piece by piece.

Threads are read one at a time, and lists in pages: nothing here holds a log whole.
"""

import tempfile
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, fields
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal

from conversation.errors import NotFound
from conversation.exports.document import document
from conversation.exports.examples import Example, Tally, example_of
from conversation.exports.gemini_examples import gemini_example
from conversation.exports.html import html
from conversation.exports.lines import event_lines, json_line
from conversation.exports.markdown import markdown
from conversation.exports.openai_examples import openai_example
from conversation.exports.tables import csv_lines
from conversation.exports.transcript import Transcript, transcribe
from conversation.history import Filter, History, RunLine, StepLine, ThreadLine, Window
from conversation.ports import Store
from conversation.script import State

Grid = Literal["threads", "runs", "steps"]
Trainee = Literal["openai", "gemini"]

_FORMATS: Final[dict[Trainee, Callable[[Example], dict[str, Any]]]] = {
    "openai": openai_example,
    "gemini": gemini_example,
}
_MARK: Final = "\ufeff"
"""Without it, spreadsheets take UTF-8 for something else."""
_PAGE: Final = 1000
_CHUNK: Final = 1 << 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """A file to be: its `pieces` can be read once. `tally` is right after the last of them.

    Who stops reading half-way closes it.
    """

    name: str
    media_type: str
    pieces: Generator[bytes]
    tally: Tally = field(default_factory=Tally)

    def save(self, file: BinaryIO) -> None:
        """Write it to an open file."""
        with closing(self):
            for piece in self.pieces:
                file.write(piece)

    def whole(self) -> bytes:
        """Return all of it; for what is known to be small."""
        return b"".join(self.pieces)

    def close(self) -> None:
        """Let go of what was read from; temporary files are removed."""
        self.pieces.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedStep:
    """A step with the run it belongs to: a row of the CSV of many runs' steps."""

    run_id: str
    seq: int
    type: str
    tool: str | None
    input: str | None
    output: str | None
    state: State
    duration: float | None
    at: datetime


class Exports:
    """Makes exports of what a filter selects; any thread may call it."""

    def __init__(self, store: Store, history: History) -> None:
        self._store = store
        self._history = history

    def csv(self, grid: Grid, wanted: Filter) -> Export:
        """Return a grid's rows for a spreadsheet."""
        kind, rows = self._rows(grid, wanted)
        texts = _with_mark(csv_lines(kind, rows))
        return Export(name=f"{grid}.csv", media_type="text/csv", pieces=_encoded(texts))

    def events(self, wanted: Filter) -> Export:
        """Return the log, an event a line."""
        lines = event_lines(self._history.each_event(wanted))
        return _jsonl("events.jsonl", lines)

    def markdown(self, thread_id: str) -> Export:
        """Return a conversation for people; `NotFound`."""
        pieces = markdown(self.transcript(thread_id))
        return Export(name=f"{thread_id}.md", media_type="text/markdown", pieces=_encoded(pieces))

    def html(self, thread_id: str) -> Export:
        """Return a conversation as a page for people; `NotFound`."""
        transcript = self.transcript(thread_id)
        lines = self._history.each_run(Filter(thread_id=thread_id))
        pieces = html(transcript, {line.run_id: line.price for line in lines})
        return Export(name=f"{thread_id}.html", media_type="text/html", pieces=_encoded(pieces))

    def json(self, thread_id: str) -> Export:
        """Return a conversation for programs; `NotFound`."""
        pieces = document(self.transcript(thread_id))
        return Export(
            name=f"{thread_id}.json", media_type="application/json", pieces=_encoded(pieces)
        )

    def fine_tuning(
        self, trainee: Trainee, wanted: Filter, *, thread_ids: Collection[str] = ()
    ) -> Export:
        """Return examples, one for each thread that has a run which fits, or is named."""
        tally = Tally()
        ids = thread_ids or (line.thread_id for line in self._history.each_thread(wanted))
        lines = self._examples(_FORMATS[trainee], ids, tally)
        return _jsonl(f"fine-tuning-{trainee}.jsonl", lines, tally)

    def sqlite(self, wanted: Filter) -> Export:
        """Return a database of the runs that fit, for any SQL tool."""
        return Export(
            name="parley.sqlite",
            media_type="application/vnd.sqlite3",
            pieces=_copied(lambda file: self._history.copy(wanted, file)),
        )

    def transcript(self, thread_id: str) -> Transcript:
        """Return a thread as it was said; `NotFound`."""
        thread = self._store.thread(thread_id)
        messages, runs = self._store.messages(thread_id), self._store.runs(thread_id)
        log = self._history.each_event(Filter(thread_id=thread_id))
        return transcribe(thread, messages, runs, log, self._store.branches(thread_id))

    # beneath

    def _rows(self, grid: Grid, wanted: Filter) -> tuple[type[Any], Iterator[Any]]:
        match grid:
            case "threads":
                return ThreadLine, self._history.each_thread(wanted)
            case "runs":
                return RunLine, self._history.each_run(wanted)
            case "steps":
                return LoggedStep, self._steps(wanted)

    def _steps(self, wanted: Filter) -> Iterator[LoggedStep]:
        for run in self._history.each_run(wanted):
            for step in self._steps_of(run.run_id):
                known = {item.name: getattr(step, item.name) for item in fields(step)}
                yield LoggedStep(run_id=run.run_id, **known)

    def _steps_of(self, run_id: str) -> Iterator[StepLine]:
        for page in count(1):
            rows = self._history.steps(run_id, Window(page=page, size=_PAGE)).rows
            yield from rows
            if len(rows) < _PAGE:
                return

    def _examples(
        self, form: Callable[[Example], dict[str, Any]], ids: Iterable[str], tally: Tally
    ) -> Iterator[str]:
        for thread_id in ids:
            try:
                example = example_of(self.transcript(thread_id), tally)
            except NotFound:  # deleted while we read
                continue
            if example:
                yield json_line(form(example)) + "\n"


def _jsonl(name: str, lines: Iterator[str], tally: Tally | None = None) -> Export:
    return Export(
        name=name,
        media_type="application/jsonl",
        pieces=_encoded(lines),
        tally=tally or Tally(),
    )


def _with_mark(texts: Iterator[str]) -> Iterator[str]:
    yield _MARK
    yield from texts


def _encoded(texts: Iterator[str]) -> Generator[bytes]:
    """Yield UTF-8 in pieces worth sending."""
    gathered, size = [], 0
    for text in texts:
        piece = text.encode("utf-8", "replace")
        gathered.append(piece)
        size += len(piece)
        if size >= _CHUNK:
            yield b"".join(gathered)
            gathered, size = [], 0
    yield b"".join(gathered)


def _copied(write: Callable[[Path], None]) -> Generator[bytes]:
    with tempfile.TemporaryDirectory(prefix="parley-") as folder:
        file = Path(folder) / "parley.sqlite"
        write(file)
        with file.open("rb") as copy:
            while piece := copy.read(_CHUNK):
                yield piece
