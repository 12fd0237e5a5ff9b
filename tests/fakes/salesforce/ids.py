"""Record ids: three characters of key prefix, an instance, a counter and a checksum."""

from __future__ import annotations

import string

# ASCII order, so that ids sort in the order in which they were given out.
_BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CHECKSUM = string.ascii_uppercase + "012345"
_INSTANCE = "8d0"
_COUNTER_WIDTH = 9
_SHORT, _LONG = 15, 18
_BLOCK = 5


def make_id(prefix: str, number: int) -> str:
    """Return the 18-character id of the `number`-th record of an object."""
    digits = ""
    while number:
        number, digit = divmod(number, len(_BASE62))
        digits = _BASE62[digit] + digits
    return long_id(prefix + _INSTANCE + digits.rjust(_COUNTER_WIDTH, "0"))


def long_id(text: str) -> str:
    """Return the 18-character form of an id of 15 or 18 characters.

    The last three characters only tell which of the others are capitals, so
    that software that ignores case can still tell two ids apart.

    Raises:
        ValueError: The text is no id, or its checksum is wrong.
    """
    short = text[:_SHORT]
    if len(text) not in {_SHORT, _LONG} or not (short.isascii() and short.isalnum()):
        msg = f"not a record id ({len(text)} characters)"
        raise ValueError(msg)
    complete = short + "".join(map(_check, range(0, _SHORT, _BLOCK), [short] * 3))
    if text not in {short, complete}:
        msg = "record id with a wrong checksum"
        raise ValueError(msg)
    return complete


def _check(start: int, short: str) -> str:
    block = short[start : start + _BLOCK]
    return _CHECKSUM[sum(1 << place for place, char in enumerate(block) if char.isupper())]
