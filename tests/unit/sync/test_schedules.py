"""When a schedule was due last: by the zone's clock, over its changes, and against the sandbox's own reading of the same expressions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.aws import expressions
from tallybridge.schedules import UnknownExpression, last_due, next_due

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "zone", "until", "expected"),
    [
        ("cron(0 2 * * ? *)", "UTC", "2026-11-02T08:00", "2026-11-02T02:00"),
        ("cron(0 2 * * ? *)", "UTC", "2026-11-02T02:00", "2026-11-02T02:00"),
        ("cron(0 2 * * ? *)", "UTC", "2026-11-02T01:59", "2026-11-01T02:00"),
        ("cron(0 2 * * ? *)", "America/New_York", "2026-11-02T08:00", "2026-11-02T07:00"),
        ("cron(0 2 * * ? *)", "Asia/Kolkata", "2026-11-02T08:00", "2026-11-01T20:30"),
        ("cron(0/15 8-17 ? * MON-FRI *)", "UTC", "2026-11-02T07:59", "2026-10-30T17:45"),
        ("cron(0/15 8-17 ? * MON-FRI *)", "Europe/Berlin", "2026-11-02T07:40", "2026-11-02T07:30"),
        ("cron(30 22 L * ? *)", "UTC", "2026-11-02T07:00", "2026-10-31T22:30"),
        ("cron(0 6 1W * ? *)", "UTC", "2026-08-05T00:00", "2026-08-03T06:00"),
        ("cron(0 6 LW * ? *)", "UTC", "2026-11-05T00:00", "2026-10-30T06:00"),
        ("cron(0 6 ? * 2#1 *)", "UTC", "2026-11-05T00:00", "2026-11-02T06:00"),
        ("cron(0 6 ? * FRIL *)", "UTC", "2026-11-05T00:00", "2026-10-30T06:00"),
        ("cron(0 6 1 1 ? *)", "UTC", "2026-11-05T00:00", "2026-01-01T06:00"),
        ("cron(0 6 * * ? 2025)", "UTC", "2026-01-03T00:00", "2025-12-31T06:00"),
        ("at(2026-11-02T02:00:00)", "America/New_York", "2026-11-03T00:00", "2026-11-02T07:00"),
        ("rate(2 hours)", "UTC", "2026-11-02T08:00", "2026-11-02T06:00"),
        ("rate(1 day)", "UTC", "2026-11-02T08:00", "2026-11-01T08:00"),
    ],
)
def test_a_schedule_was_due_last(expression: str, zone: str, until: str, expected: str) -> None:
    assert last_due(expression, zone, LONG_AGO, at(until)) == at(expected)


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("2026-03-29T02:00", "2026-03-28T01:30"),  # the night in which 2:30 is left out
        ("2026-03-30T02:00", "2026-03-30T00:30"),
        ("2026-10-25T03:00", "2026-10-25T00:30"),  # the night in which 2:30 comes twice: the first one counts
    ],
)
def test_it_follows_the_clock_of_its_zone_over_its_changes(until: str, expected: str) -> None:
    assert last_due("cron(30 2 * * ? *)", "Europe/Berlin", LONG_AGO, at(until)) == at(expected)


def test_nothing_was_due_before_it_was_made_or_changed() -> None:
    since = at("2026-11-02T03:00")
    assert last_due("cron(0 2 * * ? *)", "UTC", since, at("2026-11-02T23:00")) is None
    assert last_due("rate(1 day)", "UTC", since, at("2026-11-02T23:00")) is None
    assert last_due("at(2026-11-02T02:00:00)", "UTC", since, at("2026-11-02T23:00")) is None
    assert last_due("cron(0 2 * * ? 2199)", "UTC", LONG_AGO, at("2026-11-02T23:00")) is None


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "cron()",
        "cron(0 2 * * *)",
        "cron(0 2 * * * *)",
        "cron(61 2 * * ? *)",
        "rate(2 weeks)",
        "rate(x hours)",
        "every(2 hours)",
        "at(x)",
    ],
)
def test_an_expression_that_says_nothing_is_refused(wrong: str) -> None:
    with pytest.raises(UnknownExpression):
        last_due(wrong, "UTC", LONG_AGO, at("2026-11-02T08:00"))


def test_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(UnknownExpression):
        last_due("cron(0 2 * * ? *)", "Atlantis/Capital", LONG_AGO, at("2026-11-02T08:00"))


MINUTES = st.sampled_from(["0", "30", "0/20", "5,50", "*"])
HOURS = st.sampled_from(["2", "0", "23", "*/6", "8-17", "22-3", "1,2,3"])
DAYS = st.sampled_from(
    ["* * ?", "1 * ?", "L * ?", "LW * ?", "15W * ?", "31 * ?", "? * MON-FRI", "? * SUN", "? * FRI-MON", "? * TUE#2", "? * 5L", "? 2 *"]
)
ZONES = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu"])
MOMENTS = st.integers(0, 2 * 365 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes))


@settings(deadline=None, max_examples=80)
@given(MINUTES, HOURS, DAYS, ZONES, MOMENTS)
def test_the_sandbox_fires_when_it_is_due(minutes: str, hours: str, days: str, zone: str, until: datetime) -> None:
    """Two readings of the same pages: the sandbox fires when it was due last, and not again before the moment that is looked from."""
    expression, since = f"cron({minutes} {hours} {days} *)", until - timedelta(days=62)
    parsed, of_zone = expressions.parse(expression), expressions.zone_of(zone)
    due = last_due(expression, zone, since, until)
    if due is not None:
        assert parsed.after(due - timedelta(seconds=1), of_zone, since) == due
    following = parsed.after(due or since, of_zone, since)
    assert following is None or following > until


# -- what is due next --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "zone", "after", "expected"),
    [
        ("cron(0 2 * * ? *)", "UTC", "2026-11-02T02:00", ["2026-11-03T02:00", "2026-11-04T02:00"]),
        ("cron(0 2 * * ? *)", "UTC", "2026-11-02T01:59", ["2026-11-02T02:00", "2026-11-03T02:00"]),
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-03-28T12:00", ["2026-03-30T00:30", "2026-03-31T00:30"]),
        ("cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-24T12:00", ["2026-10-25T00:30", "2026-10-26T01:30"]),
        ("cron(0 6 LW * ? *)", "UTC", "2026-10-01T00:00", ["2026-10-30T06:00", "2026-11-30T06:00"]),
        ("cron(0 6 29 2 ? *)", "UTC", "2026-01-01T00:00", ["2028-02-29T06:00"]),
        ("cron(0 6 * * ? 2025)", "UTC", "2026-01-01T00:00", []),
        ("at(2026-11-02T02:00:00)", "America/New_York", "2026-11-01T00:00", ["2026-11-02T07:00"]),
        ("at(2026-11-02T02:00:00)", "UTC", "2026-11-03T00:00", []),
        ("rate(2 hours)", "UTC", "2026-11-02T08:00", ["2026-11-02T08:30", "2026-11-02T10:30"]),
    ],
)
def test_what_is_due_next(expression: str, zone: str, after: str, expected: list[str]) -> None:
    begin = at("2026-11-01T00:30")
    assert list(islice(next_due(expression, zone, at(after), begin), 2)) == [at(each) for each in expected]


def test_nothing_is_known_of_the_moments_of_a_rate_that_began_nobody_knows_when() -> None:
    assert list(next_due("rate(1 hour)", "UTC", LONG_AGO)) == []


@pytest.mark.parametrize("expression", ["rate(0 hours)", "rate(1 week)", "cron(0 2 * * *)", "every night", "at(tomorrow)"])
def test_what_is_not_understood_is_told(expression: str) -> None:
    with pytest.raises(UnknownExpression):
        next(next_due(expression, "UTC", LONG_AGO, LONG_AGO), None)


IN_NO_ZONE: tuple[Callable[[], object], ...] = (
    lambda: next(next_due("rate(1 day)", "Mars", LONG_AGO), None),
    lambda: last_due("rate(1 day)", "Mars", LONG_AGO, LONG_AGO),
)


@pytest.mark.parametrize("look", IN_NO_ZONE)
def test_an_unknown_zone_is_told_for_a_rate_too(look: Callable[[], object]) -> None:
    with pytest.raises(UnknownExpression):
        look()


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["cron(0 2 * * ? *)", "cron(0/20 5-7 ? * MON-FRI *)", "cron(30 2 L * ? *)", "cron(15 1 ? * SUN#1 *)"]),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Pacific/Kiritimati"]),
    st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001 - hypothesis wants them so
)
def test_the_next_moment_is_the_last_one_once_it_has_come(expression: str, zone: str, naive: datetime) -> None:
    """Both readings of a schedule agree: nothing is due between a moment and the next, and the next is due when it comes."""
    after = naive.replace(tzinfo=UTC)
    due = next(next_due(expression, zone, after))
    assert last_due(expression, zone, after, due) == due
    assert last_due(expression, zone, after, due - timedelta(seconds=1)) is None
