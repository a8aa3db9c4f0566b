"""What the history lists: the right threads, runs and steps, in the right order, page by page."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from conversation.errors import BadInput, NotFound, Superseded
from conversation.history import EVERYTHING, Filter, RunLine, Sort, StepLine, ThreadLine, Window
from conversation.records import Usage
from conversation.script import State
from storage import history
from storage.store import SqlStore
from tests.contract.logs import Log, Said, begin, exchange, kept_log
from tests.contract.stores import DATABASES, WAIT, Clock, move, to_running

ALL = Window(size=100)
OLDEST_FIRST = Sort(descending=False)
FILTERS: tuple[tuple[dict[str, Any], str], ...] = (
    ({}, "plain tools again failed cancelled expired in-house open"),
    ({"states": frozenset({State.READY, State.ERROR})}, "failed open"),
    ({"providers": frozenset({"demo", "gemini"})}, "plain again"),
    ({"models": frozenset({"gpt-4o"})}, "tools failed cancelled expired open"),
    ({"assistants": frozenset({"asst_a"})}, "tools cancelled"),
    ({"tools": frozenset({"buy"})}, "tools"),
    ({"tools": frozenset({"buy", "price"})}, "tools in-house"),
    ({"failed": True}, "failed expired"),
    ({"failed": False}, "plain tools again cancelled in-house open"),
    ({"longer_than": 4.0}, "tools again expired"),
    ({"longer_than": float("inf")}, ""),
    ({"more_tokens_than": 120}, "again"),
    ({"more_tokens_than": 10**30}, ""),
    ({"more_tokens_than": -(10**30)}, "plain tools again failed cancelled expired in-house open"),
    ({"text": "net asset"}, "again"),
    ({"text": "hello", "failed": True}, "failed expired"),
    ({"models": frozenset({"gpt-4o"}), "failed": False, "longer_than": 3.5}, "tools"),
    ({"states": frozenset({State.COMPLETED}), "tools": frozenset({"price"}),
      "assistants": frozenset({"asst_a"}), "text": "acme"}, "tools"),
    ({"models": frozenset({"'; DROP TABLE runs; --", "\0"})}, ""),
    ({"run_ids": frozenset({"run_nobody"})}, ""),
    ({"thread_id": "thread_nobody"}, ""),
    ({"text": "no such words"}, ""),
)  # fmt: skip


@pytest.fixture(params=DATABASES, scope="module")
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """The log on each kind of database."""
    with kept_log(request.param, tmp_path_factory.mktemp("log")) as kept:
        yield kept


@pytest.mark.parametrize(("limits", "names"), FILTERS)
def test_runs_are_those_that_fit(log: Log, limits: dict[str, Any], names: str) -> None:
    wanted = Filter(**limits)

    found = log.history.runs(wanted, OLDEST_FIRST, ALL)

    assert log.names(line.run_id for line in found.rows) == names.split()
    assert found.total == len(names.split())
    assert list(log.history.each_run(wanted)) == list(found.rows)


@pytest.mark.parametrize(("limits", "names"), FILTERS)
def test_threads_are_those_of_runs_that_fit(log: Log, limits: dict[str, Any], names: str) -> None:
    wanted = Filter(**limits)

    found = log.history.threads(wanted, OLDEST_FIRST, ALL)

    threads = dict.fromkeys(log.runs[name].thread_id for name in names.split())
    assert {line.thread_id for line in found.rows} == set(threads)
    assert found.total == len(threads)
    assert list(log.history.each_thread(wanted)) == list(found.rows)


def test_time_is_from_inclusive_to_exclusive(log: Log) -> None:
    began = log.runs["tools"].created_at
    moment = timedelta(microseconds=1)

    def found(**limits: Any) -> list[str]:
        rows = log.history.runs(Filter(**limits), OLDEST_FIRST, ALL).rows
        return log.names(line.run_id for line in rows)

    assert found(until=began) == ["plain"]
    assert found(since=began, until=began + moment) == ["tools"]
    assert "tools" not in found(since=began + moment)


def test_runs_of_a_thread_and_by_id(log: Log) -> None:
    tools, again = log.runs["tools"], log.runs["again"]

    of_thread = log.history.runs(Filter(thread_id=tools.thread_id), OLDEST_FIRST, ALL)
    by_id = log.history.runs(Filter(run_ids=frozenset({again.id})), OLDEST_FIRST, ALL)

    assert log.names(line.run_id for line in of_thread.rows) == ["tools", "again"]
    assert log.names(line.run_id for line in by_id.rows) == ["again"]


def test_run_lines_say_what_the_run_adds_up_to(log: Log) -> None:
    lines = dict(zip(log.runs, log.history.each_run(EVERYTHING), strict=True))

    tools, again = lines["tools"], lines["again"]
    assert (tools.first_token, tools.duration, tools.tool_calls, tools.tokens) == (2, 5, 2, 120)
    assert (tools.events, tools.state, tools.waiting) == (16, State.COMPLETED, None)
    assert (tools.provider, tools.model, tools.assistant_id) == ("openai", "gpt-4o", "asst_a")
    assert (again.input_tokens, again.output_tokens) == (5000, 100)
    assert (again.cached_tokens, again.reasoning_tokens) == (1000, 40)
    assert tools.cost == pytest.approx(100 * 2.5e-6 + 20 * 10e-6)
    assert (lines["plain"].cost, lines["in-house"].cost) == (0.0, None)
    assert lines["failed"].error_code == "rate_limited"
    unfinished = lines["open"]
    assert (unfinished.first_token, unfinished.duration, unfinished.cost) == (None, None, None)


def test_thread_lines_add_up_their_runs(log: Log) -> None:
    runs = {line.run_id: line for line in log.history.each_run(EVERYTHING)}

    for thread in log.history.each_thread(EVERYTHING):
        own = [run for run in runs.values() if run.thread_id == thread.thread_id]
        costs = [run.cost for run in own if run.cost is not None]
        assert (thread.runs, thread.events) == (len(own), sum(run.events for run in own))
        assert thread.tokens == sum(run.tokens for run in own)
        assert thread.cost == (pytest.approx(sum(costs)) if costs else None)
        assert (thread.model, thread.assistant_id) == (own[-1].model, own[-1].assistant_id)
        lasted = timedelta(seconds=own[-1].duration or 0)
        assert thread.last_activity == own[-1].created_at + lasted
    assert [t.title for t in log.history.each_thread(EVERYTHING)].count("Shares") == 1


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", list(RunLine.__dataclass_fields__))
def test_runs_sort_by_every_column(log: Log, column: str, descending: bool) -> None:
    found = log.history.runs(EVERYTHING, Sort(column=column, descending=descending), ALL)

    oldest_first = list(log.history.each_run(EVERYTHING))
    assert list(found.rows) == in_order(oldest_first, column, descending)


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("column", list(ThreadLine.__dataclass_fields__))
def test_threads_sort_by_every_column(log: Log, column: str, descending: bool) -> None:
    found = log.history.threads(EVERYTHING, Sort(column=column, descending=descending), ALL)

    oldest_first = list(log.history.each_thread(EVERYTHING))
    assert list(found.rows) == in_order(oldest_first, column, descending)


@pytest.mark.parametrize("column", list(StepLine.__dataclass_fields__))
def test_steps_sort_by_every_column(log: Log, column: str) -> None:
    run_id = log.runs["tools"].id

    found = log.history.steps(run_id, ALL, sort=Sort(column=column))

    rows = list(log.history.steps(run_id, ALL).rows)
    values = [getattr(row, column) for row in in_order(rows, column, descending=True)]
    assert [getattr(row, column) for row in found.rows] == values


def in_order(rows: list[Any], column: str, descending: bool) -> list[Any]:
    """Rows by a column, then by their place; what is empty comes before all else."""

    def key(place: int) -> Any:
        value = getattr(rows[place], column)
        return (value is not None, value if value is not None else 0, place)

    return [rows[place] for place in sorted(range(len(rows)), key=key, reverse=descending)]


@pytest.mark.parametrize("column", ["", "nonsense", "spec", "id; DROP TABLE runs"])
def test_unknown_columns_are_refused(log: Log, column: str) -> None:
    sort = Sort(column=column)

    for ask in (
        lambda: log.history.runs(EVERYTHING, sort, ALL),
        lambda: log.history.threads(EVERYTHING, sort, ALL),
        lambda: log.history.steps(log.runs["plain"].id, ALL, sort=sort),
    ):
        with pytest.raises(BadInput) as refused:
            ask()
        assert refused.value.field == "sort"
        assert column in refused.value.message


@pytest.mark.parametrize("column", ["created_at", "model", "cost"])
@pytest.mark.parametrize("size", [1, 3, 8])
@pytest.mark.parametrize("text", ["", "hello"])
def test_pages_have_no_gaps_and_no_doubles(log: Log, column: str, size: int, text: str) -> None:
    wanted, sort = Filter(text=text), Sort(column=column)
    whole = log.history.runs(wanted, sort, ALL)
    pages = range(1, -(-whole.total // size) + 1)

    found = [log.history.runs(wanted, sort, Window(page=page, size=size)) for page in pages]

    assert [row for page in found for row in page.rows] == list(whole.rows)
    assert {page.total for page in found} == {whole.total}


@pytest.mark.parametrize("limits", [{}, {"text": "hello"}, {"tools": frozenset({"price"})}])
@pytest.mark.parametrize(("marks", "rows"), [(1, 1), (3, 2), (4, 4), (100, 3)])
def test_all_rows_come_in_portions(
    log: Log, monkeypatch: pytest.MonkeyPatch, limits: dict[str, Any], marks: int, rows: int
) -> None:
    wanted = Filter(**limits)
    runs, threads, events = (
        list(each(wanted))
        for each in (log.history.each_run, log.history.each_thread, log.history.each_event)
    )

    monkeypatch.setattr(history, "MARKS_AT_ONCE", marks)
    monkeypatch.setattr(history, "RUNS_AT_ONCE", rows)
    monkeypatch.setattr(history, "ROWS_AT_ONCE", rows)

    assert list(log.history.each_run(wanted)) == runs
    assert list(log.history.each_thread(wanted)) == threads
    assert list(log.history.each_event(wanted)) == events


def test_rows_that_go_meanwhile_are_left_out(
    sql: SqlStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "ROWS_AT_ONCE", 1)
    first, second, third = (exchange(sql, clock) for _ in range(3))
    lines = sql.history().each_run(EVERYTHING)

    assert next(lines).run_id == first.id
    sql.history().delete_threads([second.thread_id])

    assert [line.run_id for line in lines] == [third.id]


@pytest.mark.parametrize("page", [2, 10**30])
def test_page_past_the_end_is_empty(log: Log, page: int) -> None:
    window = Window(page=page, size=100)
    hello = Filter(text="hello")

    assert log.history.runs(EVERYTHING, Sort(), window) == replace(
        log.history.runs(EVERYTHING, Sort(), ALL), rows=()
    )
    assert log.history.threads(EVERYTHING, Sort(), window).rows == ()
    assert log.history.steps(log.runs["plain"].id, window).rows == ()
    assert log.history.hits(hello, window).rows == ()
    found = log.history.runs(hello, Sort(), ALL)
    assert log.store.history().runs(hello, Sort(), window) == replace(found, rows=())


@pytest.mark.parametrize(
    ("window", "field"),
    [(Window(page=0), "page"), (Window(size=0), "size"), (Window(size=10**9), "size")],
)
def test_impossible_pages_are_refused(log: Log, window: Window, field: str) -> None:
    with pytest.raises(BadInput) as refused:
        log.history.runs(EVERYTHING, Sort(), window)

    assert refused.value.field == field


def test_steps_say_where_the_run_stood(log: Log) -> None:
    found = log.history.steps(log.runs["tools"].id, ALL)

    assert [row.seq for row in found.rows] == list(range(1, 17))
    assert found.total == 16
    moves = [row for row in found.rows if row.type == "state_change"]
    assert all(row.state == row.output for row in moves)
    assert [str(row.state) for row in found.rows[:4]] == ["new", "ready", "started", "running"]
    assert found.rows[-1].state is State.COMPLETED


def test_steps_show_calls_alone(log: Log) -> None:
    found = log.history.steps(log.runs["tools"].id, ALL, calls_only=True)

    assert [(row.tool, row.output, row.duration) for row in found.rows] == [
        ("price", "42", 0.25),
        ("buy", "no credit", 0.5),
    ]
    assert found.total == 2
    assert {row.input for row in found.rows} == {'{"symbol": "ACME"}'}


def test_steps_of_an_unknown_run_are_none(log: Log) -> None:
    found = log.history.steps("run_nobody'; --", ALL)

    assert (found.rows, found.total) == ((), 0)


def test_events_come_run_by_run(log: Log) -> None:
    wanted = Filter(thread_id=log.runs["tools"].thread_id)

    found = list(log.history.each_event(wanted))

    tools, again = log.runs["tools"].id, log.runs["again"].id
    assert found == log.store.events(tools) + log.store.events(again)


def test_choices_name_what_occurs(log: Log) -> None:
    found = log.history.choices()

    assert found.providers == ("demo", "gemini", "openai")
    assert found.models == ("demo", "gemini-2.5-flash", "gpt-4o", "in-house-7b")
    assert found.assistants == ("asst_a", "asst_b")
    assert found.tools == ("buy", "price")
    runs = log.history.each_run(EVERYTHING)
    assert found.used == tuple(sorted({(run.provider, run.model) for run in runs}))


def test_every_use_is_priced_and_added_up(
    sql: SqlStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = begin(sql, clock, Said())
    to_running(sql, run)
    use = move(run, State.RUNNING, State.RUNNING, usage=Usage(input=100, output=20))
    sql.write(use).result(WAIT)
    sql.write(use).result(WAIT)
    monkeypatch.delattr("genai_prices.calc_price")  # as if the list were another one
    sql.write(use).result(WAIT)
    with pytest.raises(Superseded):
        sql.write(replace(use, expect=State.READY)).result(WAIT)
    with pytest.raises(NotFound):
        sql.write(replace(use, run_id="run_nobody")).result(WAIT)

    (line,) = sql.history().each_run(EVERYTHING)
    (thread,) = sql.history().each_thread(EVERYTHING)
    assert (line.tokens, thread.tokens) == (360, 360)
    assert line.cost == pytest.approx(2 * (100 * 2.5e-6 + 20 * 10e-6))
    assert thread.cost == pytest.approx(line.cost)
