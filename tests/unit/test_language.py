"""Which language a page speaks, and how it writes numbers."""

from collections.abc import Iterator

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from conversation.phrases.english import ENGLISH
from conversation.phrases.german import GERMAN
from ui.language import choose, counted, language, money, number, phrases, texts


def page() -> None:
    import streamlit as st  # AppTest runs this as a script of its own

    from ui.language import choose, language, texts

    st.button("de", on_click=choose, args=("de",))
    st.button("xx", on_click=choose, args=("xx",))
    st.button("none", on_click=choose, args=(None,))
    st.text(f"{language()} {texts.NEW}")


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    yield monkeypatch
    AppTest.from_function(page).run().button[2].click().run()  # all tests are the same tab


def opened(browser: pytest.MonkeyPatch, locale: str | None) -> AppTest:
    browser.setattr(type(st.context), "locale", property(lambda _: locale))
    return AppTest.from_function(page).run()


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        ("en-US", "en New conversation"),
        ("de", "de Neue Unterhaltung"),
        ("de-AT", "de Neue Unterhaltung"),
        ("DE-ch", "de Neue Unterhaltung"),
        ("zh-Hans-CN", "en New conversation"),
        ("den", "en New conversation"),
        ("", "en New conversation"),
        (None, "en New conversation"),
    ],
)
def test_page_speaks_as_the_browser_does(
    browser: pytest.MonkeyPatch, locale: str | None, said: str
) -> None:
    assert opened(browser, locale).text[0].value == said


def test_choice_wins_over_the_browser(browser: pytest.MonkeyPatch) -> None:
    shown = opened(browser, "en-GB")

    assert shown.button[0].click().run().text[0].value == "de Neue Unterhaltung"
    assert shown.run().text[0].value == "de Neue Unterhaltung"


@pytest.mark.parametrize("other", [1, 2], ids=["unknown", "none"])
def test_without_a_choice_the_browser_decides(browser: pytest.MonkeyPatch, other: int) -> None:
    shown = opened(browser, "en-GB")
    shown.button[0].click().run()

    assert shown.button[other].click().run().text[0].value == "en New conversation"


def test_outside_a_page_english_is_spoken() -> None:
    choose("de")

    assert language() == "en"
    assert texts.NEW == "New conversation"
    assert phrases() is ENGLISH


@pytest.mark.parametrize(
    ("value", "digits", "english", "german"),
    [
        (1234567, 0, "1,234,567", "1.234.567"),
        (1234.5, 1, "1,234.5", "1.234,5"),
        (0.125, 2, "0.12", "0,12"),
        (-1234, 0, "-1,234", "-1.234"),
        (10**20 + 1, 0, "100,000,000,000,000,000,001", "100.000.000.000.000.000.001"),
    ],
)
def test_numbers_are_written_as_people_do(
    value: float, digits: int, english: str, german: str
) -> None:
    assert number(value, digits) == english
    assert GERMAN.number(value, digits) == german


def test_costs_and_counts_are_written_out() -> None:
    forms = ("{count} run", "{count} runs")

    assert [money(value) for value in (0, 0.5, 1234)] == ["$0.00", "$0.5000", "$1,234.00"]
    assert [counted(forms, count) for count in (0, 1, 1234)] == ["0 runs", "1 run", "1,234 runs"]
