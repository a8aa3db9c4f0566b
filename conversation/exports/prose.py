"""A model's Markdown as HTML: what it says, and nothing that a browser would run or fetch.

HTML in it is text, an image is its description, a link leads to the web or to a mailbox or is
none. Formulas stay as they are written.
"""

import re
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_LINK: Final = re.compile(r"(?:https?://|mailto:)[^\s\x00-\x1f]", re.IGNORECASE)
_FORMULA: Final = re.compile(
    r"\\\[.{1,2000}?\\\]"
    r"|\\\([^\n]{1,2000}?\\\)"
    r"|\$\$[^$]{1,2000}?\$\$"
    r"|\$(?=[^$\n]*[\\^_{])[^\s$][^$\n]{0,2000}\$(?![\w$])",
    re.DOTALL,
)


def prose_html(text: str) -> str:
    """Return Markdown as HTML."""
    return str(_reader().render(text))


@cache
def _reader() -> "MarkdownIt":
    """Return the reader of Markdown, loaded when one is first needed: it is seldom."""
    from markdown_it import MarkdownIt

    reader = MarkdownIt("js-default", {"html": False, "linkify": False, "typographer": False})
    reader.validateLink = _may_be_followed  # type: ignore[method-assign, assignment]
    reader.inline.ruler.before("escape", "formula", _formula)
    reader.add_render_rule("image", _image)
    reader.add_render_rule("link_open", _link)
    return reader


def _may_be_followed(address: str) -> bool:
    return _LINK.match(address) is not None


def _formula(state: "StateInline", silent: bool) -> bool:
    """Take a formula as text, in which no sign means anything else."""
    if state.src[state.pos] not in "\\$":
        return False
    found = _FORMULA.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push("text", "", 0).content = found[0]
    state.pos = found.end()
    return True


def _image(self: Any, tokens: "Sequence[Token]", at: int, options: Any, env: Any) -> str:
    return escape(self.renderInlineAsText(tokens[at].children or [], options, env))


def _link(self: Any, tokens: "Sequence[Token]", at: int, options: Any, env: Any) -> str:
    tokens[at].attrSet("rel", "noopener noreferrer nofollow")
    return str(self.renderToken(tokens, at, options, env))
