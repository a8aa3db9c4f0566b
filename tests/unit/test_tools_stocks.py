import json
import logging
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

from conversation.turns import ToolCall
from tools import yahoo
from tools.failures import ToolFailed
from tools.quotes import Quote
from tools.registry import Tools
from tools.stocks import Stocks, stock_tools


@pytest.fixture
def tools() -> Tools:
    return Tools(*stock_tools("sample"))


async def ask(tools: Tools, name: str, **arguments: object) -> dict[str, Any]:
    call = ToolCall(call_id="call_1", name=name, arguments=json.dumps(arguments))
    result = await tools.run(call)
    return {"failed": result.output} if result.failed else json.loads(result.output)


async def test_sample_price_says_what_it_is(tools: Tools) -> None:
    assert await ask(tools, "get_stock_price", symbol=" $aapl ") == {
        "symbol": "AAPL", "price": 227.5, "currency": "USD", "source": "sample data",
    }  # fmt: skip


async def test_unknown_symbol_lists_the_sample_data(tools: Tools) -> None:
    answer = await ask(tools, "get_stock_price", symbol="NOPE")

    assert "no stock 'NOPE'. It has: AAPL, " in answer["failed"]


@pytest.mark.parametrize("symbol", ["", "../../etc", "two words", "A" * 40])
async def test_what_is_no_symbol_is_refused(tools: Tools, symbol: str) -> None:
    assert "is no ticker symbol" in (await ask(tools, "get_stock_price", symbol=symbol))["failed"]


@pytest.mark.parametrize(("price", "advice"), [(90, "buy"), (100, "hold"), (110, "sell")])
def test_advice_follows_the_average(price: float, advice: str) -> None:
    stocks = Stocks(lambda s: Quote(symbol=s, price=1, average=100, currency="USD", source="test"))

    answer = stocks.buy_or_sell("AAPL", price)

    assert answer["advice"] == advice
    assert "50-day average of 100.00" in str(answer["reason"])
    assert "not financial advice" in str(answer["note"])


@pytest.mark.parametrize("price", [0, -1, float("nan"), float("inf")])
def test_advice_needs_a_real_price(price: float) -> None:
    with pytest.raises(ToolFailed, match="must be a number above 0"):
        Stocks(yahoo.yahoo_quote).buy_or_sell("AAPL", price)


def test_stock_functions_may_run_twice(tools: Tools) -> None:
    for spec in tools.specs():
        policy = tools.policy(spec.name)
        assert policy is not None
        assert policy.idempotent


def test_registering_does_not_import_yfinance() -> None:
    code = (
        "import sys, tools.stocks as s; s.stock_tools('live'); sys.exit('yfinance' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603


class FakeYahoo:
    """Stands in for the yfinance module and its Ticker; raises or knows no prices."""

    def __init__(self, error: Exception | None = None, closes: tuple[float, ...] = ()) -> None:
        self.error, self.closes = error, closes
        self.history_metadata = {"currency": "EUR"}

    def Ticker(self, symbol: str) -> "FakeYahoo":  # noqa: N802
        assert symbol == "SAP.DE"
        return self

    def history(self, **options: object) -> dict[str, Any]:
        assert options["period"] == "3mo"
        if self.error:
            raise self.error
        return {"Close": self}

    def dropna(self) -> tuple[float, ...]:
        return self.closes


Use = Callable[[FakeYahoo], None]


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Use:
    return lambda fake: monkeypatch.setattr(yahoo, "_yfinance", lambda: fake)


def test_live_quote_averages_the_last_closes(use: Use) -> None:
    use(FakeYahoo(closes=(1000.0, *[10.0] * 49, 20.0)))

    assert yahoo.yahoo_quote("SAP.DE") == Quote(
        symbol="SAP.DE", price=20.0, average=10.2, currency="EUR", source="Yahoo Finance"
    )


def test_yahoo_failures_are_told_plainly(use: Use) -> None:
    from yfinance import exceptions  # type: ignore[import-untyped]

    cases = {
        "takes no more requests": exceptions.YFRateLimitError(),
        "knows no stock 'SAP.DE'": exceptions.YFPricesMissingError("SAP.DE", ""),
        "can't be reached": ConnectionError("DNS"),
        "can't be read": KeyError("chart"),
    }
    for said, error in cases.items():
        use(FakeYahoo(error))
        with pytest.raises(ToolFailed, match=said):
            yahoo.yahoo_quote("SAP.DE")


def test_yfinance_keeps_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    yfinance = yahoo._yfinance()
    logging.getLogger("yfinance").error("possibly delisted")

    assert yfinance.config.debug.hide_exceptions is False
    assert capfd.readouterr() == ("", "")


def test_stock_without_prices_is_unknown(use: Use) -> None:
    use(FakeYahoo())

    with pytest.raises(ToolFailed, match="knows no stock"):
        yahoo.yahoo_quote("SAP.DE")
