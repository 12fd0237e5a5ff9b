"""Salesforce Ids: 15 characters, or 18 that survive where upper and lower case are the same."""

from __future__ import annotations

SHORT = 15
# The alphabet of the three characters that tell capitals, a bit for each of five letters.
_CHECK_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def long_id(row_id: str) -> str:
    """Return the form of 18 characters of a Salesforce Id."""
    if len(row_id) != SHORT:
        return row_id
    groups = (row_id[start : start + 5] for start in range(0, SHORT, 5))
    bits = (sum(char.isupper() << place for place, char in enumerate(group)) for group in groups)
    return row_id + "".join(_CHECK_CHARACTERS[number] for number in bits)
