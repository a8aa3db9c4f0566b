"""What the history page sorts, sums and searches: summary columns, their indexes, a word index."""

from collections.abc import Iterator
from typing import Any, Final

import sqlalchemy as sa
from alembic import op

from conversation.prices import cost
from conversation.records import Usage
from storage.columns import UtcTime
from storage.search_table import Listed
from storage.words import LONGEST_TEXT, words

revision = "0002"
down_revision = "0001"

TIME = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CHUNK: Final = 1000

# What a run's end, price and length are asked for together: answered from the index alone.
SUMMARY = (
    "created_at", "number", "state", "provider", "model", "assistant_id", "thread_id", "tokens",
    "duration", "first_token", "cost", "error_code", "input_tokens", "output_tokens",
)  # fmt: skip

SEARCHABLE = """
SELECT * FROM (
    SELECT 'user_message' AS kind, messages.id AS source, runs.id AS run_id,
           messages.thread_id AS thread_id, messages.created_at AS at, messages.text AS text
    FROM messages JOIN runs ON runs.message_id = messages.id
    UNION ALL
    SELECT 'assistant_message', id, run_id, thread_id, coalesce(ended_at, created_at), text
    FROM messages WHERE role = 'assistant' AND run_id IS NOT NULL AND status <> 'in_progress'
    UNION ALL
    SELECT 'tool_input', tool_calls.call_id, tool_calls.run_id, runs.thread_id,
           steps.created_at, tool_calls.arguments
    FROM tool_calls JOIN steps ON steps.id = tool_calls.step_id
    JOIN runs ON runs.id = tool_calls.run_id
    UNION ALL
    SELECT 'tool_output', tool_calls.call_id, tool_calls.run_id, runs.thread_id,
           coalesce(tool_calls.ended_at, steps.created_at), tool_calls.output
    FROM tool_calls JOIN steps ON steps.id = tool_calls.step_id
    JOIN runs ON runs.id = tool_calls.run_id WHERE tool_calls.output IS NOT NULL
) AS texts WHERE text <> '' ORDER BY at, run_id
"""

RUNS = sa.table(
    "runs",
    *(sa.column(name) for name in ("number", "provider", "model", "cost")),
    *(sa.column(f"{what}_tokens") for what in ("input", "output", "cached", "reasoning")),
    sa.column("created_at", UtcTime()),
)
SEARCH = sa.table(
    "search",
    *(sa.column(name) for name in ("run_id", "thread_id", "source", "kind")),
    sa.column("at", UtcTime()),
    sa.column("words", Listed()),
)


def upgrade() -> None:
    """Add the columns, work out what they hold for what is there, and index all of it."""
    add_columns()
    make_search()
    sum_up()
    index()
    fill_search()


def add_columns() -> None:
    """Add what a run and a thread add up to."""
    for name in ("tokens", "tool_calls"):
        op.add_column("runs", count(name))
    for name in ("cost", "first_token", "duration"):
        op.add_column("runs", sa.Column(name, sa.Double(), nullable=True))
    for name in ("runs", "events", "tokens"):
        op.add_column("threads", count(name))
    op.add_column("threads", sa.Column("cost", sa.Double(), nullable=True))
    for name in ("last_model", "last_assistant_id"):
        op.add_column("threads", sa.Column(name, sa.Text(), nullable=True))
    never = "1970-01-01 00:00:00.000000"
    op.add_column("threads", sa.Column("last_activity", TIME, nullable=False, server_default=never))


def make_search() -> None:
    """Make the table of what can be searched for, and the database's own index over it."""
    on_server = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "search",
        sa.Column("number", NUMBER, primary_key=True),
        sa.Column("run_id", sa.Text(), sa.ForeignKey("runs.id"), nullable=False),
        *(sa.Column(name, sa.Text(), nullable=False) for name in ("thread_id", "source", "kind")),
        sa.Column("at", TIME, nullable=False),
        sa.Column("words", Listed(), nullable=False),
        sa.UniqueConstraint("run_id", "source", "kind", name="uq_search_run_id_source_kind"),
    )
    if on_server:
        op.create_index("search_index", "search", ["words"], postgresql_using="gin")
        return
    op.execute(
        "CREATE VIRTUAL TABLE search_index"
        " USING fts5(words, content='search', content_rowid='number', tokenize='ascii')"
    )
    op.execute(
        "CREATE TRIGGER search_added AFTER INSERT ON search BEGIN"
        " INSERT INTO search_index(rowid, words) VALUES (new.number, new.words); END"
    )
    op.execute(
        "CREATE TRIGGER search_removed AFTER DELETE ON search BEGIN"
        " INSERT INTO search_index(search_index, rowid, words)"
        " VALUES ('delete', old.number, old.words); END"
    )


