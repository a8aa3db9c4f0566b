"""What many runs add up to: counts, percentiles, spending, tools and errors."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest

from conversation.history import EVERYTHING, Filter, Overview, Percentiles
from conversation.script import State
from storage.history_overview import BUCKETS, MOST_BUCKETS, bucket_size
from storage.remembered import Remembered
from storage.store import SqlStore
from tests.contract.logs import Log, exchange, kept_log
from tests.contract.stores import DATABASES, Clock

EMPTY = Percentiles(p50=None, p95=None, p99=None)


@pytest.fixture(params=DATABASES, scope="module")
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """The log on each kind of database."""
    with kept_log(request.param, tmp_path_factory.mktemp("log")) as kept:
        yield kept


def test_runs_are_counted_by_time_and_state(log: Log) -> None:
    found = log.history.overview(EVERYTHING)

    states = Counter(line.state for line in log.history.each_run(EVERYTHING))
    counted: Counter[State] = Counter()
    for bucket in found.over_time:
        counted[bucket.state] += bucket.runs
        assert bucket.start.timestamp() % found.bucket_seconds == 0
    assert counted == states
    assert found.runs == len(log.runs)
    assert found.over_time[0].start == datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_speed_is_by_model(log: Log) -> None:
    speed = {one.model: one for one in log.history.overview(EVERYTHING).speed}

    assert {model: one.runs for model, one in speed.items()} == {
        "gpt-4o": 5, "demo": 1, "gemini-2.5-flash": 1, "in-house-7b": 1,
    }  # fmt: skip
    assert speed["gpt-4o"].duration == Percentiles(p50=4, p95=600, p99=600)
    assert speed["gpt-4o"].first_token == Percentiles(p50=2, p95=2, p99=2)
    assert speed["gemini-2.5-flash"].duration == Percentiles(p50=10, p95=10, p99=10)


def test_percentiles_are_by_nearest_rank(sql: SqlStore, clock: Clock) -> None:
    lengths = [float(length) for length in range(3, 24)]
    for length in lengths[::-1]:
        exchange(sql, clock, seconds=length)

    (speed,) = sql.history().overview(EVERYTHING).speed

    assert speed.runs == 21
    assert speed.duration == Percentiles(p50=lengths[10], p95=lengths[19], p99=lengths[20])


def test_spending_is_by_day_and_model(log: Log) -> None:
    spending = {one.model: one for one in log.history.overview(EVERYTHING).spending}

    assert {one.day for one in spending.values()} == {date(2026, 3, 1)}
    assert (spending["gpt-4o"].runs, spending["gpt-4o"].input_tokens) == (5, 400)
    assert spending["gpt-4o"].output_tokens == 80
    assert spending["gpt-4o"].cost == pytest.approx(4 * (100 * 2.5e-6 + 20 * 10e-6))
    assert (spending["demo"].cost, spending["in-house-7b"].cost) == (0.0, None)


def test_tools_and_errors_are_counted(log: Log) -> None:
    found = log.history.overview(EVERYTHING)

    assert [(one.name, one.calls, one.failed) for one in found.tools] == [
        ("price", 2, 0), ("buy", 1, 1),
    ]  # fmt: skip
    assert found.tools[0].duration == Percentiles(p50=0.25, p95=2.0, p99=2.0)
    assert [(one.code, one.runs, one.message) for one in found.errors] == [
        ("expired", 1, ""), ("rate_limited", 1, "It said rate_limited."),
    ]  # fmt: skip
    assert found.errors[1].last == log.runs["failed"].created_at


def test_overview_is_of_what_fits(log: Log) -> None:
    found = log.history.overview(Filter(text="acme", models=frozenset({"in-house-7b"})))

    assert (found.runs, [one.model for one in found.speed]) == (1, ["in-house-7b"])
    assert [(one.name, one.calls) for one in found.tools] == [("price", 1)]
    assert found.errors == ()


def test_overview_of_nothing_is_empty(log: Log) -> None:
    nothing = log.history.overview(Filter(thread_id="thread_nobody"))

    assert nothing == Overview(
        runs=0, bucket_seconds=60, over_time=(), speed=(), spending=(), tools=(), errors=()
    )


def test_unfinished_runs_have_no_percentiles(log: Log) -> None:
    (speed,) = log.history.overview(Filter(states=frozenset({State.READY}))).speed

    assert (speed.duration, speed.first_token) == (EMPTY, EMPTY)


@pytest.mark.parametrize("days", [0, 0.01, 1, 7, 90, 3650, 36500])
def test_there_are_never_too_many_buckets(days: float) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)

    size = bucket_size(start, start + timedelta(days=days))

    assert size in BUCKETS
    assert days * 86_400 / size <= MOST_BUCKETS or size == BUCKETS[-1]


def test_overview_is_remembered_for_a_moment(sql: SqlStore, clock: Clock) -> None:
    history = sql.history()
    before = history.overview(EVERYTHING)
    exchange(sql, clock)

    assert history.overview(EVERYTHING) is before
    assert sql.history().overview(EVERYTHING).runs == 1


def test_remembered_answers_are_bounded_and_age() -> None:
    now = [0.0]
    answers = count()
    kept: Remembered[str, int] = Remembered(2, 5.0, clock=lambda: now[0])

    def ask(key: str) -> int:
        return kept.get(key, lambda: next(answers))

    assert [ask(key) for key in "abbca"] == [0, 1, 1, 2, 3]
    now[0] = 5.0
    assert [ask(key) for key in "aa"] == [4, 4]
    kept.forget()
    assert ask("a") == 5


def test_quick_answers_are_not_worth_remembering() -> None:
    answers = count()
    kept: Remembered[str, int] = Remembered(2, 5.0, worth=1.0, clock=lambda: 0.0)

    assert [kept.get("a", lambda: next(answers)) for _ in range(2)] == [0, 1]


def test_what_was_asked_before_a_deletion_is_not_remembered() -> None:
    remembered: Remembered[str, str] = Remembered(4, 60)

    def find_while_it_is_deleted() -> str:
        remembered.forget()
        return "old"

    assert remembered.get("all", find_while_it_is_deleted) == "old"
    assert remembered.get("all", lambda: "new") == "new"
    assert remembered.get("all", lambda: "newer") == "new"
