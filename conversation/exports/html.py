"""A conversation as one HTML page, for people: to read, to print, to send to somebody.

It needs nothing but itself: no script, no network, no other file, and it forbids a browser to
think otherwise. What anybody wrote is text; only a model's Markdown becomes headings and tables.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

from conversation.exports.enclosed import enclosed
from conversation.exports.prose import prose_html
from conversation.exports.transcript import Call, Passage, Transcript, Utterance
from conversation.narration import call_text, cut_off, outcome
from conversation.records import Message, Run
from conversation.script import State

Costs = Mapping[str, float | None]
"""US dollars by run; None, or none, where the price is not known."""

_STYLE: Final = Path(__file__).with_suffix(".css")
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none';"
    " form-action 'none'"
)
_HEAD: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1 dir="auto">{title}</h1>
<p>Thread <code>{thread_id}</code>, begun {begun}</p>
</header>
<main>
"""


def html(transcript: Transcript, costs: Costs) -> Iterator[str]:
    """Yield the conversation, passage by passage."""
    thread = transcript.thread
    yield _HEAD.format(
        policy=escape(_POLICY),
        title=_text(" ".join(thread.title.split()) or "Conversation"),
        style=_style(),
        thread_id=_text(thread.id),
        begun=_time(thread.created_at),
    )
    for passage in transcript.passages:
        yield from _passage(passage, costs)
    yield "</main>\n</body>\n</html>\n"


def _passage(passage: Passage, costs: Costs) -> Iterator[str]:
    for message in passage.asked:
        yield _asked(message)
    run = passage.run
    if run is None:
        return
    for said in passage.said:
        yield from _said(said, run)
    if run.state is not State.COMPLETED:
        yield f'<p class="ending {run.state.value}" dir="auto">{_text(outcome(run))}</p>\n'
    yield _figures(passage, run, costs.get(run.id))


def _asked(message: Message) -> str:
    lines = "".join(f'<p dir="auto">{_text(line)}</p>\n' for line in enclosed(message))
    role, at = message.role, _time(message.created_at)
    return (
        f'<article class="{role}">\n<h2>{role.capitalize()} <small>{at}</small></h2>\n'
        f'<div class="text" dir="auto">{_text(message.text)}</div>\n{lines}</article>\n'
    )


def _said(said: Utterance, run: Run) -> Iterator[str]:
    if said.text:
        yield (
            f'<article class="assistant">\n<h2>Assistant <small>{_text(run.spec.model)} · '
            f"{_time(said.at)}</small></h2>\n"
            f'<div class="prose" dir="auto">\n{prose_html(said.text)}</div>\n</article>\n'
        )
    if said.partial:
        yield f'<p class="ending">Not a whole answer: {_text(cut_off(said.partial))}.</p>\n'
    for call in said.calls:
        yield _call(call)


def _call(call: Call) -> str:
    output = "" if call.output is None else f"<h3>Output</h3>\n{_data(call.output)}"
    line = f"<b>System</b> {_text(call_text(call.name, call.arguments))} {_went(call)}"
    return (
        f'<details class="call">\n<summary>{line}</summary>\n'
        f"<h3>Arguments</h3>\n{_data(call.arguments)}{output}</details>\n"
    )


def _went(call: Call) -> str:
    if call.output is None:
        return "has no output"
    seconds = "" if call.seconds is None else f" after {call.seconds:.2f} s"
    return f"{'failed' if call.failed else 'returned'}{seconds}"


def _figures(passage: Passage, run: Run, cost: float | None) -> str:
    """Return what a run took in a line, and under it the states it went through."""
    took = [run.spec.model, *_tokens(run), *_seconds(run), _cost(cost)]
    begun = passage.path[0][1] if passage.path else run.created_at
    states = "".join(
        f"<li>{_text(state.value.replace('_', ' '))} "
        f"<small>{max(0.0, (at - begun).total_seconds()):.2f} s · {_time(at)}</small></li>\n"
        for state, at in passage.path
    )
    return (
        f'<details class="figures">\n<summary>{_text(" · ".join(took))}</summary>\n'
        f"<p>Run <code>{_text(run.id)}</code></p>\n<ol>\n{states}</ol>\n</details>\n"
    )


def _tokens(run: Run) -> Iterator[str]:
    used = run.usage
    cached = f" ({used.cached:,} cached)" if used.cached else ""
    reasoning = f" ({used.reasoning:,} reasoning)" if used.reasoning else ""
    yield f"{used.input:,} tokens in{cached}"
    yield f"{used.output:,} out{reasoning}"


def _seconds(run: Run) -> Iterator[str]:
    if run.ended_at:
        yield f"{max(0.0, (run.ended_at - run.created_at).total_seconds()):.2f} s"


def _cost(cost: float | None) -> str:
    if cost is None:
        return "cost unknown"
    return "less than $0.0001" if 0 < cost < 0.0001 else f"${cost:.4f}".removesuffix("00")


def _data(text: str) -> str:
    return f'<pre dir="auto">\n{_text(text)}</pre>\n'


def _text(text: str) -> str:
    """Return a text that a browser shows, and copies, as it is."""
    return escape(text).replace("\r", "&#13;")


def _time(at: datetime) -> str:
    utc = at.astimezone(UTC)
    return f'<time datetime="{utc.isoformat()}">{utc:%Y-%m-%d %H:%M:%S} UTC</time>'


@cache
def _style() -> str:
    return _STYLE.read_text(encoding="utf-8")
