"""Quotes from Yahoo Finance; yfinance takes two seconds to import, so the first use does it."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from statistics import fmean
from typing import Any, Final

from tools.failures import ToolFailed
from tools.quotes import Quote

_DAYS: Final = 50
_PATIENCE: Final = 10.0


def yahoo_quote(symbol: str) -> Quote:
    """Return the latest quote of `symbol`; `ToolFailed` if there is none or no way to get it."""
    with _plain_failures(symbol):
        ticker = _yfinance().Ticker(symbol)
        closes = [float(price) for price in _closes(ticker)]
        if not closes:
            raise ToolFailed(_unknown(symbol))
        return Quote(
            symbol=symbol,
            price=round(closes[-1], 4),
            average=round(fmean(closes[-_DAYS:]), 4),
            currency=str(ticker.history_metadata.get("currency") or "unknown"),
            source="Yahoo Finance",
        )


def _closes(ticker: Any) -> Any:
    return ticker.history(period="3mo", timeout=_PATIENCE)["Close"].dropna()


@cache
def _yfinance() -> Any:
    """Import yfinance, have it raise what goes wrong, and keep its remarks out of stderr."""
    warnings.filterwarnings("ignore", module=r"yfinance(\.|$)")
    import yfinance  # type: ignore[import-untyped]

    yfinance.config.debug.hide_exceptions = False
    logger = logging.getLogger("yfinance")
    logger.addHandler(logging.NullHandler())
    logger.propagate = False
    return yfinance


@contextmanager
def _plain_failures(symbol: str) -> Iterator[None]:
    """Turn what yfinance raises into words for the model."""
    from yfinance import exceptions

    try:
        yield
    except exceptions.YFRateLimitError as error:
        raise ToolFailed("Yahoo Finance takes no more requests now; try again later.") from error
    except exceptions.YFTickerMissingError as error:
        raise ToolFailed(_unknown(symbol)) from error
    except OSError as error:
        message = "Yahoo Finance can't be reached; is there a network connection?"
        raise ToolFailed(message) from error
    except (exceptions.YFException, LookupError, TypeError) as error:
        message = f"Yahoo Finance's answer for '{symbol}' can't be read."
        raise ToolFailed(message) from error


def _unknown(symbol: str) -> str:
    return f"Yahoo Finance knows no stock '{symbol}'. Check the ticker symbol."
