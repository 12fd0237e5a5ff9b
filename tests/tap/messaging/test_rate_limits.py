"""Rate limits: no sliding period ever holds more calls than its limit, whatever runs look like."""

from __future__ import annotations

import json
from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_salesforce_chat.messaging.quiet_hours import QuietHours
from tap_salesforce_chat.messaging.rate_limits import Limit, RateLimits

NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
OPEN = QuietHours()


def hourly(most: int) -> Limit:
    """Return a limit of calls in any hour."""
    return Limit(most, HOUR, "hourly")


def again(
    rate_limits: RateLimits, limits: list[Limit], quiet_hours: QuietHours = OPEN
) -> RateLimits:
    """Return the rate limits of the next run, which has nothing but the state."""
    calls = json.loads(json.dumps(rate_limits.recorded_calls()))
    return RateLimits(limits, quiet_hours, calls, rate_limits.blocked_until)


def burst(rate_limits: RateLimits, now: datetime, wanted: int) -> int:
    """Call as often as it is allowed at an instant; return how often."""
    made = 0
    while made < wanted and rate_limits.next_slot(now).at == now:
        rate_limits.record_call(now)
        made += 1
    return made


def most_within(calls: list[datetime], period: timedelta) -> int:
    """Return the most calls that any period of a length holds."""
    return max(
        (bisect_right(calls, call + period - SECOND) - place for place, call in enumerate(calls)),
        default=0,
    )


@given(
    gaps=st.lists(
        st.tuples(st.integers(0, 2400), st.integers(1, 12), st.booleans(), st.integers(0, 9)),
        min_size=1,
        max_size=60,
    ),
    per_hour=st.integers(1, 25),
    active=st.integers(1, 25),
)
def test_no_period_holds_more_calls_than_its_limit(
    gaps: list[tuple[int, int, bool, int]], per_hour: int, active: int
) -> None:
    """In bursts or one by one, in one run or in many, and though calls arrive a little later."""
    limits = [hourly(per_hour), Limit(active, 30 * MINUTE, "active")]
    rate_limits, now, calls = RateLimits(limits, OPEN, {}), NOON, []
    for seconds, wanted, new_run, lag in gaps:
        now += seconds * SECOND
        rate_limits = again(rate_limits, limits) if new_run else rate_limits
        calls += [now + lag * SECOND] * burst(rate_limits, now, wanted)

    calls.sort()
    assert calls
    assert most_within(calls, HOUR) <= per_hour
    assert most_within(calls, 30 * MINUTE) <= active


@given(st.lists(st.integers(0, 900), min_size=1, max_size=80), st.integers(1, 9))
def test_whoever_waits_for_the_slot_gets_it(gaps: list[int], most: int) -> None:
    """The slot that is told is one, and the limit holds for those who wait for it, too."""
    rate_limits, now, calls = RateLimits([hourly(most)], OPEN, {}), NOON, []
    for seconds in gaps:
        now = rate_limits.next_slot(now + seconds * SECOND).at
        assert rate_limits.next_slot(now).at == now
        rate_limits.record_call(now)
        calls.append(now)

    assert most_within(calls, HOUR) <= most


