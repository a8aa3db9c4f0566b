"""Full-text search: the same words are found on every database, and no query is an error."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from conversation.history import EVERYTHING, Filter, Hit, Sort, Window
from conversation.script import State
from storage.search import AROUND, context
from storage.store import SqlStore
from storage.words import LONGEST_TEXT, parse, words
from tests.contract.logs import Called, Log, exchange, kept_log
from tests.contract.stores import DATABASES, WAIT, Clock, answer, begin, move, to_running

ALL = Window(size=1000)
TEXTS = {
    "question": "Grüße aus dem Café, what's up?",
    "answer": "foo-bar and foo_bar, don't; 3.14 e-mail a@b.example 株価は高い <b>bold</b> F\0 end",
    "output": '{"price": 42.5, "note": "net asset value of ACME"}',
}
ODD = ['"', "'", "*", "-", "(", ")", "AND", "OR", "NOT", "NEAR(", ":", "^", "&", "|", "!", "<->",
       "🎉", "\0", "\ud800", "'; DROP TABLE runs; --", "<script>", "foo", "bar", "acme", "net",
       "株", "½", "⑴", "\\", "%", "_", "{", " ", "\n", "caf"]  # fmt: skip


@pytest.fixture(params=DATABASES, scope="module")
def log(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """The log on each kind of database, with one more exchange."""
    with kept_log(request.param, tmp_path_factory.mktemp("log")) as kept:
        kept.runs["texts"] = exchange(
            kept.store,
            kept.clock,
            question=TEXTS["question"],
            answer=TEXTS["answer"],
            calls=(Called(output=TEXTS["output"]),),
        )
        yield kept


def kinds(log: Log, text: str) -> list[str]:
    """Which texts of the exchange a query finds."""
    found = log.history.hits(Filter(text=text, thread_id=log.runs["texts"].thread_id), ALL)
    assert found.total == len(found.rows)
    return sorted(hit.kind for hit in found.rows)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("café", "user_message"),
        ("CAFE gruß*", "user_message"),
        ("CAFE grub*", ""),
        ("CAFE grusse", "user_message"),
        ("gru*", "user_message"),
        ("*gru", ""),
        ('"foo bar"', "assistant_message"),
        ("foo-bar", "assistant_message"),
        ('"bar and foo"', "assistant_message"),
        ('"bar foo"', ""),
        ('"bar and"', "assistant_message"),
        ('"and bar"', ""),
        ('"net ass"', ""),
        ('"net ass"*', "tool_output"),
        ("price acme", "tool_output"),
        ("price café", ""),
        ("42", "tool_output"),
        ("42.5", "tool_output"),
        ("3.1", ""),
        ("3.14", "assistant_message"),
        ("a@b.example", "assistant_message"),
        ("株価", "assistant_message"),
        ("価は", "assistant_message"),
        ("株は", ""),
        ("bold", "assistant_message"),
        ("OR AND", ""),
        ("symbol", ["tool_input", "tool_output"][0]),
        ('"unclosed foo', ""),
    ],
)  # fmt: skip
def test_words_prefixes_and_phrases_are_found(log: Log, text: str, found: str) -> None:
    assert kinds(log, text) == found.split()


@pytest.mark.parametrize("text", ["🎉", '""', "***", "' \" -", "\0"])
def test_without_words_nothing_is_hit_and_nothing_left_out(log: Log, text: str) -> None:
    wanted = Filter(text=text)

    assert log.history.hits(wanted, ALL).total == 0
    assert log.history.runs(wanted, Sort(), ALL).total == len(log.runs)
    assert log.history.threads(wanted, Sort(), ALL) == log.history.threads(EVERYTHING, Sort(), ALL)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(), st.lists(st.sampled_from(ODD)).map("".join)))
@example("a " * 20_000)
@example("x" * 100_000 + "*")
def test_no_query_is_an_error_and_all_databases_agree(log: Log, text: str) -> None:
    found = kinds(log, text)

    texts = {
        "assistant_message": TEXTS["answer"],
        "tool_input": '{"symbol": "ACME"}',
        "tool_output": TEXTS["output"],
        "user_message": TEXTS["question"],
    }
    assert found == [kind for kind, one in texts.items() if occurs(text, one)]


def occurs(query: str, text: str) -> bool:
    """Tell, in the plainest way, whether a query's terms are all in a text."""
    terms = parse(query)
    among = f" {words(text)} "
    ends = {False: " ", True: ""}
    return bool(terms) and all(
        f" {' '.join(term.words)}{ends[term.prefix]}" in among for term in terms
    )


def test_hits_come_newest_first_with_where_they_are(log: Log) -> None:
    found = log.history.hits(Filter(text="hello"), ALL)

    assert [hit.kind for hit in found.rows] == ["user_message"] * found.total
    assert log.names(str(hit.run_id) for hit in found.rows) == [
        "in-house", "expired", "cancelled", "failed", "plain",
    ]  # fmt: skip
    assert all(before.at >= after.at for before, after in pairwise(found.rows))
    assert found.rows[-1].at == log.start


def test_hits_page_and_are_filtered(log: Log) -> None:
    wanted = Filter(text="hello", failed=True)
    pages = [log.history.hits(wanted, Window(page=page, size=1)) for page in (1, 2, 3)]

    ids = [str(hit.run_id) for page in pages for hit in page.rows]
    assert log.names(ids) == ["expired", "failed"]
    assert [page.total for page in pages] == [2, 2, 2]


def marked(hit: Hit) -> list[str]:
    """The matches of a hit."""
    return [piece for piece, match in hit.context if match]


def test_contexts_mark_the_matches(log: Log) -> None:
    (hit,) = log.history.hits(Filter(text='"NET asset" acm*'), ALL).rows

    assert marked(hit) == ["net asset", "ACME"]
    assert "".join(piece for piece, _ in hit.context) == TEXTS["output"]


def test_contexts_keep_markup_as_it_is(log: Log) -> None:
    (hit,) = log.history.hits(Filter(text="bold"), ALL).rows

    assert marked(hit) == ["bold"]
    assert "<b>" in "".join(piece for piece, _ in hit.context)


def test_contexts_are_short() -> None:
    text = "before " * 100 + "HERE " + "between " * 100 + "THERE" + " after" * 100

    pieces = context(text, parse("here there"))

    assert [piece for piece, match in pieces if match] == ["HERE", "THERE"]
    assert pieces[0][0].startswith("…")
    assert pieces[2][0].count("…") == 1
    assert pieces[-1][0].endswith("…")
    assert all(len(piece) <= 2 * AROUND + 1 for piece, _ in pieces)


def test_only_the_beginning_of_long_texts_is_found(sql: SqlStore, clock: Clock) -> None:
    exchange(sql, clock, answer="early " + "x " * LONGEST_TEXT + "late")
    history = sql.history()

    assert history.hits(Filter(text="early"), ALL).total == 1
    assert history.hits(Filter(text="late"), ALL).total == 0


def test_half_an_answer_is_found(sql: SqlStore, clock: Clock) -> None:
    run = begin(sql, clock)
    to_running(sql, run)
    message = answer(run, clock, text="Half an ans")
    sql.write(move(run, State.RUNNING, State.RUNNING, messages=(message,))).result(WAIT)
    history = sql.history()
    assert history.hits(Filter(text="half"), ALL).total == 0

    sql.write(move(run, State.RUNNING, State.EXPIRED)).result(WAIT)

    assert [hit.kind for hit in history.hits(Filter(text="half"), ALL).rows] == [
        "assistant_message"
    ]
