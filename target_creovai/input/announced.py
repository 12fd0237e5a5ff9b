"""What the SCHEMA messages of an input announce."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_creovai.errors import InputError
from target_creovai.salesforce.spelling import fields_of
from target_creovai.salesforce.streams import CONVERSATION_STREAMS, object_of

if TYPE_CHECKING:
    from collections.abc import Iterable


class AnnouncedStreams:
    """Which stream brings which of Salesforce's objects, and with which fields.

    `fields` has the names that a SCHEMA gives, in Salesforce's spelling, by object; `any` is true
    once a SCHEMA has come, of whatever stream.
    """

    def __init__(self) -> None:
        self.any = False
        self.fields: dict[str, frozenset[str]] = {}
        self._streams: dict[str, str] = {}
        self._others: set[str] = set()

    def register(self, stream: str, properties: Iterable[str]) -> str | None:
        """Return the object that a stream brings, None if it makes no conversation.

        Raises:
            InputError: Another stream brings it already.
        """
        names = list(properties)
        found = object_of(stream, names)
        if found is None:
            self._others.add(stream)
            return None
        if (other := self._streams.setdefault(found, stream)) != stream:
            msg = (
                f"The streams '{other}' and '{stream}' are both taken for {found}: leave one of "
                "them out, or give it another name in the tap's stream_maps."
            )
            raise InputError(msg)
        self.fields[found] = fields_of(found, names)
        return found

    @property
    def lack_of_streams(self) -> str | None:
        """Why nothing can come of this input: it has streams, and none of a conversation."""
        if self._streams or not self._others:
            return None
        return (
            f"None of the streams of the input makes a conversation ({_listed(self._others)}). "
            f"Expected are {', '.join(CONVERSATION_STREAMS)}: select them in the tap, or give "
            "its streams these names in its stream_maps."
        )


def _listed(streams: set[str], most: int = 10) -> str:
    first = ", ".join(f"'{name}'" for name in sorted(streams)[:most])
    return f"{first} and {len(streams) - most} more" if len(streams) > most else first