def sum_up() -> None:
    """Work out the new columns of the runs and threads there are."""
    op.execute(
        "UPDATE runs SET tokens = input_tokens + output_tokens,"  # noqa: S608 (all ours)
        " tool_calls = (SELECT count(*) FROM tool_calls WHERE run_id = runs.id),"
        f" duration = {seconds('runs.created_at', 'runs.ended_at')},"
        f" first_token = (SELECT min({seconds('runs.created_at', 'messages.created_at')})"
        " FROM messages WHERE run_id = runs.id AND role = 'assistant')"
    )
    price()
    op.execute(
        "UPDATE threads SET last_activity = created_at"
        " WHERE NOT EXISTS (SELECT 1 FROM runs WHERE thread_id = threads.id)"
    )
    op.execute(
        "UPDATE threads SET runs = s.runs, events = s.events, tokens = s.tokens, cost = s.cost,"
        " last_activity = s.activity, last_model = s.model, last_assistant_id = s.assistant_id"
        " FROM (SELECT own.*, runs.model, runs.assistant_id FROM ("
        "  SELECT thread_id, count(*) AS runs, sum(seq) AS events, sum(tokens) AS tokens,"
        "  sum(cost) AS cost, max(number) AS newest, coalesce(max((SELECT max(at) FROM events"
        "  WHERE run_id = runs.id)), max(runs.created_at)) AS activity"
        "  FROM runs GROUP BY thread_id) AS own"
        " JOIN runs ON runs.number = own.newest) AS s WHERE s.thread_id = threads.id"
    )


def price() -> None:
    """Price the runs there are; only the price list can, so they are read and written back."""
    update = (
        sa.update(RUNS)
        .where(RUNS.c.number == sa.bindparam("of"))
        .values(cost=sa.bindparam("dollars"))
    )
    used = sa.select(RUNS).where(RUNS.c.input_tokens + RUNS.c.output_tokens > 0)
    for rows in chunks(used.order_by(RUNS.c.number)):
        op.get_bind().execute(update, [{"of": row.number, "dollars": dollars(row)} for row in rows])


def dollars(row: Any) -> float | None:
    """Return what a run cost."""
    usage = Usage(
        input=row.input_tokens,
        output=row.output_tokens,
        cached=row.cached_tokens,
        reasoning=row.reasoning_tokens,
    )
    return cost(row.provider, row.model, usage, row.created_at)


def index() -> None:
    """Index what is sorted and filtered by."""
    op.create_index("ix_runs_summary", "runs", SUMMARY)
    for name in ("state", "model"):
        op.create_index(f"ix_runs_{name}_created_at", "runs", [name, "created_at", "number"])
    for name in ("duration", "tokens", "cost"):
        op.create_index(f"ix_runs_{name}", "runs", [sortable(name), "number"])
    for name in ("duration", "first_token"):
        op.create_index(f"ix_runs_model_{name}", "runs", ["model", name])
    for name in ("last_activity", "tokens", "cost"):
        op.create_index(f"ix_threads_{name}", "threads", [sortable(name), "number"])
    for table, name in (("runs", "branch_id"), ("branches", "parent_branch_id")):
        op.create_index(f"ix_{table}_{name}", table, [name])  # looked into when a branch is deleted
    op.create_index("ix_tool_calls_name", "tool_calls", ["name", "seconds", "failed", "run_id"])


def sortable(name: str) -> Any:
    """Return a column for an index, empty places first, as SQLite has it anyway."""
    empty = name in ("duration", "cost") and op.get_bind().dialect.name == "postgresql"
    return sa.text(f"{name} NULLS FIRST") if empty else name


def fill_search() -> None:
    """Enter what can be searched for of the messages and calls there are."""
    texts = sa.text(SEARCHABLE).columns(at=UtcTime())
    for rows in chunks(texts):
        op.get_bind().execute(sa.insert(SEARCH), [entry(row) for row in rows])


def entry(row: Any) -> dict[str, Any]:
    """Return a text as a row of the search table."""
    values = dict(row._mapping)
    return values | {"words": words(values.pop("text")[:LONGEST_TEXT])}


def chunks(query: Any) -> Iterator[Any]:
    """Yield the rows of a query, some at a time."""
    yield from op.get_bind().execute(query, execution_options={"yield_per": CHUNK}).partitions()


def count(name: str) -> sa.Column[int]:
    """Return a column that counts from 0."""
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def seconds(start: str, end: str) -> str:
    """Return the seconds between two times, to the millisecond."""
    if op.get_bind().dialect.name == "postgresql":
        return f"round(extract(epoch FROM {end} - {start}), 3)::double precision"
    return f"round((julianday({end}) - julianday({start})) * 86400, 3)"
