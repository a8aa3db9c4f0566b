"""Which companies the demo model recognises, and how it finds them in a sentence."""

import re
from typing import Final

_COMPANIES: Final = (
    # symbol   names, the first of them for show
    ("AAPL", "Apple"),
    ("ADBE", "Adobe"),
    ("AMD", "AMD"),
    ("AMZN", "Amazon"),
    ("BA", "Boeing"),
    ("DIS", "Disney"),
    ("GOOG", "Google", "Alphabet"),
    ("IBM", "IBM"),
    ("INTC", "Intel"),
    ("JPM", "JPMorgan", "Morgan"),
    ("KO", "Coca-Cola", "Coca", "Coke"),
    ("META", "Meta", "Facebook"),
    ("MSFT", "Microsoft"),
    ("NFLX", "Netflix"),
    ("NVDA", "Nvidia"),
    ("ORCL", "Oracle"),
    ("PEP", "PepsiCo", "Pepsi"),
    ("TSLA", "Tesla"),
    ("UBER", "Uber"),
    ("V", "Visa"),
    ("WMT", "Walmart"),
)
_NO_SYMBOLS: Final = {
    "AI", "AM", "AN", "AND", "API", "AT", "BUY", "CEO", "CFO", "DO", "ETF", "EU", "EUR", "FOR",
    "GBP", "GPT", "HELP", "HOW", "HTML", "IF", "IN", "IPO", "IS", "IT", "JSON", "LLM", "ME",
    "MY", "NO", "NOT", "NYSE", "OF", "OK", "ON", "OR", "PC", "PM", "PRICE", "SELL", "SQL",
    "STOCK", "SO", "THE", "TO", "TV", "UK", "UP", "URL", "US", "USA", "USD", "VS", "WE", "WHAT",
    "XML", "YES", "YOU",
}  # fmt: skip

_BY_NAME: Final = {name.lower(): symbol for symbol, *names in _COMPANIES for name in names}
_NAMES: Final = {symbol: name for symbol, name, *_ in _COMPANIES}
_WORD: Final = re.compile(r"\$?[A-Za-z][\w.&-]*")
_SHAPE: Final = re.compile(r"[A-Z]{2,5}(?:\.[A-Z]{1,2})?")
_MOST: Final = 5


def label(symbol: str) -> str:
    """Return `Apple (AAPL)`, or the symbol alone when its company has no name here."""
    name = _NAMES.get(symbol, symbol)
    return symbol if name == symbol else f"{name} ({symbol})"


def is_known(symbol: str) -> bool:
    """Tell whether the symbol is one of those listed here."""
    return symbol in _NAMES


def symbols_in(text: str) -> tuple[str, ...]:
    """Return the symbols of the companies `text` names, each once, in its order, five at most."""
    shouting = text.isupper() and " " in text.strip()
    found = (_symbol(word.rstrip("."), shouting=shouting) for word in _WORD.findall(text))
    return tuple(dict.fromkeys(symbol for symbol in found if symbol))[:_MOST]


def _symbol(word: str, *, shouting: bool) -> str | None:
    plain = word.removeprefix("$")
    if plain.lower() in _BY_NAME:
        return _BY_NAME[plain.lower()]
    if len(plain) > 2 and is_known(plain.upper()):
        return plain.upper()
    if word != plain:
        return plain.upper()
    guess = not shouting and plain not in _NO_SYMBOLS and _SHAPE.fullmatch(plain)
    return plain if guess else None
