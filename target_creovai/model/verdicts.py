"""Verdicts on rows that make no conversation to send: waiting, skipped, deleted, set aside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from target_creovai.model.outcomes import Code, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from target_creovai.model.findings import Findings
    from target_creovai.model.participants import Speaker


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not a conversation yet. `until` is when time alone may change that.

    `for_main_row`: the row that is the conversation itself is not there.
    """

    reason: Reason
    until: datetime | None = None
    for_main_row: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Skipped:
    """Nothing to deliver here, unless the rows change; `proven` as a conversation is."""

    reason: Reason
    findings: Findings = field(default_factory=dict)
    proven: bool = field(default=True, compare=False)


class Deleted(msgspec.Struct, frozen=True):
    """Its record is in Salesforce's recycle bin: never sent, and taken back if it was."""

    reason: Reason = Reason(Code.DELETED)


@dataclass(frozen=True, slots=True)
class SetAside:
    """Rows that make no payload that could be sent.

    `reason` holds no customer text. `detail`, which may, goes into the ledger only.
    """

    reason: Reason
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSpeakers(SetAside):
    """A chat in which a speaker's role is open; other chats may have it."""

    speakers: tuple[Speaker, ...]


# Sent from what is left, it would be incomplete. The command names Ids, and belongs to a report.
NEEDS_ROWS = SetAside(Reason(Code.NEEDS_ROWS))
