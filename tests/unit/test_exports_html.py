"""A conversation as a web page: it shows all that was said, and obeys none of it."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any, Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conversation.exports.html import html
from conversation.exports.prose import prose_html
from conversation.exports.transcript import Transcript
from conversation.records import RunError
from conversation.script import State
from tests.unit.transcripts import (
    RUN,
    SPEC,
    THREAD,
    TRANSCRIPTS,
    WITH_CALLS,
    asked,
    call,
    passage,
    said,
    transcript,
)

TAGS: Final = set(
    re.findall(
        r"\w+",
        "html head meta title style body header main article h1 h2 h3 h4 h5 h6 p div small time"
        " b code pre details summary ol ul li a em strong s br hr blockquote"
        " table thead tbody tr th td",
    )
)
ATTRIBUTES: Final = {
    "html": {"lang"},
    "meta": {"charset", "http-equiv", "name", "content"},
    "a": {"href", "rel", "title"},
    "time": {"datetime"},
    "ol": {"start"},
    "th": {"style"},
    "td": {"style"},
}
EVERYWHERE: Final = {"class", "dir"}
HOSTILE: Final = (
    "<script>alert(1)</script>",
    "</title></style></pre></details><img src=x onerror=alert(1)>",
    '" onmouseover="alert(1)" x="',
    "[a](javascript:alert(1)) [b](JaVaScRiPt&colon;alert(1)) [c](<java\tscript:alert(1)>)",
    "[d](data:text/html;base64,PHNjcmlwdD4=) [e](vbscript:x) [f](/relative) [g](file:///etc)",
    "![img](https://evil.example/x.png) ![<b onload=x>](javascript:alert(1))",
    "[![i](http://evil.example/i.png)](javascript:alert(1))",
    "<javascript:alert(1)> <https://ok.example/\"onclick='alert(1)'>",
    "[x]: javascript:alert(1)\n\n[x]",
    '```"><script>alert(1)</script>\ncode\n```',
    "`<svg/onload=alert(1)>` <svg/onload=alert(1)>",
    "$<img src=x onerror=alert(1)>_x$ \\(<script>alert(1)</script>\\)",
    '[t](https://ok.example "a\\" onclick=\\"alert(1)")',
    "<!-- --> <![CDATA[ <?php",
    "&lt;script&gt; &#60;script&#62;",
)
UNHURRIED: Final = settings(deadline=None)
"""The first text has the reader of Markdown loaded."""
_ANY: Final = st.text(max_size=60) | st.sampled_from(HOSTILE)


class Page(HTMLParser):
    """Reads a page as a browser does, and holds every tag and attribute to the lists above."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.texts: list[str] = []
        self.shown: dict[str, list[str]] = {}
        self._inside: list[str] = []
        self.feed(text)
        self.close()
        assert not self._inside, "a tag is left open"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in TAGS, tag
        known = dict(attrs)
        assert known.keys() <= ATTRIBUTES.get(tag, set()) | EVERYWHERE, (tag, known)
        assert re.fullmatch(r"text-align:(left|right|center)|", known.get("style") or "")
        if tag == "a":
            assert known["rel"] == "noopener noreferrer nofollow"
            self.links.append(known["href"] or "")
        name = f"{tag}.{known['class']}" if known.get("class") else tag
        if tag not in {"meta", "br", "hr"}:
            self._inside.append(name)
            self.shown.setdefault(name, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._inside.pop().partition(".")[0] == tag

    def handle_data(self, data: str) -> None:
        for name in self._inside:
            self.shown[name][-1] += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    def unknown_decl(self, data: str) -> None:
        raise AssertionError(f"a declaration: {data}")


def page(given_one: Transcript, **costs: float | None) -> Page:
    return Page("".join(html(given_one, costs)))


def everywhere(text: str) -> Transcript:
    """Return a conversation that has this text in every field that somebody else fills."""
    error = RunError(code=text, message=text, hint=text)
    one = replace(
        passage(
            said(text, replace(call(), name=text, arguments=text, output=text), partial=text),
            question=text,
            state=State.ERROR,
            error=error,
            spec=replace(SPEC, model=text),
        )
    )
    return replace(transcript(one), thread=replace(THREAD, id=text, title=text))


# What nobody can do


@UNHURRIED
@given(TRANSCRIPTS)
def test_any_conversation_is_a_harmless_page(given_one: Transcript) -> None:
    for link in page(given_one).links:
        assert re.match(r"(?i)https?://|mailto:", link)


@UNHURRIED
@given(_ANY)
def test_any_text_anywhere_is_only_shown(text: str) -> None:
    for link in page(everywhere(text)).links:
        assert re.match(r"(?i)https?://|mailto:", link)


@UNHURRIED
@given(st.lists(st.sampled_from(HOSTILE) | st.text(max_size=8), max_size=6).map("".join))
def test_hostile_markdown_stays_prose(text: str) -> None:
    Page(prose_html(text))


def test_page_forbids_what_it_does_not_need() -> None:
    text = "".join(html(transcript(WITH_CALLS), {}))

    assert 'content="default-src &#x27;none&#x27;; style-src &#x27;unsafe-inline&#x27;' in text
    assert not re.search(r"<(?:script|link|img|iframe|form|object|embed|base)\b", text)
    assert "url(" not in text
    assert "@import" not in text


# What is shown


@UNHURRIED
@given(st.text())
def test_what_a_person_wrote_is_there_as_it_was(text: str) -> None:
    (shown,) = page(transcript(passage(question=text))).shown["div.text"]

    assert shown == text


def test_calls_and_how_they_went_are_there() -> None:
    shown = page(transcript(WITH_CALLS)).shown

    assert shown["summary"][:2] == [
        'System price(symbol="AAPL") returned after 0.25 s',
        'System price(symbol="MSFT") failed after 0.25 s',
    ]
    assert '\n{"symbol": "AAPL"}' in shown["pre"]
    assert "\nno such share" in shown["pre"]


def test_models_markdown_is_laid_out() -> None:
    text = "# Title\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```py\nx < 1\n```\n\n~~no~~ **yes**"
    shown = page(transcript(passage(said(text)))).shown

    assert shown["th"] == ["a", "b"]
    assert shown["code.language-py"] == ["x < 1\n"]
    assert (shown["s"], shown["strong"]) == (["no"], ["yes"])


def test_links_lead_to_the_web_and_images_are_words() -> None:
    text = "[a](https://ok.example/x) [b](mailto:a@b.example) ![a *cat*](https://pic.example/c.png)"
    read = page(transcript(passage(said(text))))

    assert read.links == ["https://ok.example/x", "mailto:a@b.example"]
    assert "a cat" in read.shown["div.prose"][0]


@pytest.mark.parametrize(
    "formula", [r"\(a_1 * b_2 *\)", r"\[x_1 < y_2\]", "$$a_b *c* d$$", r"$x_1 * y_2*$"]
)
def test_formulas_stay_as_written(formula: str) -> None:
    (shown,) = page(transcript(passage(said(f"So {formula} holds.")))).shown["div.prose"]

    assert shown.strip() == f"So {formula} holds."


def test_link_may_hold_a_formula() -> None:
    assert r">\(a_1 * b_2 *\)</a>" in prose_html(r"[\(a_1 * b_2 *\)](https://ok.example)")


def test_prices_are_no_formulas() -> None:
    assert prose_html("It is *between* $5 and $6.").strip() == (
        "<p>It is <em>between</em> $5 and $6.</p>"
    )


BROKEN: Final = RunError(code="stream_cut", message="It broke off.")


@pytest.mark.parametrize(
    ("ended", "told"),
    [
        ({"state": State.ERROR, "error": BROKEN}, "It broke off."),
        ({"state": State.CANCELLED}, "Stopped"),
        ({"state": State.RUNNING, "ended_at": None}, "running"),
    ],
)
def test_endings_are_told(ended: dict[str, Any], told: str) -> None:
    shown = page(transcript(passage(**ended))).shown

    assert told.lower() in shown[f"p.ending {ended['state'].value}"][0].lower()


def test_answer_that_is_not_whole_says_so() -> None:
    shown = page(transcript(passage(said("It tr", partial="run_cancelled")))).shown

    assert shown["p.ending"][0].startswith("Not a whole answer: ")


@pytest.mark.parametrize(
    ("cost", "told"),
    [(None, "cost unknown"), (0.0, "$0.00"), (0.00001, "less than $0.0001"), (0.0123, "$0.0123")],
)
def test_figures_and_states_are_folded_away(cost: float | None, told: str) -> None:
    shown = page(transcript(WITH_CALLS), run_1=cost).shown

    assert shown["summary"][-1] == f"demo-1 · 10 tokens in · 5 out · 2.00 s · {told}"
    assert [line.split()[0] for line in shown["li"]] == ["ready", "started", "completed"]
    assert "2026-05-17 12:30:15 UTC" in shown["li"][0]


def test_cached_and_reasoning_tokens_are_told() -> None:
    usage = replace(RUN.usage, cached=4, reasoning=3)
    shown = page(transcript(passage(usage=usage))).shown

    assert "10 tokens in (4 cached) · 5 out (3 reasoning)" in shown["summary"][-1]


def test_untitled_conversation_has_a_title() -> None:
    assert page(replace(transcript(), thread=replace(THREAD, title=" "))).shown["h1"] == [
        "Conversation"
    ]


def test_question_without_an_answer_is_there() -> None:
    waiting = replace(passage(), asked=(asked("Anybody?"),), run=None, said=(), path=())

    assert page(transcript(waiting)).shown["div.text"] == ["Anybody?"]
