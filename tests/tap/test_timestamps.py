"""Instants: one way to write them, whatever way they come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_salesforce_chat.timestamps import (
    canonical,
    format_instant,
    http_date,
    is_later,
    parse_instant,
)

INSTANTS = st.datetimes(
    min_value=datetime(1700, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(3999, 12, 30),  # noqa: DTZ001 - hypothesis adds the zone
    timezones=st.just(UTC),
)
OFFSETS = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2024-01-02T03:04:05.000+0000", "2024-01-02T03:04:05Z", id="rest"),
        pytest.param("2024-01-02T03:04:05.000Z", "2024-01-02T03:04:05Z", id="csv"),
        pytest.param("2024-01-02T03:04:05.120+0000", "2024-01-02T03:04:05.120Z", id="fraction"),
        pytest.param("2024-01-02T03:04:05.000001Z", "2024-01-02T03:04:05.000001Z", id="micro"),
        pytest.param("2024-01-02T03:04:05+02:00", "2024-01-02T01:04:05Z", id="offset"),
        pytest.param("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z", id="canonical"),
        pytest.param("2024-01-02", "2024-01-02T00:00:00Z", id="date"),
    ],
)
def test_every_shape_gets_the_one_form(text: str, expected: str) -> None:
    """Consumers compare instants as text, so an instant has one text."""
    assert canonical(text) == expected


@given(INSTANTS, OFFSETS)
def test_the_instant_stays_the_same(moment: datetime, offset: timezone) -> None:
    """Neither an offset nor a fraction is lost on the way."""
    text = canonical(moment.astimezone(offset).isoformat())

    assert parse_instant(text) == moment
    assert canonical(text) == text
    assert text.endswith("Z")


@given(INSTANTS.map(lambda moment: moment.replace(microsecond=0)))
def test_what_salesforce_writes_loses_its_zero_fraction(moment: datetime) -> None:
    """The short way for Salesforce's usual form gives what the long way gives."""
    assert canonical(moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000")) == format_instant(moment)


@given(INSTANTS, st.integers(-2_000_000, 2_000_000))
def test_order_is_that_of_the_instants(moment: datetime, microseconds: int) -> None:
    """`05.1Z` is later than `05Z`, although its text sorts before."""
    other = moment + timedelta(microseconds=microseconds)

    assert is_later(format_instant(moment), format_instant(other)) == (moment > other)


@pytest.mark.parametrize("text", ["", "soon", "2024-13-01", "0001-01-01T00:00:00+14:00"])
def test_what_is_no_instant_is_refused_without_repeating_it(text: str) -> None:
    """The text may be anything that somebody has put into a setting."""
    with pytest.raises(ValueError, match=r"^not an ISO 8601 date or date-time$"):
        parse_instant(text)


def test_an_http_date_is_understood_or_none() -> None:
    """A missing `Date` header is no reason to fail."""
    assert http_date("Wed, 01 May 2024 12:00:00 GMT") == datetime(2024, 5, 1, 12, tzinfo=UTC)
    assert http_date("") is None
