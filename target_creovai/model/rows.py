"""Rows of Salesforce, as they travel from a record of the input to a conversation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = dict[str, Any]
"""One Salesforce row as the tap emitted it: field name to JSON value, parents nested."""

PERSON = "person"  # the kind of rows that are of no conversation
# What is kept of a person: the fields that a row has of its parent.
PEOPLE: Mapping[str, frozenset[str]] = {
    "User": frozenset({"FirstName", "LastName", "Name", "Email", "Username", "UserType"}),
    "Contact": frozenset({"FirstName", "LastName", "Name", "Email", "Phone"}),
}

# The key under which a stored row names fields that were not read with it: their form was not
# understood, or their values are those of an earlier version.
UNREAD = ":unread"

# An auto-number of Salesforce has 30 characters at most.
LONGEST_NUMBER = 40


class DroppedRow(dict[str, Any]):
    """What `retention_days` has left of a row: its Id and its SystemModstamp."""


class StagedRow(msgspec.Struct, frozen=True, gc=False):
    """A row on its way into the store. `body` is its JSON, `modified` sorts as text.

    Where `merges` is true the row is a conversation itself, and `merged_into` the one
    that takes over all its rows, if there is any. Conversations of the same `collection`
    belong together. `number` is the one by which people know a case. The row `lacks` needed
    fields, as it was read without them.
    """

    stream: str
    id: str
    kind: str
    conversation: str | None
    modified: str
    body: bytes
    merges: bool = False
    merged_into: str | None = None
    collection: str | None = None
    number: str | None = None
    lacks: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What makes a row the same row."""
        return self.stream, self.id


def case_number_key(value: object) -> str | None:
    """Return a CaseNumber as it is looked for, without leading zeros; None if it is none.

    What cannot be printed is none: databases refuse NUL and halves of surrogate pairs.
    """
    bare = str(value or "").strip().lstrip("0")
    return bare if 0 < len(bare) <= LONGEST_NUMBER and bare.isprintable() else None
