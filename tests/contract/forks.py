"""Threads with branches, written as the core writes them: by the store's own port."""

from dataclasses import replace

from conversation.branches import fork, line
from conversation.ids import new_id
from conversation.ports import Store
from conversation.records import Branch, Message, Opening, Run, Thread
from conversation.script import State
from tests.contract.stores import WAIT, Clock, answer, move, opening, to_running


def asked(clock: Clock, thread: Thread | None, text: str) -> Opening:
    """A user's message on a thread, a new one unless named."""
    began = opening(clock, thread)
    return replace(began, messages=(replace(began.messages[0], text=text),))


def answered(store: Store, clock: Clock, began: Opening, text: str) -> Run:
    """Accept what begins a run and let the model answer."""
    clock.forward(1)
    run = store.accept(began).result(WAIT)[0]
    to_running(store, run)
    message = answer(run, clock, text=text, status="completed")
    store.write(move(run, State.RUNNING, State.COMPLETED, messages=(message,))).result(WAIT)
    return run


def talk(store: Store, clock: Clock, *questions: str) -> Thread:
    """A thread of one branch: each question with its answer, which is the question in capitals."""
    thread: Thread | None = None
    for question in questions:
        run = answered(store, clock, asked(clock, thread, question), question.upper())
        thread = store.thread(run.thread_id)
    assert thread
    return thread


def go_on(store: Store, clock: Clock, thread_id: str, question: str) -> Run:
    """Ask in the active branch."""
    began = asked(clock, store.thread(thread_id), question)
    return answered(store, clock, began, question.upper())


def forked(store: Store, clock: Clock, thread_id: str, position: int) -> Branch:
    """Return a branch that leaves the active one at a position; it is not there yet."""
    thread = store.thread(thread_id)
    here = line(store.branches(thread_id), thread.branch_id)
    return fork(here, position, clock.time)


def editing(store: Store, clock: Clock, message: Message, text: str) -> Opening:
    """Another text in place of a user's message of the active branch."""
    branch = forked(store, clock, message.thread_id, message.position)
    thread = replace(store.thread(message.thread_id), branch_id=branch.id)
    return replace(asked(clock, thread, text), branch=branch)


def edit(store: Store, clock: Clock, message: Message, text: str) -> Run:
    """Edit a message and let the model answer."""
    return answered(store, clock, editing(store, clock, message, text), text.upper())


def regenerating(store: Store, clock: Clock, message: Message) -> Opening:
    """Another answer to a user's message of the active branch: a run without messages."""
    branch = forked(store, clock, message.thread_id, message.position + 1)
    thread = replace(store.thread(message.thread_id), branch_id=branch.id)
    began = opening(clock, thread)
    run = replace(began.run, id=new_id("run"), message_id=message.id)
    return replace(began, run=run, messages=(), events=began.events[1:], branch=branch)


def regenerate(store: Store, clock: Clock, message: Message, text: str) -> Run:
    """Have a message answered again."""
    return answered(store, clock, regenerating(store, clock, message), text)


def shown(store: Store, thread_id: str) -> list[str]:
    """The active branch, oldest first."""
    return [message.text for message in store.messages(thread_id)]
