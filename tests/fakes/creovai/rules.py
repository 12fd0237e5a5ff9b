"""What Creovai refuses in a request body.

Written from the public description of the API and apart from the target's own validation, so
that the two can disagree. A check takes a place and a value and yields what is wrong there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    Check: TypeAlias = Callable[[str, Any], Iterator["Problem"]]

TICKS_PER_SECOND = 10**7  # .NET counts time in tenths of a microsecond
PURGE_LIMIT = 100  # ids in one purge request; documented for version 1 of the API

# What .NET trims: not what Python does, which also counts the separators 0x1C to 0x1F.
_BLANK = re.compile("[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*")
_MOMENT = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})"
    r"T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])(?:\.([0-9]{1,7}))?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})",
)


@dataclass(frozen=True, slots=True)
class Problem:
    """One broken rule; `value` is the sender's own text, as a real validation error quotes it."""

    rule: str
    where: str
    value: Any


def ticks(moment: str) -> int:
    """Return the .NET ticks of a date-time, its offset left out of account.

    Raises:
        ValueError: It is not in the wire form, not on the calendar, or .NET's unset date.
    """
    match = _MOMENT.fullmatch(moment)
    if match is None:
        msg = "not the wire form of a date-time"
        raise ValueError(msg)
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    days = date(year, month, day).toordinal()
    if days == 1:
        msg = "0001-01-01 is what .NET sends for a date that was never set"
        raise ValueError(msg)
    seconds = ((days * 24 + hour) * 60 + minute) * 60 + second
    return seconds * TICKS_PER_SECOND + int((match[7] or "").ljust(7, "0"))


# --- checks of single values -------------------------------------------------------------------


def text(where: str, value: Any) -> Iterator[Problem]:
    """Insist on a string that is not empty."""
    if not isinstance(value, str):
        yield Problem("must-be-text", where, value)
    elif not value:
        yield Problem("must-not-be-empty", where, value)


def filled(where: str, value: Any) -> Iterator[Problem]:
    """Insist on a string that says something, as .NET's `Required` does."""
    if isinstance(value, str) and _BLANK.fullmatch(value):
        yield Problem("must-not-be-blank", where, value)
    else:
        yield from text(where, value)


def email(where: str, value: Any) -> Iterator[Problem]:
    """Insist on .NET's idea of an address: one `@`, neither first nor last, on one line."""
    if not isinstance(value, str) or not re.fullmatch(r"[^@\r\n]+@[^@\r\n]+", value):
        yield Problem("must-be-an-email-address", where, value)


def moment(where: str, value: Any) -> Iterator[Problem]:
    """Insist on a date-time of the wire form with `Z` or an offset."""
    try:
        ticks(value if isinstance(value, str) else "")
    except ValueError:
        yield Problem("must-be-a-date-time", where, value)


def utc(where: str, value: Any) -> Iterator[Problem]:
    """Insist on a date-time in UTC, which only `Z` says."""
    if isinstance(value, str) and not value.endswith("Z"):
        yield Problem("must-be-utc", where, value)
    else:
        yield from moment(where, value)


def free_form(where: str, value: Any) -> Iterator[Problem]:
    """Insist on an object and look no further: metadata is the sender's own."""
    if not isinstance(value, dict):
        yield Problem("must-be-an-object", where, value)


def some_metadata(where: str, value: Any) -> Iterator[Problem]:
    """Insist on an object that holds at least one field."""
    if value == {}:
        yield Problem("must-not-be-empty", where, value)
    yield from free_form(where, value)


def flag(where: str, value: Any) -> Iterator[Problem]:
    """Insist on true or false."""
    if not isinstance(value, bool):
        yield Problem("must-be-true-or-false", where, value)


def monitor_status(where: str, value: Any) -> Iterator[Problem]:
    """Insist on one of the states that a heartbeat can report."""
    if value not in {"Unknown", "Healthy", "Warning", "Error", "Offline"}:
        yield Problem("must-be-a-monitor-status", where, value)


@dataclass(frozen=True, slots=True)
class ListOf:
    """Insist on an array of `least` to `most` items that each pass a check."""

    item: Check
    least: int = 0
    most: int | None = None

    def __call__(self, where: str, value: Any) -> Iterator[Problem]:
        if not isinstance(value, list):
            yield Problem("must-be-an-array", where, value)
            return
        if len(value) < self.least:
            yield Problem("too-few-items", where, value)
        if self.most is not None and len(value) > self.most:
            yield Problem("too-many-items", where, value)
        for index, item in enumerate(value):
            yield from self.item(f"{where}[{index}]", item)


@dataclass(frozen=True, slots=True)
class Shape:
    """Insist on an object of known members, none of them null."""

    required: Mapping[str, Check]
    optional: Mapping[str, Check] = field(default_factory=dict)

    def __call__(self, where: str, value: Any) -> Iterator[Problem]:
        if not isinstance(value, dict):
            yield Problem("must-be-an-object", where, value)
            return
        for name in self.required.keys() - value.keys():
            yield Problem("must-be-present", f"{where}.{name}", value)
        for name, inner in value.items():
            yield from self._member(f"{where}.{name}", name, inner)

    def _member(self, where: str, name: str, value: Any) -> Iterator[Problem]:
        check = self.required.get(name) or self.optional.get(name)
        if check is None:
            yield Problem("unknown-member", where, value)
        elif value is None:
            yield Problem("must-not-be-null", where, value)
        else:
            yield from check(where, value)


