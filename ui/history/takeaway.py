"""What can be downloaded: a file is made when it is asked for, not before."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from conversation.history import Filter
from setup.core import ParleyCore
from setup.exporting import Export, Exports
from ui.language import history_texts as texts


@dataclass(frozen=True, slots=True)
class File:
    """A download: its name in the texts, its own name, and how it is made."""

    what: str
    name: str
    make: Callable[[], Export]

    def whole(self) -> bytes:
        """Return all that is in it."""
        return self.make().whole()


def draw_list_files(core: ParleyCore, wanted: Filter) -> None:
    """Offer what fits the filters."""
    _draw("list", texts.TAKE_LIST, list_files(core.exports, wanted))


def draw_thread_files(core: ParleyCore, thread_id: str) -> None:
    """Offer a thread."""
    _draw("thread", texts.TAKE_THREAD, thread_files(core.exports, thread_id))


def draw_run_files(core: ParleyCore, run_id: str) -> None:
    """Offer a run."""
    _draw("run", texts.TAKE_RUN, run_files(core.exports, run_id))


def list_files(exports: Exports, wanted: Filter) -> tuple[File, ...]:
    """Return the files of what a filter selects."""
    return (
        File("threads", "threads.csv", lambda: exports.csv("threads", wanted)),
        File("runs", "runs.csv", lambda: exports.csv("runs", wanted)),
        File("steps", "steps.csv", lambda: exports.csv("steps", wanted)),
        File("events", "events.jsonl", lambda: exports.events(wanted)),
        *_examples(exports, wanted),
        File("sqlite", "parley.sqlite", lambda: exports.sqlite(wanted)),
    )


def thread_files(exports: Exports, thread_id: str) -> tuple[File, ...]:
    """Return the files of one thread."""
    own = Filter(thread_id=thread_id)
    return (
        File("markdown", f"{thread_id}.md", lambda: exports.markdown(thread_id)),
        File("html", f"{thread_id}.html", lambda: exports.html(thread_id)),
        File("json", f"{thread_id}.json", lambda: exports.json(thread_id)),
        File("runs", f"{thread_id}.csv", lambda: exports.csv("runs", own)),
        File("events", f"{thread_id}.jsonl", lambda: exports.events(own)),
        *_examples(exports, own),
    )


def run_files(exports: Exports, run_id: str) -> tuple[File, ...]:
    """Return the files of one run."""
    own = Filter(run_ids=frozenset({run_id}))
    return (
        File("steps", f"{run_id}.csv", lambda: exports.csv("steps", own)),
        File("events", f"{run_id}.jsonl", lambda: exports.events(own)),
    )


def _examples(exports: Exports, wanted: Filter) -> tuple[File, ...]:
    return (
        File("openai", "openai.jsonl", lambda: exports.fine_tuning("openai", wanted)),
        File("gemini", "gemini.jsonl", lambda: exports.fine_tuning("gemini", wanted)),
    )


def _draw(key: str, title: str, files: tuple[File, ...]) -> None:
    with st.popover(texts.TAKE, icon=":material/download:", key=f"take-{key}"):
        st.caption(title)
        for file in files:
            st.download_button(
                texts.FILES[file.what],
                file.whole,
                file_name=file.name,
                key=f"take-{key}-{file.what}",
                on_click="ignore",
                type="tertiary",
            )
