"""How conversations are grouped by the day they were last spoken in."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from conversation.history import ThreadLine
from ui.chat.days import by_day, day

TODAY = date(2026, 11, 20)


def line(name: str, at: datetime) -> ThreadLine:
    return ThreadLine(
        thread_id=name,
        title=name,
        assistant_id=None,
        model=None,
        runs=1,
        events=1,
        tokens=0,
        cost=None,
        last_activity=at,
        created_at=at,
    )


@pytest.mark.parametrize(
    ("ago", "named"),
    [
        (-3, "Today"),
        (0, "Today"),
        (1, "Yesterday"),
        (2, "Previous 7 days"),
        (7, "Previous 7 days"),
        (8, "Previous 30 days"),
        (30, "Previous 30 days"),
        (31, "October 2026"),
        (400, "October 2025"),
    ],
)
def test_days_are_named_as_seen_from_today(ago: int, named: str) -> None:
    assert day(TODAY - timedelta(days=ago), TODAY) == named


def test_days_are_those_of_who_looks() -> None:
    now = datetime(2026, 11, 20, 1, tzinfo=UTC)
    lines = [line("late", now - timedelta(hours=2)), line("early", now - timedelta(hours=22))]

    def names(zone: str) -> list[str]:
        return [name for name, _ in by_day(lines, now, ZoneInfo(zone))]

    assert names("UTC") == ["Yesterday"]
    assert names("America/New_York") == ["Today", "Yesterday"]


def test_groups_keep_the_order_of_their_lines() -> None:
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    lines = [line(str(hours), now - timedelta(hours=hours)) for hours in (-1, 0, 2, 30)]

    groups = by_day(lines, now, UTC)

    assert [(name, [one.title for one in group]) for name, group in groups] == [
        ("Today", ["-1", "0", "2"]),
        ("Yesterday", ["30"]),
    ]
