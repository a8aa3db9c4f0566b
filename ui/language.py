"""The language of whoever looks at a page: `texts.NEW` says "new" in it.

`texts` and `history_texts` read like the classes of English texts, and answer with those of the
language that this visitor has chosen, else that of the browser, else English.
"""

from typing import Any, Final, cast

import streamlit as st
from streamlit.runtime.scriptrunner_utils.script_run_context import get_script_run_ctx

from conversation.phrases.english import ENGLISH
from conversation.phrases.german import GERMAN
from conversation.phrases.phrases import Phrases
from ui.texts.english import English
from ui.texts.english_history import EnglishHistory
from ui.texts.german import German
from ui.texts.german_history import GermanHistory

LANGUAGES: Final = {"en": "English", "de": "Deutsch"}

_DEFAULT: Final = "en"
_PHRASES: Final = {"en": ENGLISH, "de": GERMAN}
_chosen: Final[dict[str, str]] = {}
"""By browser tab, of those that have chosen; a session state can't be read in every place."""


def language() -> str:
    """Return the code of the language to speak now."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return _DEFAULT
    return _chosen.get(context.session_id) or _of_browser()


def choose(code: str | None) -> None:
    """Speak this language to this tab from now on; None or an unknown one: the browser's."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is None:
        return
    if code in LANGUAGES:
        _chosen[context.session_id] = code
    else:
        _chosen.pop(context.session_id, None)


def phrases() -> Phrases:
    """Return the sentences that `narration` is to tell an exchange in."""
    return _PHRASES[language()]


def number(value: float, digits: int = 0) -> str:
    """Return a number as it is written in the language: 1,234.5 or 1.234,5."""
    return phrases().number(value, digits)


def counted(forms: tuple[str, str], count: int) -> str:
    """Say how many there are, in the form for one or that for several."""
    return forms[count != 1].format(count=number(count))


def money(dollars: float) -> str:
    """Return a cost; small ones with the digits that matter."""
    digits = 2 if dollars >= 1 or dollars == 0 else 4
    return texts.DOLLARS.format(amount=number(float(dollars), digits))


def _of_browser() -> str:
    code = (st.context.locale or "").partition("-")[0].lower()
    return code if code in LANGUAGES else _DEFAULT


class _Spoken:
    """Answers with the texts of the language to speak now."""

    def __init__(self, **languages: type[Any]) -> None:
        self._languages = languages

    def __getattr__(self, name: str) -> Any:
        return getattr(self._languages[language()], name)


texts: Final = cast("English", _Spoken(en=English, de=German))
history_texts: Final = cast("EnglishHistory", _Spoken(en=EnglishHistory, de=GermanHistory))