ZONES = [ZoneInfo(name) for name in ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")]
TIMES = st.times().map(lambda clock: clock.replace(second=0, microsecond=0))


@given(
    windows=st.lists(st.tuples(TIMES, TIMES).filter(lambda w: w[0] != w[1]), max_size=3),
    zone=st.sampled_from(ZONES),
    # Both changes of the clock in all of the zones, and days around them.
    start=st.datetimes(datetime(2024, 3, 1), datetime(2024, 11, 10)).map(  # noqa: DTZ001 - given a zone below
        lambda moment: moment.replace(tzinfo=UTC)
    ),
)
def test_a_slot_is_never_in_a_pause(
    windows: list[tuple[object, object]], zone: ZoneInfo, start: datetime
) -> None:
    """By the clock on the wall, over midnight, and when the clocks change."""
    quiet_hours = QuietHours(tuple(windows), zone)  # type: ignore[arg-type] # times, by the strategy
    if not quiet_hours.open_minutes:
        return
    rate_limits = RateLimits([hourly(5)], quiet_hours, {})

    slot = rate_limits.next_slot(start).at

    wall = slot.astimezone(zone).time()
    for begin, end in quiet_hours.windows:
        assert not (begin <= wall < end)
        assert not (end < begin and (wall >= begin or wall < end))
    assert slot >= start


@pytest.mark.parametrize(
    ("at", "until"),
    [
        ("2024-03-30T07:30", "2024-03-30T17:00"),  # winter: Berlin is an hour ahead
        ("2024-03-31T07:30", "2024-03-31T16:00"),  # summer began in the night: two hours
        ("2024-10-26T07:30", "2024-10-26T16:00"),
        ("2024-10-27T07:30", "2024-10-27T17:00"),
    ],
)
def test_a_pause_keeps_its_place_on_the_wall(at: str, until: str) -> None:
    """08:00 to 18:00 are other hours in UTC when the clocks have changed."""
    quiet_hours = QuietHours.parse(["08:00-18:00"], "Europe/Berlin")
    start, end = (datetime.fromisoformat(f"{text}+00:00") for text in (at, until))

    slot = RateLimits([hourly(5)], quiet_hours, {}).next_slot(start)

    assert (slot.at, slot.reason) == (end, "messaging_pause")


def test_a_pause_over_midnight_has_two_parts() -> None:
    """The evening and the morning after; the last minute before it and its end are free."""
    quiet_hours = QuietHours.parse(["22:00-06:00"], "UTC")
    day = datetime(2024, 5, 1, tzinfo=UTC)
    paused = [hour for hour in range(24) if quiet_hours.cover(day + hour * HOUR)]

    assert paused == [*range(6), 22, 23]
    assert not quiet_hours.cover(day + 22 * HOUR - SECOND)
    assert quiet_hours.next_open(day + 23.5 * HOUR) == day + 30 * HOUR


@pytest.mark.parametrize(
    ("windows", "zone", "setting"),
    [
        (["00:00-12:00", "12:00-00:00"], None, "messaging_pause"),
        (["08:00-18:00"], "Europe/Nowhere", "messaging_time_zone"),
    ],
)
def test_a_pause_without_sense_is_refused(windows: list[str], zone: str, setting: str) -> None:
    """One that never ends, and one that hangs nowhere."""
    with pytest.raises(ValueError, match=setting):
        QuietHours.parse(windows, zone)


def test_what_salesforce_asked_for_is_kept_to() -> None:
    """By the next run as well."""
    rate_limits = RateLimits([hourly(5)], OPEN, {})
    rate_limits.blocked_until = NOON + 20 * MINUTE

    slot = again(rate_limits, [hourly(5)]).next_slot(NOON)

    assert slot.at == NOON + 20 * MINUTE
    assert "Salesforce" in slot.reason


def test_the_memory_is_short() -> None:
    """Counts by ten seconds, none older than the longest period: a state stays small."""
    rate_limits = RateLimits([hourly(10_000)], OPEN, {})
    for second in range(3 * 3600):
        rate_limits.record_call(NOON + second * SECOND)

    assert 360 <= len(rate_limits.recorded_calls()) <= 365
    assert set(rate_limits.recorded_calls().values()) == {10}


@pytest.mark.parametrize(
    ("calls", "pause", "hours"),
    [(100, [], 2), (2_400, [], 25), (1_200, ["06:00-18:00"], 31), (100, ["06:00-18:00"], 8)],
)
def test_the_estimate_counts_limits_and_quiet_hours(
    calls: int, pause: list[str], hours: int
) -> None:
    """100 an hour, from noon on; with quiet hours for half of the day it takes twice as long."""
    rate_limits = RateLimits([hourly(100)], QuietHours.parse(pause, "UTC"), {})

    assert rate_limits.hours_for(calls, NOON) == hours
