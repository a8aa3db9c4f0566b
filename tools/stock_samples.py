"""Sample prices: made up for trying Parley out, the same every time, and never a market's."""

from dataclasses import dataclass
from typing import Final

from tools.failures import ToolFailed
from tools.quotes import Quote


@dataclass(frozen=True, slots=True)
class _Sample:
    symbol: str
    price: float
    average: float


_SAMPLES: Final = (
    #       symbol    price   average
    _Sample("AAPL", 227.50, 214.30),
    _Sample("ADBE", 512.40, 548.90),
    _Sample("AMD", 158.20, 147.60),
    _Sample("AMZN", 186.40, 188.10),
    _Sample("BA", 172.30, 184.50),
    _Sample("DIS", 96.80, 95.40),
    _Sample("GOOG", 176.30, 164.90),
    _Sample("GOOGL", 174.80, 163.50),
    _Sample("IBM", 214.60, 198.20),
    _Sample("INTC", 21.40, 24.90),
    _Sample("JPM", 212.10, 208.70),
    _Sample("KO", 70.20, 69.60),
    _Sample("META", 527.90, 511.20),
    _Sample("MSFT", 415.20, 436.80),
    _Sample("NFLX", 688.50, 641.70),
    _Sample("NVDA", 118.40, 126.30),
    _Sample("ORCL", 168.30, 151.90),
    _Sample("PEP", 174.90, 176.20),
    _Sample("TSLA", 219.80, 238.60),
    _Sample("UBER", 74.60, 71.80),
    _Sample("V", 279.40, 274.30),
    _Sample("WMT", 79.10, 74.20),
)  # fmt: skip
_BY_SYMBOL: Final = {sample.symbol: sample for sample in _SAMPLES}


def sample_quote(symbol: str) -> Quote:
    """Return the sample quote of `symbol`."""
    sample = _BY_SYMBOL.get(symbol)
    if sample is None:
        known = ", ".join(_BY_SYMBOL)
        raise ToolFailed(f"The sample data has no stock '{symbol}'. It has: {known}.")
    return Quote(
        symbol=symbol,
        price=sample.price,
        average=sample.average,
        currency="USD",
        source="sample data",
    )
