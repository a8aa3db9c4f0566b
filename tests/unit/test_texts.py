"""What the pages say is in one place, and there in every language."""

import ast
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from string import Formatter
from typing import Any, Final

import pytest

import ui
from conversation.phrases.english import ENGLISH
from conversation.phrases.german import GERMAN
from setup.settings import ROOT
from ui.texts.english import English
from ui.texts.english_history import EnglishHistory
from ui.texts.german import German
from ui.texts.german_history import GermanHistory

PAGES: Final = Path(ui.__file__).parent
ELEMENTS: Final = re.compile(
    "badge|button|caption|chat_input|chat_message|checkbox|date_input|datetime_input|dialog"
    "|download_button|error|expander|file_uploader|header|info|link_button|markdown"
    "|menu_button|metric|multiselect|number_input|page_link|pills|popover|radio"
    "|segmented_control|selectbox|set_page_config|spinner|status|subheader|success|tabs|text"
    "|text_area|text_input|time_input|title|toast|toggle|update|warning|write"
)
SHOWN: Final = re.compile("label|body|help|page_title|placeholder|text|title|alt|caption")
ROLES: Final = frozenset({"user", "assistant"})
MARKUP_ONLY: Final = re.compile(
    r":material/\w+:|:[a-z-]+\[|<[^<>]*>|&#?\w+;|\b(?:ms|s|min|h|p\d\d)\b"
)
MARKUP: Final = re.compile(rf"{MARKUP_ONLY.pattern}|[\W\d_]")
WORD: Final = re.compile(r"(?<![^\s(])[A-Za-z]{2,}(?![^\s.,:;!?)…])")
SCRIPT: Final = re.compile("=>|===|function")
SAME: Final = re.compile(
    r"Parley|System|Chat|({count} )?Threads?|Log|Details|Original|Status|Tool|JSON|Markdown"
    r"|April|August|September|November|(. )?(Ctrl\+|Shift\+)*(Enter|Esc|[A-Z/])"
)
"""What is the same in English and in German."""

Text = tuple[str, str]


def texts_of(owner: type[Any]) -> dict[str, Any]:
    return {name: value for name, value in vars(owner).items() if name.isupper()}


