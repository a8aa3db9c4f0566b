"""What the history page makes of values before it shows them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from conversation.difference import Difference
from conversation.history import Bucket, Percentiles, Spending
from conversation.script import State
from ui.data import laid_out
from ui.history import cells, charts
from ui.history.comparing import marked
from ui.history.filters import Span, span
from ui.history.matches import context

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 3, 4, 23, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(None, "—"), (0.0, "0 ms"), (0.34, "340 ms"), (2.345, "2.35 s"), (23.0, "23.0 s"),
     (192.0, "3 min 12 s"), (7300.0, "2 h 1 min")],
)  # fmt: skip
def test_durations_have_a_fitting_unit(value: float | None, shown: str) -> None:
    assert cells.seconds(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(None, "—"), (0.0, "$0.00"), (0.00123, "$0.0012"), (1234.5, "$1,234.50")]
)
def test_costs_keep_the_digits_that_matter(value: float | None, shown: str) -> None:
    assert cells.money(value) == shown


def test_cell_is_one_short_line() -> None:
    shown = cells.line("a\x00b\n" + "long " * 300_000)

    assert shown.startswith("a b long")
    assert len(shown) == cells.LONGEST
    assert shown.endswith("…")


def test_times_are_shown_where_the_browser_is() -> None:
    assert cells.moment(NOW, BERLIN) == "2026-03-05 00:30:15"
    assert cells.instant(NOW, UTC) == "23:30:15.000"
    assert cells.count(10**30) == "1,000,000,000,000,000,000,000,000,000,000"


def test_day_is_that_of_the_browser() -> None:
    today = datetime(2026, 3, 5, tzinfo=BERLIN)

    assert span("today", NOW, BERLIN) == Span(since=today)
    assert span("yesterday", NOW, BERLIN) == Span(since=today - timedelta(days=1), until=today)
    assert span("any", NOW, BERLIN) == Span()


def test_quick_choice_stays_the_same_for_a_minute() -> None:
    later = NOW + timedelta(seconds=40)

    assert span("hour", NOW, BERLIN) == span("hour", later, BERLIN)
    assert span("hour", NOW, BERLIN).since == datetime(2026, 3, 4, 22, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "shown"),
    [('{"a":1}', ('{\n  "a": 1\n}', "json")), ("12", ("12", None)), ("{oops", ("{oops", None)),
     ("", ("", None)), ("[" * 100_000, ("[" * 100_000, None))],
)  # fmt: skip
def test_only_json_is_laid_out(text: str, shown: tuple[str, str | None]) -> None:
    assert laid_out(text) == shown


def test_match_is_marked_and_nothing_obeyed() -> None:
    shown = context((("<b>the ", False), (":red[x]", True), (" end", False)))

    assert shown == r"\<b\>the :orange-background[&#58;red\[x\]] end"


def test_difference_is_marked_on_its_side() -> None:
    answers: Difference = (
        ("equal", "It is "),
        ("delete", "five"),
        ("insert", "six"),
        ("equal", "\nok"),
    )

    assert marked(answers, "delete") == "It is :red-background[five]  \nok"
    assert marked(answers, "insert") == "It is :green-background[six]  \nok"


def test_runs_over_time_are_stacked_by_outcome() -> None:
    buckets = [
        Bucket(start=NOW, state=State.COMPLETED, runs=3),
        Bucket(start=NOW, state=State.RUNNING, runs=1),
        Bucket(start=NOW, state=State.READY, runs=1),
        Bucket(start=NOW - timedelta(hours=1), state=State.ERROR, runs=2),
    ]

    spec = charts.runs_over_time(buckets, 3600, BERLIN)

    assert spec["xAxis"]["data"] == ["03-04 23:30", "03-05 00:30"]
    assert {series["name"]: series["data"] for series in spec["series"]} == {
        "completed": [0, 3],
        "error": [2, 0],
        "under way": [0, 2],
    }


def test_small_models_are_joined() -> None:
    spending = [
        Spending(
            day=date(2026, 3, 4), model=f"m{number}", runs=1, input_tokens=100 - number,
            output_tokens=0, cost=None,
        )
        for number in range(9)
    ]  # fmt: skip

    spec = charts.by_day(spending, lambda one: one.input_tokens, charts.COUNTED)

    assert [series["name"] for series in spec["series"]][-2:] == ["m6", "others"]
    assert spec["series"][-1]["data"] == [93 + 92]


def test_model_without_times_has_no_bars() -> None:
    none = Percentiles(p50=None, p95=None, p99=None)

    assert charts.durations([], lambda _: none)["yAxis"]["data"] == []
