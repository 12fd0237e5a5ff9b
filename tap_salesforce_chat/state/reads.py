"""What STATE says about what a sync reads of a stream."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.timestamps import format_instant

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(slots=True)
class SyncReads:
    """What a sync reads of a stream: an item of `sync_reads`.

    Args:
        since: The first instant of SystemModstamp that is read, None: from the beginning on.
        condition: The condition of the setting `filters` on the stream.
        until: All rows that changed before are emitted; None: the stream is not read to its end.
        whole_before: The bound before which the older rows of changed cases are emitted.
        without: The needed fields that cannot be read.
    """

    since: datetime | None
    condition: str | None
    until: datetime | None = None
    whole_before: datetime | None = None
    without: tuple[str, ...] = ()

    def document(self) -> dict[str, Any]:
        """Return the item, without keys that have no value."""
        document: dict[str, Any] = {"since": format_instant(self.since) if self.since else None}
        if self.condition:
            document["filter"] = sha256(self.condition.encode()).hexdigest()[:12]
        if self.until:
            document["until"] = format_instant(self.until)
        if self.whole_before:
            document["whole_before"] = format_instant(self.whole_before)
        if self.without:
            document["without"] = list(self.without)
        return document
