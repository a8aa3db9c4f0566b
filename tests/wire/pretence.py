"""What a pretended model says when nobody has scripted it; the same at every provider."""

import re
from typing import Any, Final

_COMPANIES: Final = {
    "apple": "AAPL",
    "google": "GOOGL",
    "microsoft": "MSFT",
    "nvidia": "NVDA",
    "tesla": "TSLA",
}


def symbols_asked_for(text: str) -> list[str]:
    """Return the stock symbols in a question about prices; none when it is about others."""
    if not re.search(r"price|trading|stock|quote", text, re.IGNORECASE):
        return []
    named = [symbol for name, symbol in _COMPANIES.items() if name in text.lower()]
    return list(dict.fromkeys(named + re.findall(r"\b[A-Z]{3,5}\b", text))) or ["AAPL"]


def small_talk(text: str) -> str:
    """Return an answer to what needs no tool."""
    return f"You said: {text.strip()} I have nothing to add, for I am only a test."


def answer_from(results: list[str]) -> str:
    """Return an answer that passes the tools' results on."""
    return f"The tools say {' and '.join(results)}."


def tokens(text: str) -> list[str]:
    """Split a text as a model would stream it."""
    return re.findall(r"\S+\s*|\s+", text)


def said(message: dict[str, Any]) -> str:
    """Return the text of a message, which may be in parts, among pictures."""
    content = message["content"]
    if not isinstance(content, list):
        return str(content)
    return " ".join(part["text"] for part in content if "text" in part)
