"""Text of others, made safe to show as Markdown: a model's answers, and words to be read as typed.

A model's Markdown stays Markdown, but for what a page must not obey: images (the browser would
fetch them, and tell their address what was said), Streamlit's own directives, HTML, dollar signs
that would turn prices into formulas, and single tildes that would strike words out. Code is left
alone. Which part is code is decided here and then written so that no parser can see it otherwise:
every fence stands at the margin, is longer than any inside it, and is closed; code within a line
never leaves its line.
"""

import re
from collections.abc import Iterator
from typing import Final

_FENCE: Final = re.compile(
    r"^(?P<indent>[ \t]*)(?P<marker>(?:[-*+]|\d{1,9}[.)])[ \t]+)?"
    r"(?P<fence>`{3,}(?=[^`\n]*$)|~{3,})[ \t]*(?P<language>[^\n]*)$"
)
_SPANS: Final = re.compile(
    r"(?P<code>(?<!`)(?P<ticks>`+)(?!`)[^\n]+?(?<!`)(?P=ticks)(?!`))"
    r"|\\\[(?P<display>(?:(?!\n[ \t]*\n|\\\[).){1,2000}?)\\\]"
    r"|\\\((?P<inline>(?:(?!\\\()[^\n]){1,2000}?)\\\)"
    r"|\$\$(?P<dollars>(?:(?!\n[ \t]*\n)[^$]){1,2000}?)\$\$"
    r"|(?<![\\$\w])\$(?P<formula>(?=[^$\n]*[\\^_{])[^\s$](?:[^$\n]*[^\s$\\])?)\$(?![\w$])"
    r"|(?P<escaped>\\[^\w\s!])"
    r"|(?P<image>!+(?=\[))"
    r"|(?P<dollar>\$)"
    r"|(?P<link>(?i:https?://|www\.)(?:[\w./~%&=?#+;,@'*-]|:(?=\d))+(?<!~))"
    r"|(?P<tilde>(?<=[^\s~])~(?!~))"
    r"|<(?P<address>https?://[^\s<>]+)>"
    r"|(?P<tag><(?=[A-Za-z/!?]))"
    r"|(?P<directive>:(?=[A-Za-z][\w/+-]*[\[:{]))",
    re.DOTALL,
)
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+")
_MARGIN: Final = re.compile(r"(?![-*+>|]\s|\d{1,9}[.)]\s)\S")
"""The beginning of a line that goes on with no list, quotation or table."""

_ITEM: Final = re.compile(r"^[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]", re.MULTILINE)
_INDENT: Final = re.compile(r" {4}|\t")
_PUNCTUATION: Final = re.compile(r"([!-/:-@\[-`{-~])")
_JOINER: Final = "\N{WORD JOINER}"


def model_markdown(text: str, *, coloured: bool = True) -> str:
    """Return a model's text as Markdown that shows all it says and fetches nothing.

    Code that is not to be `coloured` is much less work for a browser.
    """
    return "\n".join(_blocks(re.split(r"\r\n?|\n", text), coloured=coloured))


def pieces(text: str, size: int) -> list[str]:
    """Return a model's text in pieces of about `size` characters that can be shown one by one.

    A piece ends before a paragraph at the margin, never within code, a list or a formula. All but
    the last stay as they are when the text grows.
    """
    if len(text) <= size:
        return [text]
    made, start = [], 0
    for end in _seams(text):
        if end - start >= size:
            made.append(text[start:end])
            start = end
    return [*made, text[start:]]


def open_fence(text: str) -> str:
    """Return the line that begins the code in which a model's text breaks off, if it does."""
    lines = re.split(r"\r\n?|\n", text)
    at = 0
    while at < len(lines):
        opening = _FENCE.match(lines[at])
        if opening is None:
            at += 1
            continue
        end = _end_of_code(lines, at, opening["fence"])
        if end == len(lines):
            return opening["fence"] + opening["language"]
        at = end + 1
    return ""


def literal(text: str) -> str:
    """Return Markdown that shows `text` exactly as it is, on one line."""
    escaped = _PUNCTUATION.sub(r"\\\1", " ".join(text.split()))
    return escaped.replace(r"\:", "&#58;")


