"""Salesforce Ids: 15 case-sensitive characters, or 18 that are unique in any case."""

from __future__ import annotations

SHORT = 15  # characters
# The last three characters mark capitals, each with a bit for five characters.
_CHECK_CHARACTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def long_id(row_id: str) -> str:
    """Return the form of 18 characters of a Salesforce Id."""
    if len(row_id) != SHORT:
        return row_id
    groups = (row_id[start : start + 5] for start in range(0, SHORT, 5))
    bits = (sum(char.isupper() << place for place, char in enumerate(group)) for group in groups)
    return row_id + "".join(_CHECK_CHARACTERS[number] for number in bits)
