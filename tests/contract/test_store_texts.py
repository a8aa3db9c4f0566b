"""Streamed text: kept, fenced, resumed by offset and swept."""

from dataclasses import replace
from datetime import timedelta

from conversation.ports import Store
from conversation.records import Message, PendingText, Run
from conversation.script import State
from tests.contract.stores import WAIT, Clock, answer, begin, move, to_running


def test_texts_are_resumed_by_offset(store: Store, clock: Clock) -> None:
    run, message = _streaming(store, clock)

    store.append_texts((_piece(run, message, 0, "It is "), _piece(run, message, 6, "4"))).result()
    store.append_texts((_piece(run, message, 7, "2."),)).result(WAIT)

    assert store.texts(run.id) == [replace(message, position=2, text="It is 42.")]


def test_text_flushed_twice_is_kept_once(store: Store, clock: Clock) -> None:
    run, message = _streaming(store, clock)

    for _ in range(2):
        store.append_texts((_piece(run, message, 0, "Once."),)).result(WAIT)

    assert [kept.text for kept in store.texts(run.id)] == ["Once."]


def test_exchange_has_what_was_flushed(store: Store, clock: Clock) -> None:
    run, message = _streaming(store, clock)
    store.append_texts((_piece(run, message, 0, "Half an"),)).result(WAIT)

    store.append_texts((_piece(run, message, 4, " one answer"),)).result(WAIT)

    assert [kept.text for kept in store.exchange(run.id).messages] == ["Hello", "Half one answer"]


def test_fenced_off_text_is_dropped(store: Store, clock: Clock) -> None:
    run, message = _streaming(store, clock)
    store.claim(run.id, "worker_new", dead_after=10).result(WAIT)

    store.append_texts((_piece(run, message, 0, "From the grave."),)).result(WAIT)

    assert [kept.text for kept in store.texts(run.id)] == [""]


def test_text_of_a_final_message_is_dropped(store: Store, clock: Clock) -> None:
    run, message = _streaming(store, clock)
    final = replace(message, text="Done.", status="completed")
    store.write(move(run, State.RUNNING, State.COMPLETED, messages=(final,))).result(WAIT)

    store.append_texts((_piece(run, message, 0, "Done. And more."),)).result(WAIT)

    assert store.texts(run.id) == [replace(final, position=2)]


def test_end_keeps_what_was_flushed(store: Store, clock: Clock) -> None:
    run, message = _streaming(store, clock)
    store.append_texts((_piece(run, message, 0, "Half an answer"),)).result(WAIT)

    store.write(move(run, State.RUNNING, State.CANCELLED)).result(WAIT)

    (kept,) = store.texts(run.id)
    assert (kept.text, kept.status) == ("Half an answer", "incomplete")
    assert store.messages(run.thread_id)[-1] == kept


def test_texts_are_swept_a_minute_after_the_end(store: Store, clock: Clock) -> None:
    run, message = _streaming(store, clock)
    other, unfinished = _streaming(store, clock)
    store.append_texts((_piece(run, message, 0, "One"), _piece(run, message, 3, " two"))).result()
    store.append_texts((_piece(other, unfinished, 0, "Going on"),)).result(WAIT)
    store.write(move(run, State.RUNNING, State.CANCELLED)).result(WAIT)
    minute = timedelta(minutes=1)

    clock.forward(60)
    assert store.sweep_texts(ended_before=clock.time - minute).result(WAIT) == 0
    clock.forward(1)
    assert store.sweep_texts(ended_before=clock.time - minute).result(WAIT) == 2

    assert store.texts(run.id)[0].text == "One two"
    assert store.texts(other.id)[0].text == "Going on"


def test_run_without_an_answer_has_no_texts(store: Store, clock: Clock) -> None:
    assert store.texts(begin(store, clock).id) == []


def _streaming(store: Store, clock: Clock) -> tuple[Run, Message]:
    run = begin(store, clock)
    to_running(store, run)
    message = answer(run, clock)
    store.write(move(run, State.RUNNING, State.RUNNING, messages=(message,))).result(WAIT)
    return run, message


def _piece(run: Run, message: Message, offset: int, text: str) -> PendingText:
    return PendingText(
        run_id=run.id, fence=run.fence, message_id=message.id, offset=offset, text=text
    )
