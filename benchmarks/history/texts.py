"""Texts whose words are as common or rare as in real ones."""

import json
import random
from typing import Any, Final


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a list."""
    return tuple(text.split())


COMMON: Final = "the"
RARE: Final = "zyzzyva"
PHRASE: Final = "net asset value"

_SYLLABLES: Final = tuple(first + last for first in "bdfklmnrstv" for last in "aeiou")
_FREQUENT: Final = words_of("the a of to and in is it you that for on with as are this be at or by")
_TOPICS: Final = words_of(
    "stock price share market order buy sell report trend volume index dividend quarter earnings"
    " forecast portfolio risk yield bond fund rate currency growth margin revenue analyst"
)
SYMBOLS: Final = ("AAPL", "MSFT", "NVDA", "AMZN", "GOOG", "META", "TSLA", "ORCL", "SAP", "IBM")


class Texts:
    """Makes texts from a source of chance."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        seldom = ["".join(chance.choices(_SYLLABLES, k=chance.randint(2, 5))) for _ in range(5000)]
        self._words = (*_FREQUENT, *_TOPICS, *seldom)
        self._weights = [1 / rank for rank in range(1, len(self._words) + 1)]

    def words(self, fewest: int, most: int) -> str:
        """Return a sentence or a few; now and then with what searches look for."""
        count = self._chance.randint(fewest, most)
        chosen = self._chance.choices(self._words, self._weights, k=count)
        luck = self._chance.random()
        if luck < 0.01:
            chosen.append(PHRASE)
        if luck < 0.0002:
            chosen.append(RARE)
        return " ".join(chosen).capitalize() + "."

    def arguments(self) -> str:
        """Return what a function is called with."""
        return json.dumps({"symbol": self._chance.choice(SYMBOLS)})

    def output(self) -> str:
        """Return what a function gives back."""
        found: dict[str, Any] = {
            "symbol": self._chance.choice(SYMBOLS),
            "price": round(self._chance.uniform(5, 900), 2),
            "note": self.words(3, 25),
        }
        return json.dumps(found)
