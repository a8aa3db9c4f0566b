"""Messages that API clients add without a run: they are found and copied with the next run."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from conversation.history import Filter, Window
from conversation.records import ContentPart, Message, Opening, Run, Thread
from conversation.script import State
from storage.store import SqlStore
from tests.contract.forks import answered, editing, go_on, shown, talk
from tests.contract.stores import WAIT, Clock, bare_thread, move, opening, typed


def added(store: SqlStore, clock: Clock, thread: Thread, *texts: str) -> list[Message]:
    """Messages at the end of a thread; those of an assistant begin with a dash."""
    roles = ["assistant" if text.startswith("-") else "user" for text in texts]
    new = [typed(thread, clock, text, role=role) for text, role in zip(texts, roles, strict=True)]
    return [store.add_message(message).result(WAIT) for message in new]


def running_on(clock: Clock, thread: Thread, asked: Message | None) -> Opening:
    """A run without messages of its own, as API clients begin them."""
    began = opening(clock, thread)
    run = replace(began.run, message_id=asked.id if asked else None)
    return replace(began, run=run, messages=(), events=began.events[1:])


def found(store: SqlStore, text: str) -> list[tuple[str | None, str]]:
    """Of which runs and kinds the places are where a text is found."""
    hits = store.history().hits(Filter(text=text), Window(size=100)).rows
    return [(hit.run_id, hit.kind) for hit in hits]


def test_messages_before_a_run_are_found_as_its_own(sql: SqlStore, clock: Clock) -> None:
    thread = bare_thread(clock)
    first = typed(thread, clock, "first of all")
    sql.add_thread(thread, (first,)).result(WAIT)
    *_, last = added(sql, clock, thread, "-so far", "second")
    assert found(sql, "first") == []

    run = answered(sql, clock, running_on(clock, thread, last), "Third")

    assert found(sql, "first") == found(sql, "second") == [(run.id, "user_message")]
    assert found(sql, "far") == found(sql, "third") == [(run.id, "assistant_message")]


def test_message_is_entered_once_however_many_runs_follow(sql: SqlStore, clock: Clock) -> None:
    thread = talk(sql, clock, "one")
    (asked,) = added(sql, clock, thread, "added")
    runs = [answered(sql, clock, running_on(clock, thread, asked), "two")]
    runs.append(answered(sql, clock, running_on(clock, thread, None), "three"))
    runs.append(go_on(sql, clock, thread.id, "four"))

    assert found(sql, "added") == [(runs[0].id, "user_message")]
    assert found(sql, "one")[-1][1] == "user_message"
    assert len(found(sql, "one")) == 2


def test_message_whose_run_said_nothing_is_entered_once(sql: SqlStore, clock: Clock) -> None:
    thread = bare_thread(clock)
    sql.add_thread(thread).result(WAIT)
    (asked,) = added(sql, clock, thread, "added")
    silent = failed(sql, clock, running_on(clock, thread, asked))

    answered(sql, clock, running_on(clock, thread, asked), "two")

    assert found(sql, "added") == [(silent.id, "user_message")]


def failed(store: SqlStore, clock: Clock, began: Opening) -> Run:
    """Accept what begins a run that ends without a word."""
    run = store.accept(began).result(WAIT)[0]
    store.write(move(run, State.READY, State.ERROR)).result(WAIT)
    return run


def test_message_of_a_page_brings_those_before_it(sql: SqlStore, clock: Clock) -> None:
    thread = talk(sql, clock, "one")
    added(sql, clock, thread, "added")

    run = go_on(sql, clock, thread.id, "asked")

    assert found(sql, "added") == found(sql, "asked")[-1:] == [(run.id, "user_message")]


def test_fork_enters_what_it_shares(sql: SqlStore, clock: Clock) -> None:
    thread = talk(sql, clock, "one")
    _, last = added(sql, clock, thread, "shared", "replaced")

    run = answered(sql, clock, editing(sql, clock, last, "edited"), "Well")

    assert shown(sql, thread.id)[-3:] == ["shared", "edited", "Well"]
    assert found(sql, "shared") == [(run.id, "user_message")]
    assert found(sql, "replaced") == []


def test_copy_has_messages_that_no_run_began_with(
    sql: SqlStore, clock: Clock, tmp_path: Path
) -> None:
    picture = ContentPart(kind="image_url", url="https://example.org/a.png")
    thread, other = bare_thread(clock), talk(sql, clock, "elsewhere")
    messages = (
        typed(thread, clock, "", parts=(picture,)),
        typed(thread, clock, "asked", attachments=({"file_id": "file-1", "tools": []},)),
    )
    sql.add_thread(thread, messages).result(WAIT)
    run = answered(sql, clock, running_on(clock, thread, messages[1]), "Answer")
    go_on(sql, clock, thread.id, "later")
    file = tmp_path / "some.db"

    sql.history().copy(Filter(run_ids=frozenset({run.id})), file)

    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        query = (
            "SELECT text, json_extract(parts, '$[0].url'),"
            " json_extract(attachments, '$[0].file_id') FROM messages ORDER BY position"
        )
        assert connection.execute(query).fetchall() == [
            ("", "https://example.org/a.png", None),
            ("asked", None, "file-1"),
            ("Answer", None, None),
        ]
    assert other.id != thread.id