def flat(name: str, value: object) -> Iterator[Text]:
    """Yield each text of a value with its place in it."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from flat(f"{name}.{key}", one)
    else:
        assert isinstance(value, tuple), f"{name} is neither text nor made of texts"
        for number, one in enumerate(value):
            yield from flat(f"{name}.{number}", one)


def all_of(values: Mapping[str, object]) -> dict[str, str]:
    return dict(text for name, value in values.items() for text in flat(name, value))


TWINS: Final = (
    (all_of(texts_of(English)), all_of(texts_of(German))),
    (all_of(texts_of(EnglishHistory)), all_of(texts_of(GermanHistory))),
    (all_of(asdict(ENGLISH)), all_of(asdict(GERMAN))),
)


def placeholders(text: str) -> list[str]:
    return sorted(
        f"{name}:{form}" for _, name, form, _ in Formatter().parse(text) if name is not None
    )


@pytest.mark.parametrize(("english", "german"), TWINS, ids=["chat", "history", "phrases"])
def test_every_text_has_its_twin(english: dict[str, str], german: dict[str, str]) -> None:
    assert english.keys() == german.keys()


@pytest.mark.parametrize(("english", "german"), TWINS, ids=["chat", "history", "phrases"])
def test_twins_have_the_same_placeholders(english: dict[str, str], german: dict[str, str]) -> None:
    wrong = {
        name: (text, german[name])
        for name, text in english.items()
        if name in german and placeholders(text) != placeholders(german[name])
    }

    assert wrong == {}


@pytest.mark.parametrize(("english", "german"), TWINS, ids=["chat", "history", "phrases"])
def test_twins_are_in_their_own_language(english: dict[str, str], german: dict[str, str]) -> None:
    same = {text for name, text in english.items() if german.get(name) == text and words_of(text)}

    assert {text for text in same if not SAME.fullmatch(text)} == set()


@pytest.mark.parametrize("owner", [English, EnglishHistory])
def test_every_text_is_shown_somewhere(owner: type[Any]) -> None:
    drawing = (*MODULES, ROOT / "streamlit-pages.py")
    pages = "".join(path.read_text(encoding="utf-8") for path in drawing)
    used = set(re.findall(r"\b(?:\w+_)?(?:texts|shared)\.([A-Z_]+)", pages))

    assert texts_of(owner).keys() - used - {"STATES"} == set()


def words_of(text: str) -> str:
    """Return the letters that a visitor would read, without placeholders and markup."""
    return MARKUP.sub("", re.sub(r"{\w*[^{}]*}", "", text))


def visible(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield what a module hands to an element of the page as words."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        logs = isinstance(node.func.value, ast.Name) and node.func.value.id == "logger"
        if ELEMENTS.fullmatch(node.func.attr) and not logs:
            yield from node.args[:1]
            yield from (one.value for one in node.keywords if SHOWN.fullmatch(one.arg or ""))


def literals(given: ast.expr) -> Iterator[str]:
    """Yield the literals that an expression is made of; not those that it calls others with."""
    match given:
        case ast.Constant(value=str() as text):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else "" for one in parts)
        case ast.BinOp(left=left, right=right):
            yield from (*literals(left), *literals(right))
        case ast.IfExp(body=body, orelse=orelse):
            yield from (*literals(body), *literals(orelse))
        case ast.BoolOp(values=values):
            yield from (text for value in values for text in literals(value))
        case _:
            pass


def headings(tree: ast.AST) -> Iterator[str]:
    """Yield keys of rows that are written as headings are."""
    for node in ast.walk(tree):
        for key in node.keys if isinstance(node, ast.Dict) else ():
            said = key.value if isinstance(key, ast.Constant) else None
            if isinstance(said, str) and re.match(r"[A-Z][a-z]", said):
                yield said


def sentences(tree: ast.AST) -> Iterator[str]:
    """Yield formatted text in which words stand beside what is filled in; scripts have none."""
    for node in ast.walk(tree):
        text = "".join(literals(node)) if isinstance(node, ast.JoinedStr) else ""
        if " " in text and not SCRIPT.search(text) and WORD.search(MARKUP_ONLY.sub("", text)):
            yield text


MODULES: Final = sorted(
    path for path in PAGES.rglob("*.py") if path.parent.name != "texts" and path.stem != "language"
)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PAGES)))
def test_page_has_no_words_of_its_own(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {text for given in visible(tree) for text in literals(given)} - ROLES

    assert {text for text in said if words_of(text)} == set()
    assert set(headings(tree)) == set()
    assert set(sentences(tree)) == set()


def test_words_of_a_page_would_be_seen() -> None:
    page = 'st.button(f":gray[Save] {x}"); row.text("a" if x else y); rows = [{"State": 1}]'
    tree = ast.parse(page)

    assert [text for given in visible(tree) for text in literals(given)] == [":gray[Save] ", "a"]
    assert words_of(":gray[Save] ") == "Save"
    assert words_of(":small[:gray[]]  \n****") == ""
    assert list(headings(tree)) == ["State"]
    assert list(sentences(ast.parse("f'{x} (failed)', f'{a} · {b} s', f'key-{x}'"))) == [
        " (failed)"
    ]


def read_at_import(tree: ast.AST) -> Iterator[str]:
    """Yield the texts that a module reads when it is loaded, in nobody's language."""
    match tree:
        case ast.Attribute(value=ast.Name(id="texts" | "shared"), attr=name):
            yield name
        case _:
            pass
    inside = tree.body if isinstance(tree, ast.FunctionDef | ast.Lambda) else ()
    for part in ast.iter_child_nodes(tree):
        if not (isinstance(inside, list) and part in inside) and part is not inside:
            yield from read_at_import(part)


def test_text_read_at_import_would_be_seen() -> None:
    module = "@st.dialog(texts.A)\ndef f(x=texts.B): texts.c()\nclass D: e = lambda: texts.F"

    assert list(read_at_import(ast.parse(module))) == ["B", "A"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PAGES)))
def test_no_text_is_read_at_import(path: Path) -> None:
    assert list(read_at_import(ast.parse(path.read_text(encoding="utf-8")))) == []
