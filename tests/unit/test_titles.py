import pytest
from hypothesis import given
from hypothesis import strategies as st

from setup.titles import cleaned


@pytest.mark.parametrize(
    ("said", "title"),
    [
        ("Apple share price", "Apple share price"),
        (' "Apple share price."\n', "Apple share price"),
        ("\u201cIt\u2019s Apple\u201d", "It\u2019s Apple"),
        ("\u201eDer Kurs von Apple\u201c", "Der Kurs von Apple"),
        ("\u00abLe cours d'Apple\u00bb", "Le cours d'Apple"),
        ("**Title: Apple's price**", "Apple's price"),
        ("# Basics of C#", "Basics of C#"),
        ("- .NET for `beginners`", ".NET for beginners"),
        ('"Up" and "down"', '"Up" and "down"'),
        ("One line\nand another", "One line"),
        ("***\n\nBehind a rule", "Behind a rule"),
        ("What now?", "What now?"),
        ("a\tb\x00c\u202e", "a b\N{REPLACEMENT CHARACTER}c"),
        ("", ""),
        ('"""', ""),
        ("Title:", ""),
    ],
)
def test_title_is_one_plain_line(said: str, title: str) -> None:
    assert cleaned(said) == title


@given(st.text() | st.text("\"'*_`#>-. \n:Titlex"))
def test_any_answer_becomes_a_line_that_stays(said: str) -> None:
    title = cleaned(said)

    assert len(title) <= 80
    assert title.isprintable()
    assert title == title.strip()
