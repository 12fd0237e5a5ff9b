"""Who takes part in a conversation."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

import msgspec


class Role(StrEnum):
    """A participant's role; `participant_types` maps it to Creovai's names."""

    AGENT = "agent"
    CUSTOMER = "customer"
    BOT = "bot"
    SYSTEM = "system"
    UNKNOWN = "unknown"


class Participant(msgspec.Struct, frozen=True):
    """Someone who took part. `reference_id` and `role` together are the key."""

    reference_id: str
    role: Role
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None
    phone: str | None = None

    @property
    def name(self) -> str:
        """First and last name as far as they are known, else the key."""
        return " ".join(filter(None, (self.first_name, self.last_name))) or self.reference_id


class Speaker(NamedTuple):
    """A name that a transcript prints, its role, and the evidence for it."""

    name: str
    role: Role
    evidence: str
