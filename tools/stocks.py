"""The stock functions: what a share costs, and a simple rule's advice on it."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from conversation.ports import ToolPolicy
from tools.failures import ToolFailed
from tools.function import FunctionTool
from tools.quotes import Quote
from tools.stock_samples import sample_quote
from tools.yahoo import yahoo_quote

Prices = Literal["live", "sample"]
Advice = Literal["buy", "hold", "sell"]

_SYMBOL: Final = re.compile(r"[A-Z0-9^][A-Z0-9.^=-]{0,14}")
_MARGIN: Final = 0.05
"""How far from its average a price has to be before the advice is not to hold."""

_POLICY: Final = ToolPolicy(idempotent=True, timeout=20.0)


def stock_tools(prices: Prices) -> list[FunctionTool]:
    """Return the stock functions over live prices or the sample table."""
    stocks = Stocks(yahoo_quote if prices == "live" else sample_quote)
    functions = (stocks.get_stock_price, stocks.buy_or_sell)
    return [FunctionTool(function, _POLICY) for function in functions]


@dataclass(frozen=True)
class Stocks:
    """The stock functions over one source of quotes."""

    quote: Callable[[str], Quote]

    def get_stock_price(self, symbol: str) -> dict[str, object]:
        """Get the latest price of a stock.

        Args:
            symbol: The stock's ticker symbol, such as AAPL for Apple.
        """
        quote = self.quote(_ticker(symbol))
        return {
            "symbol": quote.symbol,
            "price": quote.price,
            "currency": quote.currency,
            "source": quote.source,
        }

    def buy_or_sell(self, symbol: str, price: float) -> dict[str, object]:
        """Advise to buy, hold or sell a stock at a price, by a simple rule; no financial advice.

        Args:
            symbol: The stock's ticker symbol, such as AAPL for Apple.
            price: The price of one share, as get_stock_price gives it.
        """
        if not (math.isfinite(price) and price > 0):
            raise ToolFailed("price: must be a number above 0. Call get_stock_price for it.")
        quote = self.quote(_ticker(symbol))
        advice, reason = _judge(price, quote.average)
        return {
            "symbol": quote.symbol,
            "advice": advice,
            "reason": reason,
            "source": quote.source,
            "note": "The outcome of a simple rule, not financial advice.",
        }


def _judge(price: float, average: float) -> tuple[Advice, str]:
    """Compare a price with the average: buy well below it, sell well above, else hold."""
    off = price / average - 1
    side = "above" if off >= 0 else "below"
    reason = f"{price:.2f} is {abs(off):.1%} {side} the 50-day average of {average:.2f}."
    if abs(off) < _MARGIN:
        return "hold", reason
    return ("sell" if off > 0 else "buy"), reason


def _ticker(symbol: str) -> str:
    ticker = symbol.strip().lstrip("$").upper()
    if not _SYMBOL.fullmatch(ticker):
        raise ToolFailed(f"symbol: '{symbol[:40]}' is no ticker symbol; one looks like AAPL.")
    return ticker
