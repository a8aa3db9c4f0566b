"""What a use of a model costs, by the price list that comes with `genai-prices`; no network.

The list is dated: an exchange is priced as of its time. It takes most of a second to load, so it
is loaded when a price is first asked for, or by `load` where nobody waits. When it can't be loaded
or can't be asked, prices are not known: no exchange fails for want of one.
"""

import logging
from datetime import datetime
from typing import Any, Final

from conversation.records import Usage

_SELLERS: Final = {"openai": "openai", "azure": "azure", "gemini": "google"}
"""Who sells a provider's models; those of other providers have no price that we could know."""

_FREE: Final = frozenset({"demo"})

logger: Final = logging.getLogger(__name__)


def cost(provider: str, model: str, usage: Usage, at: datetime) -> float | None:
    """Return US dollars for tokens used at a time; None when the price is not known."""
    if is_free(provider):
        return 0.0
    seller = _SELLERS.get(provider)
    return None if seller is None else _listed_price(seller, model, usage, at)


def is_free(provider: str) -> bool:
    """Tell whether nobody pays for a provider's models, however much they write."""
    return provider in _FREE


def is_listed(provider: str) -> bool:
    """Tell whether the list has prices of a provider's models."""
    return provider in _SELLERS


def load() -> None:
    """Load the price list."""
    cost("openai", "gpt-4o", Usage(), datetime.now().astimezone())


def _listed_price(seller: str, model: str, usage: Usage, at: datetime) -> float | None:
    try:
        return _asked(seller, model, usage, at)
    except (LookupError, ValueError):  # a model it does not list, a usage that can't be
        return None
    except Exception:
        logger.exception("The price list can't be asked.")
        return None


def _asked(seller: str, model: str, usage: Usage, at: datetime) -> float:
    import genai_prices

    priced = genai_prices.calc_price(
        genai_prices.Usage(**_as_listed(usage)),
        model,
        provider_id=seller,
        genai_request_timestamp=at,
    )
    return float(priced.total_price)


def _as_listed(usage: Usage) -> dict[str, Any]:
    return {
        "input_tokens": usage.input,
        "cache_read_tokens": usage.cached,
        "output_tokens": usage.output,
    }