# --- the requests ------------------------------------------------------------------------------

_SESSION = {"sessionId": filled, "utcStart": utc, "utcEnd": utc}
_GROUPING = {"masterId": text, "collectionId": text, "metadata": free_form}
_PERSON_KEY = {"referenceId": filled, "type": filled}
_PERSON = {"firstName": text, "lastName": text, "phoneNumber": text, "email": email}

_CUSTOM_EVENT = Shape({}, {"id": text, "source": text})
_CHAT_MESSAGE = Shape(
    {"content": filled, "utcTimestamp": utc},
    {"customEvents": ListOf(_CUSTOM_EVENT)},
)
_CHAT_PARTICIPANT = Shape(_PERSON_KEY, {**_PERSON, "messages": ListOf(_CHAT_MESSAGE)})
_CHAT = Shape(
    {**_SESSION, "participants": ListOf(_CHAT_PARTICIPANT, least=1)},
    {**_GROUPING, "caseReferenceId": text},
)
_CASE_MESSAGE = Shape(
    {"utcTimestamp": utc, "senderReferenceId": filled, "channel": filled, "content": filled},
)
_CASE = Shape(
    {**_SESSION, "participants": ListOf(Shape(_PERSON_KEY, _PERSON), least=1)},
    {**_GROUPING, "messages": ListOf(_CASE_MESSAGE)},
)

OUT_OF_BAND_KEYS = {
    "interaction": "sessionId",
    "case": "caseReferenceId",
    "master": "masterId",
    "collection": "collectionId",
}
OUT_OF_BAND = {
    scope: Shape({key: filled, "metadata": some_metadata}, {"eventTime": utc})
    for scope, key in OUT_OF_BAND_KEYS.items()
}
SESSION_IDS = Shape({"sessionIds": ListOf(text, least=1)})
HEARTBEAT = Shape(
    {"status": monitor_status, "timeStamp": moment},
    {"name": text, "softwareVersion": text},
)
PURGE = Shape(
    {"ids": ListOf(text, least=1, most=PURGE_LIMIT)},
    {"allowIncompleteInteraction": flag},
)
_PURGE_CUSTOMER = Shape(
    {},
    {
        "allowIncompleteInteraction": flag,
        "phoneNumbers": ListOf(text, least=1),
        "emails": ListOf(email, least=1),
    },
)


def chat_problems(chat: Any, participant_types: AbstractSet[str]) -> list[Problem]:
    """Return what is wrong with a chat; rules across members only once each member is right."""
    return list(_CHAT("chat", chat)) or list(_chat_as_a_whole(chat, participant_types))


def case_problems(case: Any, participant_types: AbstractSet[str]) -> list[Problem]:
    """Return what is wrong with a case; rules across members only once each member is right."""
    return list(_CASE("case", case)) or list(_case_as_a_whole(case, participant_types))


def purge_customer(where: str, value: Any) -> Iterator[Problem]:
    """Insist on a purge by customer that says which customer."""
    yield from _PURGE_CUSTOMER(where, value)
    if isinstance(value, dict) and value.keys().isdisjoint({"phoneNumbers", "emails"}):
        yield Problem("must-name-a-customer", where, value)


def _chat_as_a_whole(chat: Any, types: AbstractSet[str]) -> Iterator[Problem]:
    people = chat["participants"]
    yield from _window(chat, (said for who in people for said in who.get("messages", [])))
    yield from _configured(people, types)
    yield from _once_each(people, lambda who: (who["type"], who["referenceId"]))


def _case_as_a_whole(case: Any, types: AbstractSet[str]) -> Iterator[Problem]:
    people, messages = case["participants"], case.get("messages", [])
    yield from _window(case, messages)
    yield from _configured(people, types)
    # A case message names its sender without the type, so the id alone is the key.
    yield from _once_each(people, lambda who: who["referenceId"])
    known = {who["referenceId"] for who in people}
    for message in messages:
        if message["senderReferenceId"] not in known:
            yield Problem("sender-must-be-a-participant", "messages", message)


def _window(session: Any, messages: Iterable[Any]) -> Iterator[Problem]:
    start, end = ticks(session["utcStart"]), ticks(session["utcEnd"])
    if start > end:
        yield Problem("start-must-not-be-after-end", "utcStart", session)
        return  # no message could be within
    for message in messages:
        if not start <= ticks(message["utcTimestamp"]) <= end:
            yield Problem("message-must-be-within-the-session", "messages", message)


def _configured(people: Iterable[Any], types: AbstractSet[str]) -> Iterator[Problem]:
    for who in people:
        if who["type"] not in types:
            yield Problem("participant-type-must-be-configured", "participants", who)


def _once_each(people: Iterable[Any], key: Callable[[Any], object]) -> Iterator[Problem]:
    seen: set[object] = set()
    for who in people:
        if key(who) in seen:
            yield Problem("participant-must-be-unique", "participants", who)
        seen.add(key(who))
