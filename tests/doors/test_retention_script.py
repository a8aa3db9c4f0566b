"""`python -m setup.retention` on a database with an old, a new and a busy conversation."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from setup import retention
from setup.settings import Settings
from storage.schema import upgrade
from storage.sql_access import utc_now
from storage.store import open_store
from tests.contract.cores import DEMO, ENDLESS, built, ended, speaking


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database whose conversations are a year old, one of them under way."""
    named = f"sqlite:///{tmp_path}/parley.db"
    monkeypatch.setattr(retention, "settings", lambda: Settings(database_url=SecretStr(named)))
    upgrade(named)
    core = built(named)
    ended(core, core.start("echo old", DEMO).id)
    speaking(core, core.start(ENDLESS, DEMO).id)
    core.close()
    later = utc_now() + timedelta(days=365)
    monkeypatch.setattr(retention, "utc_now", lambda: later)
    yield named


def test_dry_run_only_says_it(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    retention.main(["--days", "30", "--dry-run"])

    assert "Would remove" in capsys.readouterr().out
    assert len(threads(url)) == 2


def test_old_goes_and_what_is_under_way_stays(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    retention.main(["--days", "30"])

    assert "30 days ago: 1 conversation, 2 messages, 1 run, " in capsys.readouterr().out
    assert len(threads(url)) == 1


def test_what_is_not_old_stays(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    retention.main(["--days", "366"])

    assert ": 0 conversations," in capsys.readouterr().out
    assert len(threads(url)) == 2


@pytest.mark.parametrize("days", ["0", "-1", "soon", "1e9", "99999999999"])
def test_wrong_age_is_refused(days: str) -> None:
    with pytest.raises(SystemExit):
        retention.main(["--days", days])


def threads(url: str) -> list[str]:
    store = open_store(url)
    try:
        return [thread.id for thread in store.threads()]
    finally:
        store.close()
