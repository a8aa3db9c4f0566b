"""docs/failures.md is what the catalogue says."""

from tests.failures.catalogue import GROUPS
from tests.failures.document import FILE, document


def test_document_is_as_the_tests_have_it() -> None:
    assert FILE.read_text(encoding="utf-8") == document(), "run python -m tests.failures"


def test_each_failure_is_listed_once() -> None:
    named = [row.what for rows in GROUPS.values() for row in rows]

    assert len(set(named)) == len(named)
    assert all(row.says or row.retried for rows in GROUPS.values() for row in rows)
