"""Searching in the chat's sidebar: what is asked for, and how what was found is shown."""

import pytest

from ui.chat.finding import being_typed, marked
from ui.chat.totals import Totals, said


@pytest.mark.parametrize(
    ("typed", "asked"),
    [
        ("zeb", "zeb*"),
        ("two wor", "two wor*"),
        ('"a phrase"', '"a phrase"'),
        ("zeb*", "zeb*"),
        ('"open phr', '"open phr*'),
    ],
)
def test_last_word_may_go_on(typed: str, asked: str) -> None:
    assert being_typed(typed) == asked


def test_matches_are_marked_and_all_is_escaped() -> None:
    pieces = (("a :red[b] ", False), ("<c>", True), (" *d*", False))

    assert marked(pieces) == r"a &#58;red\[b\] :orange-background[\<c\>] \*d\*"


def test_signs_of_markdown_are_left_out() -> None:
    pieces = (("# Price\n**", False), ("415", True), ("** of `C#` |---|--:| 2*3", False))

    assert marked(pieces) == r" Price :orange-background[415] of C\# 2\*3"


@pytest.mark.parametrize(
    ("sums", "words"),
    [
        (Totals(exchanges=1), "1 exchange"),
        (Totals(2, 1234, 0.5), "2 exchanges · 1,234 tokens · $0.5000"),
        (Totals(2, 10, 1.5, partly=True), "2 exchanges · 10 tokens · ~$1.50"),
        (Totals(2, 10, None, partly=True), "2 exchanges · 10 tokens · cost unknown"),
    ],
)
def test_costs_say_how_sure_they_are(sums: Totals, words: str) -> None:
    assert said(sums) == words
