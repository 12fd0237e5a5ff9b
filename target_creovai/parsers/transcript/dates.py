"""The printed start of a chat, such as `Monday, December 17, 2018, 23:27:57 (-0500)`, as UTC.

The zone is printed, so no zone database is needed. The weekday is not looked at: a wrong one says
nothing about the other fields. What is ambiguous (`03/04/2021`) has no value here: the
record's own StartTime is better than a guess.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone
from functools import lru_cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# January to December; the languages' own lists overlap without ever disagreeing.
_MONTHS: Final = (
    "january february march april may june july august september october november december",
    "jan feb mar apr may jun jul aug sep oct nov dec",
    "januar februar märz april mai juni juli august september oktober november dezember",
    "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "januari februari mars april maj juni juli augusti september oktober november december",
    "januar februar marts april maj juni juli august september oktober november december",
    "januar februar mars april mai juni juli august september oktober november desember",
    "tammi helmi maalis huhti touko kesä heinä elo syys loka marras joulu",
    "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października "  # noqa: ISC004
    "listopada grudnia",
    "ledna února března dubna května června července srpna září října listopadu prosince",
)
MONTHS: Final = {
    name: number for names in _MONTHS for number, name in enumerate(names.split(), start=1)
}

_AFTERNOON: Final = frozenset({"p", "午後", "下午", "오후"})
_TIME = (
    r"(?:(午前|午後|上午|下午|오전|오후) ?)?"
    r"(\d{1,2})[:.h時时点시] ?(\d{2})(?:[:.分분] ?(\d{2}))?[分秒분초]?(?: ?([ap])\.?m\.?)?"
)
_ZONE = r"[(\uff08](?:GMT|UTC)? ?([+\-\u2212])(\d{1,2})(?::?(\d{2}))?[)\uff09]"
CLOCK: Final = re.compile(rf"(?<!\d){_TIME} {{0,4}}{_ZONE}", re.IGNORECASE)
_UNZONED: Final = re.compile(rf"(?<!\d){_TIME}", re.IGNORECASE)
_ZONE_MARK: Final = re.compile(_ZONE, re.IGNORECASE)
_LONGEST_TIME: Final = len("午前 11時 59分 59秒 p.m.    ")
_MONTH_NUMBER: Final = re.compile(r"(?<!\d)(\d{1,2}) ?[月월]")
_EPOCH: Final = re.compile(r"(?<!\d)(\d{10})(\d{3})?[ \"']*\Z")
_WORD: Final = re.compile(r"[^\W\d_]+")
_NUMBER: Final = re.compile(r"\d+")
_YEAR_FIRST: Final = re.compile(r"(?<!\d)(\d{4})[-/.年] ?(\d{1,2})[-/.月] ?(\d{1,2})(?!\d)")
_YEAR_LAST: Final = re.compile(r"(?<!\d)(\d{1,2})([-/.]) ?(\d{1,2})[-/.] ?(\d{4})(?!\d)")
_LAST_MONTH: Final = 12
_YEAR_DIGITS: Final = 4
_LONGEST_DATE: Final = 100

_EPOCH_START: Final = datetime(1970, 1, 1, tzinfo=UTC)


def parse_start(text: str) -> datetime | None:
    """Return the moment in UTC that a start line states, or None where it states none for sure."""
    clock = next(find_clocks(text), None)
    try:
        return _from_clock(text[: clock.start()], clock) if clock else _from_epoch(text)
    except (ValueError, OverflowError):  # no such day, hour or zone; or beyond year 9999
        return None


def parse_clock(text: str) -> time | None:
    """Return the time of day that a start line states, whatever it says of the day.

    It has a zone where the line has one.
    """
    clock = CLOCK.search(text) or _UNZONED.search(text)
    try:
        return _time_of(clock) if clock else None
    except ValueError:  # no such hour or zone
        return None


def stamp_of(day: str | None, clock: str, half: str | None, zone: str | None) -> str:
    """Return a stamp in the form of ISO 8601; without a day it is a time of day."""
    hour, colon, rest = clock.partition(":")
    printed = f"{_on_24_hours(int(hour), half):02}{colon}{rest}"
    return f"{day}T{printed}{zone or ''}" if day else f"{printed}{zone or ''}"


def find_clocks(text: str) -> Iterator[re.Match[str]]:
    """Yield each `CLOCK` in a text, looking back from the rarer zones."""
    for zone in _ZONE_MARK.finditer(text):
        if clock := CLOCK.search(text, max(0, zone.start() - _LONGEST_TIME), zone.end()):
            yield clock


def states_epoch(text: str) -> bool:
    """Tell whether the text ends in seconds or milliseconds since 1970."""
    return _EPOCH.search(text) is not None


def _from_epoch(text: str) -> datetime | None:
    epoch = _EPOCH.search(text)
    if epoch is None:
        return None
    return _EPOCH_START + timedelta(seconds=int(epoch[1]), milliseconds=int(epoch[2] or 0))


def _from_clock(date_text: str, clock: re.Match[str]) -> datetime | None:
    # Many chats begin on the same day; a long text is none that Salesforce printed.
    day = _known_day(date_text) if len(date_text) <= _LONGEST_DATE else _day(date_text)
    if day is None:
        return None
    return datetime.combine(date(*day), _time_of(clock)).astimezone(UTC)


def _time_of(clock: re.Match[str]) -> time:
    before, hour, minute, second, after, *zone = clock.groups()
    return time(
        _on_24_hours(int(hour), before or after),
        int(minute),
        int(second or 0),
        tzinfo=_zone_of(*zone) if zone else None,
    )


def _zone_of(sign: str, hours: str, minutes: str | None) -> timezone:
    zone = timedelta(hours=int(hours), minutes=int(minutes or 0))
    return timezone(zone if sign == "+" else -zone)


def _on_24_hours(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    return hour % 12 + (12 if half.lower() in _AFTERNOON else 0)


def _day(text: str) -> tuple[int, int, int] | None:
    """Return year, month and day."""
    if iso := _YEAR_FIRST.search(text):
        return int(iso[1]), int(iso[2]), int(iso[3])
    if numeric := _YEAR_LAST.search(text):
        return _numeric_day(numeric)
    return _worded_day(text)


_known_day: Final = lru_cache(maxsize=1024)(_day)


def _numeric_day(match: re.Match[str]) -> tuple[int, int, int] | None:
    first, separator, second, year = int(match[1]), match[2], int(match[3]), int(match[4])
    # Dots are written day first everywhere; with slashes and hyphens only a number that cannot
    # be a month tells which is which.
    if separator == "." or first > _LAST_MONTH or first == second:
        return year, second, first
    return (year, first, second) if second > _LAST_MONTH else None


def _worded_day(text: str) -> tuple[int, int, int] | None:
    months = {MONTHS[word] for word in _WORD.findall(text.casefold()) if word in MONTHS}
    months |= {int(month) for month in _MONTH_NUMBER.findall(text)}
    numbers = _NUMBER.findall(_MONTH_NUMBER.sub("", text))
    years = [number for number in numbers if len(number) == _YEAR_DIGITS]
    days = [number for number in numbers if len(number) < _YEAR_DIGITS]
    # A weekday may look like a short month ("mar" is Tuesday in three languages): then nothing.
    if (len(months), len(years), len(days)) != (1, 1, 1):
        return None
    return int(years[0]), months.pop(), int(days[0])
