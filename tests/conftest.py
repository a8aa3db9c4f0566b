from collections.abc import Iterator

import pytest


@pytest.fixture(scope="session", autouse=True)
def no_local_servers() -> Iterator[None]:
    """Look for no model servers on the computer that runs the tests; they look for their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOCAL_SERVERS", "off")
        patch.setattr("setup.roster.LOCAL_SERVERS", {})
        yield
