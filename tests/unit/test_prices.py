"""What a use of a model costs."""

import subprocess
import sys
from datetime import UTC, datetime

import pytest

from conversation import prices
from conversation.prices import cost
from conversation.records import Usage

AT = datetime(2026, 3, 1, tzinfo=UTC)


def test_listed_models_cost_what_the_list_says() -> None:
    million = Usage(input=1_000_000, output=1_000_000)

    assert cost("openai", "gpt-4o", million, AT) == pytest.approx(12.5)
    assert cost("gemini", "gemini-2.5-flash", million, AT) == pytest.approx(2.8)


def test_cached_tokens_are_cheaper() -> None:
    plain = cost("openai", "gpt-4o", Usage(input=1000), AT)
    cached = cost("openai", "gpt-4o", Usage(input=1000, cached=1000), AT)

    assert plain is not None
    assert cached is not None
    assert 0 < cached < plain


def test_demo_costs_nothing() -> None:
    assert cost("demo", "demo", Usage(input=10**9), AT) == 0.0


@pytest.mark.parametrize(
    ("provider", "model", "usage"),
    [
        ("openai", "in-house-7b", Usage(input=10)),
        ("compatible", "gpt-4o", Usage(input=10)),
        ("openai", "gpt-4o", Usage(input=10, cached=20)),
    ],
)
def test_unknown_prices_are_none(provider: str, model: str, usage: Usage) -> None:
    assert cost(provider, model, usage, AT) is None


def test_the_list_is_loaded_when_it_is_needed() -> None:
    program = (
        "import sys, conversation.prices as prices; assert 'genai_prices' not in sys.modules;"
        "prices.load(); assert 'genai_prices' in sys.modules"
    )

    subprocess.run([sys.executable, "-c", program], check=True)  # noqa: S603
    prices.load()


@pytest.mark.parametrize("error", [ImportError("gone"), AttributeError("changed"), RuntimeError()])
def test_a_list_that_fails_costs_only_the_price(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    def fail(*_given: object, **_named: object) -> None:
        raise error

    monkeypatch.setattr("genai_prices.calc_price", fail)

    assert cost("openai", "gpt-4o", Usage(input=10), AT) is None
    assert "price list" in caplog.text
