"""Values in the form that Salesforce's own interfaces give them.

A `Form` checks whether a value has it already, and makes it of the others that
databases, CSV files and other taps are known to write.
"""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from target_creovai.model.timestamps import utc
from target_creovai.salesforce.ids import SHORT, long_id

if TYPE_CHECKING:
    from collections.abc import Callable

TRUE = frozenset({"true", "t", "yes", "y", "1", "on"})
FALSE = frozenset({"false", "f", "no", "n", "0", "off"})

# EmailMessage.Status by its label (Salesforce object reference).
MAIL_STATUS = {"new": "0", "read": "1", "replied": "2", "sent": "3", "forwarded": "4", "draft": "5"}

# Salesforce began in 1999. From then to the year 2999 the units of a number don't overlap.
_OLDEST, _NEWEST = 915_148_800, 32_472_144_000
_UNITS = (1, 1_000, 1_000_000, 1_000_000_000)
_EPOCH_DIGITS = frozenset({10, 13, 16, 19})
_ZONE_NAME = re.compile(r"\s*+(?:UTC|GMT)$", re.IGNORECASE)
_DATE = re.compile(r"\d{4}-\d\d-\d\d(?!\d)")


class FormError(ValueError):
    """A value in a form that is not understood; the error does not hold the value."""


class Form(msgspec.Struct, frozen=True):
    """One form that values have.

    `types` are those of values that may pass as they are, if `fits` agrees; `convert` makes
    the form of others, or raises `FormError`. `wanted` is what a tap should send.
    """

    types: frozenset[type]
    convert: Callable[[Any], Any]
    wanted: str
    fits: Callable[[Any], bool] | None = None

    def where_it_can_be(self) -> Form:
        """Return this form for values that nothing depends on: others stay as they are."""

        def convert(value: Any) -> Any:
            try:
                return self.convert(value)
            except FormError:
                return value

        return replace(self, convert=convert)


def _boolean(value: Any) -> bool | None:
    word = _word(value)
    if word == "":
        return None
    if word in TRUE or word in FALSE:
        return word in TRUE
    raise FormError


def _word(value: Any) -> str:
    """Return a number or a text as it compares with a list of words.

    Raises:
        FormError: It is neither.
    """
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int | str):
        return str(value).strip().casefold()
    raise FormError


def _text(value: Any) -> str:
    """Return a number that a tap has made of a text, or a truth value, as that text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(int(value)) if _is_whole(value) else repr(value)
    raise FormError


def _is_whole(value: float) -> bool:
    return math.isfinite(value) and value == int(value)


def _status_of_mail(value: Any) -> str:
    if isinstance(value, bool):
        raise FormError
    word = _word(value)
    code = word.removesuffix(".0")
    return MAIL_STATUS.get(word, code if code.isdigit() else word)


def _is_status_of_mail(value: str | None) -> bool:
    return value is None or value.isdigit()


def _identifier(value: Any) -> Any:
    """Return an Id of 18 characters; what is no text stays, and is nobody's Id."""
    return (long_id(value.strip()) or None) if isinstance(value, str) else value


def _is_identifier(value: str | None) -> bool:
    return value is None or (len(value) > SHORT and not value[0].isspace())


def _number(value: Any) -> int | float | None:
    if not isinstance(value, str):
        raise FormError
    if not value.strip():
        return None
    try:
        number = float(value)
    except ValueError:
        raise FormError from None
    return int(number) if _is_whole(number) else number


def _instant(value: Any) -> str | None:
    """Return a date-time as `2024-01-02T03:04:05Z`; without a zone it is UTC."""
    if isinstance(value, str) and not (value := value.strip()):
        return None
    try:
        moment = _moment(value)
        aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise FormError from None
    return utc(aware)


def _moment(value: Any) -> datetime:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise FormError
    if not isinstance(value, str):
        return _since_1970(value)
    if value.isascii() and value.isdigit() and len(value) in _EPOCH_DIGITS:
        return _since_1970(int(value))
    if not _DATE.match(value):
        raise FormError
    return datetime.fromisoformat(_ZONE_NAME.sub("Z", value).upper())


def _since_1970(number: float) -> datetime:
    """Return the date-time of so many seconds, or of a thousandth, a millionth ... of them."""
    for unit in _UNITS:
        if _OLDEST <= number / unit < _NEWEST:
            seconds, rest = divmod(number, unit)
            micros = int(rest * 1_000_000 // unit)
            return datetime.fromtimestamp(int(seconds), UTC).replace(microsecond=micros)
    raise FormError


def _is_instant(value: str | None) -> bool:
    """Return whether `parse_time` takes it, and Salesforce could have written it."""
    if value is None:
        return True
    try:
        datetime.fromisoformat(value)
    except ValueError:
        return False
    return value[10:11] == "T"


_NONE = type(None)
BOOLEAN = Form(frozenset({bool, _NONE}), _boolean, "true or false")
TEXT = Form(frozenset({str, _NONE}), _text, "text")
MAIL_STATUS_CODE = Form(
    frozenset({str, _NONE}), _status_of_mail, "text, such as 3", _is_status_of_mail
)
IDENTIFIER = Form(frozenset({str, _NONE}), _identifier, "an Id", _is_identifier)
NUMBER = Form(frozenset({int, float, _NONE}), _number, "a number")
INSTANT = Form(
    frozenset({str, _NONE}), _instant, "a date-time, such as 2024-01-02T03:04:05Z", _is_instant
)


def document(value: Any) -> Any:
    """Return the object that a text is the JSON of; what is none stays as it is."""
    try:
        found = msgspec.json.decode(value) if isinstance(value, str) else value
    except (msgspec.DecodeError, RecursionError):
        return value
    return found if isinstance(found, dict) else value


_KINDS: dict[type, str] = {
    bool: "true or false",
    int: "a number",
    float: "a number",
    str: "a text",
    list: "a list",
    dict: "an object",
    _NONE: "null",
}


def kind_of(value: object) -> str:
    """Return the JSON type of a value in words, for messages that must not quote it."""
    return _KINDS.get(type(value), "something else")
