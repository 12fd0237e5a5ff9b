"""A row on its way into the store."""

from __future__ import annotations

import msgspec


class StagedRow(msgspec.Struct, frozen=True):
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
