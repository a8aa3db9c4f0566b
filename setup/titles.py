"""Titles by models: asked for once, after a thread's first answer, and in nobody's way.

Whatever goes wrong, the first words of the thread stay its title.
"""

import asyncio
import logging
import re
from contextlib import aclosing
from typing import Final

from conversation.events import Logged, StateChanged
from conversation.records import Page, Run
from conversation.script import State
from conversation.signals import Saying
from conversation.text import TITLE, storable
from conversation.turns import Said, Turn
from setup.parts import Parts
from setup.replayed import SOURCE
from setup.tasks import Tasks

logger: Final = logging.getLogger(__name__)

PATIENCE: Final = 20.0

_RULES_ONLY: Final = "demo"
"""A provider that can answer, but not find titles."""

_INSTRUCTIONS: Final = (
    "You are given the beginning of a conversation. Write a title for it: at most six words, in "
    "the user's language, without quotation marks and without a full stop. Answer with the title "
    "alone."
)
_QUESTION: Final = 2_000
_ANSWER: Final = 1_000
_OLDEST: Final = 20

_LABEL: Final = re.compile(r"(?:[#>*-]+\s+)*(?:titel|title)\s*:\s*|[#>*-]+\s+", re.IGNORECASE)
_EMPHASIS: Final = re.compile(r"(\*\*|`)(.+?)\1")
_OPENING: Final = "\u201c\u201e\u00ab\u00bb\u2018\u201a\u300c\u300e"
_CLOSING: Final = "\u201d\u201c\u00bb\u00ab\u2019\u2018\u300d\u300f"
_WRAPPED: Final = re.compile(
    r"""(?P<sign>["'`*_~]+)(?P<in_signs>[^"`*_~]+)(?P=sign)"""
    rf"|[{_OPENING}](?P<in_quotes>[^\u201c-\u201f\u00ab\u00bb\u300c-\u300f]+)[{_CLOSING}]"
)


class Titles:
    """Lives on the core's event loop."""

    def __init__(self, parts: Parts, *, patience: float = PATIENCE) -> None:
        self._store = parts.store
        self._providers = parts.providers
        self._patience = patience
        self._tasks = Tasks()
        if parts.asks_for_titles:
            parts.topic.subscribe(self.heard)

    def heard(self, logged: Logged) -> None:
        """See whether an exchange of this process was a thread's first."""
        event = logged.event
        if isinstance(event, StateChanged) and event.after is State.COMPLETED:
            self._tasks.begin(self._entitle(logged.run_id), f"title after {logged.run_id}")

    async def close(self) -> None:
        """Ask for nothing more."""
        await self._tasks.close()

    async def _entitle(self, run_id: str) -> None:
        try:
            async with asyncio.timeout(self._patience):
                run, turn = await asyncio.to_thread(self._asked, run_id)
                title = cleaned(await self._answer(run, turn)) if turn else ""
                if title:
                    await asyncio.wrap_future(self._store.entitle(run.thread_id, title))
        except Exception:
            logger.debug("run %s gave no title to its thread", run_id, exc_info=True)

    def _asked(self, run_id: str) -> tuple[Run, Turn | None]:
        run = self._store.run(run_id)
        # What an API client has not asked for, it does not pay for.
        unwanted = run.spec.provider == _RULES_ONLY or run.spec.asked_model
        return run, None if unwanted else self._turn(run)

    def _turn(self, run: Run) -> Turn | None:
        """Return what to ask the model that answered; None where no title is wanted."""
        thread = self._store.thread(run.thread_id)
        wanted = thread.titled_by == "words" and SOURCE not in thread.metadata
        if not wanted or not self._is_first(run):
            return None
        question, answer = self._beginning(run)
        text = f"The user wrote:\n\n{question}\n\nThe answer began:\n\n{answer}"
        return Turn(
            model=run.spec.model,
            messages=(Said(role="user", text=text),),
            instructions=_INSTRUCTIONS,
            stream=False,
        )

    def _is_first(self, run: Run) -> bool:
        oldest = self._store.runs(run.thread_id, Page(limit=_OLDEST, newest_first=False))
        completed = (one.id for one in oldest if one.state is State.COMPLETED)
        return next(completed, None) == run.id

    def _beginning(self, run: Run) -> tuple[str, str]:
        asked = self._store.messages(run.thread_id, Page(limit=1, newest_first=False))
        said = self._store.texts(run.id)
        question = "".join(one.text for one in asked)[:_QUESTION]
        return question, "".join(one.text for one in said[-1:])[:_ANSWER]

    async def _answer(self, run: Run, turn: Turn) -> str:
        proxy = await self._providers.proxy(run.spec.provider)
        pieces = []
        async with aclosing(proxy.respond(turn)) as signals:
            async for signal in signals:
                if isinstance(signal, Saying):
                    pieces.append(signal.text)
        return "".join(pieces)


def cleaned(text: str) -> str:
    """Return a model's title as a title: one line, not too long, plain; or nothing."""
    lines = (" ".join(line.split()) for line in storable(text).splitlines())
    line = next((line for line in lines if any(map(str.isalnum, line))), "")
    line = _EMPHASIS.sub(r"\2", "".join(filter(str.isprintable, line)))
    before = ""
    while before != line:
        before = line
        line = _LABEL.sub("", line, count=1) if _LABEL.match(line) else line
        line = _bare(line.strip()).rstrip(" .")
    return line[:TITLE].rstrip()


def _bare(line: str) -> str:
    """Return what stands between quotation marks or signs of emphasis, if all of it does."""
    match = _WRAPPED.fullmatch(line)
    return (match["in_signs"] or match["in_quotes"]) if match else line
