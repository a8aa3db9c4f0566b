"""What people have marked, as the history lists it: pinned threads and rated answers."""

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, select, text

from conversation.history import EVERYTHING, Filter, Sort, Window
from conversation.records import Feedback, Rating
from storage.history_filter import threads_fitting
from storage.history_lists import THREADS, ordered
from storage.tables import ThreadRow
from tests.contract.forks import edit, regenerate, shown, talk
from tests.contract.logs import Log, kept_log
from tests.contract.stores import DATABASES, WAIT, Clock, sql_store

ALL = Window(size=100)
OLDEST_FIRST = Sort(descending=False)
PINNED = ("again", "plain")
RATED: dict[str, Rating] = {"plain": "up", "tools": "down", "failed": "down"}


@pytest.fixture(params=DATABASES, scope="module")
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """The log on each kind of database, with marks."""
    with kept_log(request.param, tmp_path_factory.mktemp("log")) as kept:
        for name in PINNED:
            thread_id = kept.runs[name].thread_id
            kept.store.change_thread(thread_id, pinned=True).result(WAIT)
        for name, rating in RATED.items():
            one = Feedback(run_id=kept.runs[name].id, rating=rating, at=kept.clock.time)
            kept.store.rate(one).result(WAIT)
        yield kept


def threads(log: Log, wanted: Filter, sort: Sort = OLDEST_FIRST) -> list[str]:
    """The ids of the threads that fit."""
    found = log.history.threads(wanted, sort, ALL)
    assert found.total == len(found.rows)
    return [line.thread_id for line in found.rows]


def test_threads_say_whether_they_are_pinned(log: Log) -> None:
    found = log.history.threads(EVERYTHING, OLDEST_FIRST, ALL)

    pinned = {line.thread_id for line in found.rows if line.pinned}
    assert pinned == {log.runs[name].thread_id for name in PINNED}
    assert list(log.history.each_thread(EVERYTHING)) == list(found.rows)


def test_pinned_threads_are_listed_alone(log: Log) -> None:
    pinned = [log.runs[name].thread_id for name in PINNED]

    newest = Sort(column="last_activity")
    assert threads(log, Filter(pinned=True), newest) == pinned
    others = threads(log, Filter(pinned=False))
    assert sorted([*others, *pinned]) == sorted(threads(log, EVERYTHING))


@pytest.mark.parametrize("part", ["A", "hat", "%", "_", "\\"])
def test_threads_are_found_by_their_titles(log: Log, part: str) -> None:
    lines = log.history.threads(EVERYTHING, OLDEST_FIRST, ALL).rows
    having = [line.thread_id for line in lines if part.lower() in line.title.lower()]

    assert threads(log, Filter(title=part)) == having
    assert threads(log, Filter(title=part, pinned=True)) == [
        line.thread_id for line in lines if line.thread_id in having and line.pinned
    ]


@pytest.mark.parametrize(
    ("wanted", "name"),
    [
        (Filter(pinned=True, text="acme"), "tools"),
        (Filter(pinned=True, models=frozenset({"demo"})), "plain"),
        (Filter(pinned=True, text="hello", models=frozenset({"demo"})), "plain"),
        (Filter(pinned=False, ratings=frozenset({"down"})), "failed"),
    ],
)
def test_pins_go_with_other_limits(log: Log, wanted: Filter, name: str) -> None:
    assert threads(log, wanted) == [log.runs[name].thread_id]


def test_pins_leave_out_no_runs(log: Log) -> None:
    pinned = Filter(pinned=True)

    assert log.history.runs(pinned, OLDEST_FIRST, ALL).total == len(log.runs)
    assert log.history.overview(pinned) == log.history.overview(EVERYTHING)
    words = Filter(text="hello", pinned=True)
    assert log.history.hits(words, ALL) == log.history.hits(Filter(text="hello"), ALL)


def test_pinned_threads_are_found_by_an_index(log: Log) -> None:
    engine = create_engine(log.store._reader.url)
    with engine.connect() as connection:
        dialect = engine.dialect.name
        on_server = dialect == "postgresql"
        order = ordered(dialect, THREADS.columns, Sort(column="last_activity"))
        query = select(ThreadRow.number).where(*threads_fitting(Filter(pinned=True), dialect))
        statement = query.order_by(*order).compile(engine)
        if on_server:
            connection.execute(text("SET enable_seqscan = off"))
        explain = "EXPLAIN" if on_server else "EXPLAIN QUERY PLAN"
        plan = connection.exec_driver_sql(f"{explain} {statement}", statement.params or ()).all()
    engine.dispose()

    assert "ix_threads_pinned" in str(plan)


def test_runs_say_how_they_are_rated(log: Log) -> None:
    found = log.history.runs(EVERYTHING, OLDEST_FIRST, ALL)

    rated = {line.run_id: line.rating for line in found.rows}
    assert rated == {run.id: RATED.get(name) for name, run in log.runs.items()}
    assert list(log.history.each_run(EVERYTHING)) == list(found.rows)


@pytest.mark.parametrize(
    ("ratings", "names"),
    [
        (frozenset({"up"}), "plain"),
        (frozenset({"down"}), "tools failed"),
        (frozenset({"up", "down"}), "plain tools failed"),
    ],
)
def test_runs_are_chosen_by_their_rating(log: Log, ratings: frozenset[Rating], names: str) -> None:
    wanted = Filter(ratings=ratings)

    found = log.history.runs(wanted, OLDEST_FIRST, ALL)

    assert log.names(line.run_id for line in found.rows) == names.split()
    assert found.total == log.history.overview(wanted).runs == len(names.split())
    assert set(threads(log, wanted)) == {log.runs[name].thread_id for name in names.split()}


@pytest.mark.parametrize("descending", [True, False])
def test_runs_are_sorted_by_their_rating(log: Log, descending: bool) -> None:
    found = log.history.runs(EVERYTHING, Sort(column="rating", descending=descending), ALL)

    ranks = [("", "down", "up").index(line.rating or "") for line in found.rows]
    assert ranks == sorted(ranks, reverse=descending)


def test_message_answered_again_is_found_once(url: str, clock: Clock) -> None:
    with sql_store(url, clock) as store:
        thread = talk(store, clock, "Grüße", "Und nun?")
        regenerate(store, clock, store.messages(thread.id)[0], "Ein Gruss")
        edit(store, clock, store.messages(thread.id)[0], "Hallo")
        history = store.history()

        assert shown(store, thread.id) == ["Hallo", "HALLO"]
        assert [hit.kind for hit in history.hits(Filter(text="grüße"), ALL).rows] == [
            "assistant_message",
            "user_message",
        ]
        assert history.hits(Filter(text="gruss"), ALL).total == 1
        assert [t.thread_id for t in history.each_thread(Filter(text="hallo"))] == [thread.id]
