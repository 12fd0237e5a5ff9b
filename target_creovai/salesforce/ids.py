"""Salesforce Ids: 15 characters, or 18 that survive where upper and lower case are the same."""

from __future__ import annotations

from string import ascii_uppercase

SHORT, LONG = 15, 18
_CHUNK = 5
# One character for each combination of upper and lower case in five (Salesforce help, record Ids).
_SUFFIXES = ascii_uppercase + "012345"


def long_id(value: str) -> str:
    """Return an Id in its form of 18 characters; what is no Id of 15 is returned as it is."""
    if len(value) != SHORT or not (value.isascii() and value.isalnum()):
        return value
    chunks = (value[start : start + _CHUNK] for start in range(0, SHORT, _CHUNK))
    return value + "".join(map(_suffix, chunks))


def _suffix(chunk: str) -> str:
    return _SUFFIXES[sum(1 << place for place, letter in enumerate(chunk) if letter.isupper())]