def _blocks(lines: list[str], *, coloured: bool) -> Iterator[str]:
    """Yield prose and code in turns."""
    prose: list[str] = []
    at = 0
    while at < len(lines):
        opening = _FENCE.match(lines[at])
        if opening is None:
            prose.append(lines[at])
            at += 1
            continue
        prose.append(opening["marker"] or "")
        yield _prose("\n".join(prose))
        end = _end_of_code(lines, at, opening["fence"])
        language = opening["language"] if coloured else ""
        yield _code(lines[at + 1 : end], opening, language)
        prose, at = [""], end + 1
    yield _prose("\n".join(prose))


def _seams(text: str) -> Iterator[int]:
    """Yield where a paragraph begins that nothing before it can be a part of."""
    fence, formula, blank, at = "", False, False, 0
    for line in _LINE.findall(text):
        if fence:
            fence = "" if re.fullmatch(rf"\s*{fence}{fence[0]}*\s*", line) else fence
        elif opening := _FENCE.match(line.rstrip("\r\n")):
            fence = opening["fence"]
        else:
            if blank and not formula and _MARGIN.match(line):
                yield at
            formula ^= line.count("$$") % 2 == 1
        blank = not fence and not line.strip()
        at += len(line)


def _end_of_code(lines: list[str], start: int, fence: str) -> int:
    """Return where the fence that opens at `start` closes: the end of the text if it does not."""
    closing = re.compile(rf"[ \t]*{re.escape(fence)}{fence[0]}*[ \t]*")
    for at in range(start + 1, len(lines)):
        if closing.fullmatch(lines[at]):
            return at
    return len(lines)


def _code(lines: list[str], opening: re.Match[str], language: str) -> str:
    indent = len(opening["indent"]) + len(opening["marker"] or "")
    body = [line[min(indent, len(line) - len(line.lstrip())) :] for line in lines]
    longest = max((len(run) for run in re.findall(r"`+", "\n".join(body))), default=0)
    fence = "`" * max(3, longest + 1)
    known = re.sub(r"[^\w+#.-].*", "", language)
    return "\n".join((fence + known, *body, fence))


def _prose(text: str) -> str:
    in_list = _ITEM.search(text) is not None
    return _SPANS.sub(lambda found: _span(found, in_list=in_list), text)


def _span(found: re.Match[str], *, in_list: bool) -> str:
    """Rewrite one span of prose; each alternative of the pattern has its own rule."""
    kind, text = found.lastgroup, found[0]
    match kind:
        case "display" | "dollars":
            return _formula(found[kind], alone=kind == "display" or _stands_alone(found))
        case "inline" | "formula":
            return _formula(found[kind], alone=False)
        case "image":
            return ""
        case "directive":
            return "&#58;"
        case "dollar" | "tag":
            return "\\" + text
        case "tilde":  # one that could end a pair, by which a page would strike words out
            return text if not in_list and _is_indented_code(found) else r"\~"
        case "address":
            return f"[{literal(found['address'])}](<{found['address']}>)"
        case _:
            return text.replace("![", f"!{_JOINER}[")


def _is_indented_code(found: re.Match[str]) -> bool:
    """Tell whether a sign stands in lines that are code for their indent, where no list is."""
    text, at = found.string, found.start()
    line = text.rfind("\n", 0, at) + 1
    if not _INDENT.match(text, line):
        return False
    above = text.rfind("\n\n", 0, line)
    return _INDENT.match(text, 0 if above < 0 else above + 2) is not None


def _formula(tex: str, *, alone: bool) -> str:
    """Return a formula in the words of the page's Markdown, without what could end it early."""
    body = tex.strip().replace("$", r"\text{\textdollar}").replace("![", "! [")
    return f"\n$$\n{body}\n$$\n" if alone else f"${' '.join(body.split())}$"


def _stands_alone(found: re.Match[str]) -> bool:
    before = found.string[: found.start()].rpartition("\n")[2]
    after = found.string[found.end() :].partition("\n")[0]
    return not before.strip() and not after.strip()
