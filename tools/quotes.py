"""What the stock functions need to know of a stock."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """A stock's latest price, and `average`, its mean over the last 50 trading days."""

    symbol: str
    price: float
    average: float
    currency: str
    source: str
