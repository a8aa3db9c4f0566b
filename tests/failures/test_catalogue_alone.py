"""The failures that need a core of their own, which leaves nothing behind."""

import pytest

from tests.contract.cores import threads_of_ours
from tests.failures.catalogue import name_of, played
from tests.failures.checks import check
from tests.failures.failure import Failure
from tests.failures.stage import Stage, opened


@pytest.mark.parametrize(("row", "provider"), played(alone=True), ids=name_of)
def test_failure_is_told_and_passes(
    row: Failure, provider: str, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    assert row.given is not None
    stage.talk_to(provider, stream=row.stream)

    with opened(stage.servers, stage.folder, **row.given(stage)) as stage.core:
        check(row, stage, caplog)

    assert not threads_of_ours()
