"""How the demo model talks about stocks: which functions it asks for, and what it makes of them.

Nothing is remembered between turns: what was asked and answered is read off the turn's rounds.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Final

from conversation.ids import new_id
from conversation.turns import ToolCall, ToolResult, Turn
from proxies.demo_companies import is_known, label, symbols_in
from proxies.demo_reply import Reply, user_texts
from proxies.demo_texts import NO_ADVICE, NO_PRICES

PRICE: Final = "get_stock_price"
ADVICE: Final = "buy_or_sell"

_WANTS_ADVICE: Final = re.compile(
    r"\b(buy|buying|sell|selling|invest|investing|advi[cs]e|recommend\w*|(ver)?kaufen)\b",
    re.IGNORECASE,
)
_WANTS_PRICE: Final = re.compile(
    r"\b(prices?|worth|trad(?:e|es|ing)|quotes?|stocks?|shares?|costs?|compare|versus|vs"
    r"|aktien?|vergleiche)\b",
    re.IGNORECASE,
)
_POINTS_BACK: Final = re.compile(
    r"\b(it|its|them|they|that|this|those|these|the (price|stock|share)s?)\b|^should i \w+\W*$",
    re.IGNORECASE,
)
_FEW_WORDS: Final = 4
_LONGEST_QUOTE: Final = 300

Results = dict[tuple[str, str], ToolResult]


@dataclass(frozen=True, slots=True)
class Request:
    """What the user wants to know about which stocks."""

    symbols: tuple[str, ...]
    advice: bool = False


def is_about_stocks(text: str) -> bool:
    """Tell whether `text` asks for a price or for advice, whatever the company."""
    return bool(_WANTS_PRICE.search(text) or _WANTS_ADVICE.search(text))


def request_in(turn: Turn) -> Request | None:
    """Return what the user's last message asks for; "it" is the company mentioned before."""
    *before, text = user_texts(turn) or [""]
    symbols = symbols_in(text)
    if is_about_stocks(text):
        if not symbols and _POINTS_BACK.search(text):
            symbols = _mentioned(before)
        advice = bool(_WANTS_ADVICE.search(text))
        return Request(symbols, advice) if symbols else None
    brief = len(text.split()) <= _FEW_WORDS and all(map(is_known, symbols))
    return Request(symbols) if symbols and brief else None


def reply_about(request: Request, turn: Turn) -> Reply:
    """Ask for what is still missing: prices first, then advice on them; then answer."""
    offered = {tool.name for tool in turn.tools}
    if PRICE not in offered:
        return Reply(text=NO_PRICES)
    results = _results(turn)
    calls = _price_calls(request, results)
    if not calls and request.advice and ADVICE in offered:
        calls = _advice_calls(request, results)
    if calls:
        return Reply(calls=calls if turn.sampling.parallel_tool_calls else calls[:1])
    return Reply(text=_answer(request, results, advice_offered=ADVICE in offered))


def stock_call(name: str, **arguments: object) -> ToolCall:
    """Return a new call of a function."""
    return ToolCall(call_id=new_id("call"), name=name, arguments=json.dumps(arguments))


def _mentioned(texts: list[str]) -> tuple[str, ...]:
    """Return the companies of the latest message that named any."""
    for text in reversed(texts):
        symbols = symbols_in(text)
        if symbols and (is_about_stocks(text) or all(map(is_known, symbols))):
            return symbols
    return ()


def _results(turn: Turn) -> Results:
    """Return this run's results by function and symbol."""
    found: Results = {}
    for past in turn.rounds:
        results = {result.call_id: result for result in past.results}
        for call in past.calls:
            symbol = _fields(call.arguments).get("symbol")
            if call.call_id in results and isinstance(symbol, str):
                found[call.name, symbol] = results[call.call_id]
    return found


def _price_calls(request: Request, results: Results) -> tuple[ToolCall, ...]:
    missing = [symbol for symbol in request.symbols if (PRICE, symbol) not in results]
    return tuple(stock_call(PRICE, symbol=symbol) for symbol in missing)


def _advice_calls(request: Request, results: Results) -> tuple[ToolCall, ...]:
    prices = {symbol: _price(results[PRICE, symbol]) for symbol in request.symbols}
    return tuple(
        stock_call(ADVICE, symbol=symbol, price=price)
        for symbol, price in prices.items()
        if price is not None and (ADVICE, symbol) not in results
    )


def _answer(request: Request, results: Results, *, advice_offered: bool) -> str:
    prices = {symbol: _price(results[PRICE, symbol]) for symbol in request.symbols}
    lines = [_price_line(symbol, results[PRICE, symbol]) for symbol in request.symbols]
    known = {symbol: price for symbol, price in prices.items() if price}
    if request.advice and known:
        lines += [_advice_line(s, results[ADVICE, s]) for s in known if (ADVICE, s) in results]
        lines += [] if advice_offered else [NO_ADVICE]
    elif len(known) > 1 and len({_currency(results[PRICE, symbol]) for symbol in known}) == 1:
        lines.append(_comparison(known))
    return "\n\n".join(lines)


def _price_line(symbol: str, result: ToolResult) -> str:
    price = _price(result)
    if price is None:
        return _no_use(f"the price of {label(symbol)}", PRICE, result)
    fields = _fields(result.output)
    amount = f"{price:,.2f} {_currency(result)}".strip()
    source = f" (source: {fields['source']})" if "source" in fields else ""
    return f"{label(symbol)} is trading at **{amount}**{source}."


def _advice_line(symbol: str, result: ToolResult) -> str:
    fields = _fields(result.output)
    if result.failed or "advice" not in fields:
        return _no_use(f"advice on {label(symbol)}", ADVICE, result)
    reason = fields.get("reason", "")
    return (
        f"On {label(symbol)}, the function's advice is: **{fields['advice']}**. {reason} "
        "Please take that for what it is: a simple rule in a demo, not financial advice."
    )


def _no_use(what: str, name: str, result: ToolResult) -> str:
    """Say politely that a function failed, or quote what it said when it isn't a number."""
    quote = " ".join(result.output.split())[:_LONGEST_QUOTE]
    if result.failed:
        return f"I'm sorry, I could not get {what}. The function `{name}` said: {quote}"
    return f"I asked for {what}, and the function `{name}` said: {quote}"


def _comparison(prices: dict[str, float]) -> str:
    low, high = min(prices, key=prices.__getitem__), max(prices, key=prices.__getitem__)
    times = f"{prices[high] / prices[low]:.1f}"
    return (
        f"One share of {label(high)} costs {times} times as much as one of {label(low)}, "
        "which says nothing about which of them is the better company."
    )


def _price(result: ToolResult) -> float | None:
    """Return the price in an output: a bare number, or the field `price` of an object."""
    if result.failed:
        return None
    value = _json(result.output)
    price = value.get("price") if isinstance(value, dict) else value
    if isinstance(price, bool) or not isinstance(price, int | float):
        return None
    return float(price) if 0 < price < float("inf") else None


def _currency(result: ToolResult) -> str:
    return str(_fields(result.output).get("currency", ""))


def _fields(text: str) -> dict[str, Any]:
    value = _json(text)
    return value if isinstance(value, dict) else {}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
