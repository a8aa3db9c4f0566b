"""Every failure of the catalogue happens as it says there, through a whole core."""

import pytest

from setup.core import ParleyCore
from tests.failures.catalogue import name_of, played
from tests.failures.checks import check
from tests.failures.failure import Failure
from tests.failures.stage import Stage


@pytest.mark.parametrize(("row", "provider"), played(alone=False), ids=name_of)
def test_failure_is_told_and_passes(
    row: Failure, provider: str, shared: ParleyCore, stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.core = shared
    stage.talk_to(provider, stream=row.stream)

    check(row, stage, caplog)
