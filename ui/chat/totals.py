"""What a conversation adds up to: its exchanges, its tokens, and what it cost."""

from dataclasses import dataclass

from conversation.history import Filter, Sort, Window
from conversation.ports import Core
from ui.history.cells import count, money
from ui.language import texts


@dataclass(frozen=True, slots=True)
class Totals:
    """The sums of a conversation; `cost` is that of the exchanges whose price is known."""

    exchanges: int = 0
    tokens: int = 0
    cost: float | None = None
    partly: bool = False


def totals(core: Core, thread_id: str) -> Totals:
    """Return what a conversation adds up to."""
    own = Filter(thread_id=thread_id)
    found = core.history.threads(own, Sort(), Window(size=1)).rows
    if not found:
        return Totals()
    [line] = found
    return Totals(line.runs, line.tokens, line.cost, partly=_has_unpriced(core, thread_id))


def said(sums: Totals) -> str:
    """Return the sums in a few words."""
    parts = [exchanges(sums.exchanges)]
    if sums.tokens:
        parts += [texts.TOKENS.format(count=count(sums.tokens)), _cost(sums)]
    return " · ".join(parts)


def exchanges(number: int) -> str:
    """Return how many exchanges there are."""
    return texts.EXCHANGE if number == 1 else texts.EXCHANGES.format(count=count(number))


def _cost(sums: Totals) -> str:
    if sums.cost is None:
        return texts.COST_UNKNOWN
    cost = money(sums.cost)
    return texts.COST_ABOUT.format(cost=cost) if sums.partly else cost


def _has_unpriced(core: Core, thread_id: str) -> bool:
    """Tell whether the price of an exchange is not known: empty places come before all values."""
    used = Filter(thread_id=thread_id, more_tokens_than=0)
    rows = core.history.runs(used, Sort(column="cost", descending=False), Window(size=1)).rows
    return bool(rows) and rows[0].cost is None
