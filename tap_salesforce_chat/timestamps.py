"""The canonical form of instants: RFC 3339 in UTC, `2024-01-02T03:04:05Z`.

A fraction is kept if it is not zero. Consumers compare instants as text, as Singer does with
bookmarks: every instant that the tap writes has this form.
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

# The usual forms of Salesforce's APIs: whole seconds in UTC.
_WHOLE_SECONDS_UTC = {".000+0000", ".000Z", "Z"}
_SECONDS_LENGTH = len("2024-01-02T03:04:05")
_WHOLE_SECONDS_LENGTH = _SECONDS_LENGTH + len("Z")


def parse_instant(text: str) -> datetime:
    """Return the instant in UTC; one without an offset is taken as UTC.

    Raises:
        ValueError: The text is no ISO 8601 date or date-time. The message does not repeat it.
    """
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        msg = "not an ISO 8601 date or date-time"
        raise ValueError(msg) from None


def format_instant(moment: datetime) -> str:
    """Return the canonical text of an aware date-time."""
    utc = moment.astimezone(UTC)
    precision = ("seconds", "milliseconds", "microseconds")[
        bool(utc.microsecond) + bool(utc.microsecond % 1000)
    ]
    return utc.isoformat(timespec=precision).removesuffix("+00:00") + "Z"


def canonical(text: str) -> str:
    """Return the canonical form of a date-time in any form of ISO 8601."""
    if text[_SECONDS_LENGTH:] in _WHOLE_SECONDS_UTC:
        return text[:_SECONDS_LENGTH] + "Z"
    return format_instant(parse_instant(text))


def is_later(one: str, other: str) -> bool:
    """Return whether one instant, as text, is later than another."""
    if len(one) == len(other) == _WHOLE_SECONDS_LENGTH:
        return one > other
    return parse_instant(one) > parse_instant(other)


def http_date(text: str) -> datetime | None:
    """Return the instant of an HTTP date, such as a `Date` header; None if it is malformed."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (ValueError, TypeError, OverflowError):
        return None


def format_http_date(moment: datetime) -> str:
    """Return an instant as an HTTP date, in whole seconds."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)
