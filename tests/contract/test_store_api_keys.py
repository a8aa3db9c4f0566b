"""Keys of API clients, and requests that are carried out once."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta

import pytest

from conversation.api_ports import ApiKey, Once
from conversation.errors import NotFound
from conversation.ids import new_id
from conversation.ports import Store
from tests.contract.stores import WAIT, Clock, sql_store


def a_key(clock: Clock, digest: str = "d1") -> ApiKey:
    """A key of a project."""
    return ApiKey(
        id=new_id("key"),
        name="Laptop",
        project_id="proj_1",
        digest=digest,
        start="sk-abc",
        created_at=clock.time,
    )


def a_request(clock: Clock, key: str = "k1", project_id: str = "proj_1") -> Once:
    """A request that is to be carried out once."""
    return Once(project_id=project_id, key=key, fingerprint="f1", created_at=clock.time)


def test_key_is_found_by_its_digest(store: Store, clock: Clock) -> None:
    first, second = a_key(clock), a_key(clock, "d2")
    store.add_key(first).result(WAIT)
    store.add_key(second).result(WAIT)

    assert store.key("d2") == second
    assert store.key("unknown") is None
    assert store.keys() == [first, second]


def test_revoked_key_is_listed_but_of_no_use(store: Store, clock: Clock) -> None:
    key, at = a_key(clock), clock.time + timedelta(hours=1)
    store.add_key(key).result(WAIT)

    store.revoke_key(key.id, at).result(WAIT)
    store.revoke_key(key.id, at + timedelta(hours=1)).result(WAIT)

    assert store.key(key.digest) is None
    assert store.keys() == [replace(key, revoked_at=at)]
    with pytest.raises(NotFound):
        store.revoke_key("key_unknown", at).result(WAIT)


def test_key_remembers_its_last_use(store: Store, clock: Clock) -> None:
    key, at = a_key(clock), clock.time + timedelta(hours=1)
    store.add_key(key).result(WAIT)

    for used in (clock.time, at, at - timedelta(minutes=1)):
        store.key_used(key.id, used).result(WAIT)
    store.key_used("key_unknown", at).result(WAIT)

    assert store.key(key.digest) == replace(key, used_at=at)


def test_request_is_begun_once_and_its_answer_kept(store: Store, clock: Clock) -> None:
    first = a_request(clock)
    second = replace(first, fingerprint="f2", created_at=clock.time + timedelta(seconds=1))

    assert store.begin_once(first).result(WAIT) is None
    assert store.begin_once(second).result(WAIT) == first

    store.finish_once("proj_1", "k1", 200, '{"id": "\u00e9"}').result(WAIT)
    answered = replace(first, status=200, body='{"id": "\u00e9"}')
    assert store.begin_once(second).result(WAIT) == answered


def test_projects_do_not_share_idempotency_keys(store: Store, clock: Clock) -> None:
    assert store.begin_once(a_request(clock)).result(WAIT) is None
    assert store.begin_once(a_request(clock, project_id="proj_2")).result(WAIT) is None


def test_forgotten_request_can_be_begun_again(store: Store, clock: Clock) -> None:
    request = a_request(clock)
    store.begin_once(request).result(WAIT)

    store.forget_once("proj_1", "k1").result(WAIT)
    store.forget_once("proj_1", "k1").result(WAIT)
    store.finish_once("proj_1", "k1", 200, "{}").result(WAIT)

    assert store.begin_once(request).result(WAIT) is None


def test_old_requests_are_swept(store: Store, clock: Clock) -> None:
    old = [a_request(clock, key) for key in ("k1", "k2")]
    clock.forward(60)
    fresh = a_request(clock, "k3")
    for request in (*old, fresh):
        store.begin_once(request).result(WAIT)
    store.finish_once("proj_1", "k1", 200, "{}").result(WAIT)

    assert store.sweep_once(before=clock.time).result(WAIT) == 2
    assert store.sweep_once(before=clock.time).result(WAIT) == 0

    assert store.begin_once(fresh).result(WAIT) == fresh
    assert store.begin_once(old[0]).result(WAIT) is None


@pytest.mark.timeout(60)
def test_one_of_many_stores_begins_a_request(url: str, clock: Clock) -> None:
    with ExitStack() as stack:
        stores = [stack.enter_context(sql_store(url, clock)) for _ in range(4)]
        for number in range(20):
            requests = [
                replace(a_request(clock, f"k{number}"), fingerprint=str(place))
                for place in range(len(stores))
            ]

            with ThreadPoolExecutor(len(stores)) as pool:
                begun = [
                    pool.submit(lambda s, r: s.begin_once(r).result(WAIT), store, request)
                    for store, request in zip(stores, requests, strict=True)
                ]
            told = [one.result(WAIT) for one in begun]

            (winner,) = [place for place, before in enumerate(told) if before is None]
            others = [before for before in told if before is not None]
            assert others == [requests[winner]] * 3
