"""The settings as the assembly and the delivery of conversations take them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_creovai.model.participants import Role

# So much of a fingerprint of the settings is of those that shape what Creovai gets.
SHAPE_LENGTH = 32
# And so much, behind that, of what decides whether a conversation is open.
OPENING_LENGTH = 8


class AssemblySettings(msgspec.Struct, frozen=True):
    """The settings that decide how rows become conversations."""

    case_delivery: str = "closed"
    settle_minutes: int = 0
    include_internal_comments: bool = False
    strip_quoted_replies: bool = True
    strip_signatures: bool = False
    participant_types: Mapping[str, str | None] = msgspec.field(
        default_factory=lambda: {"agent": "Agent", "customer": "Customer", "bot": "Bot"}
    )
    speaker_roles: tuple[tuple[str, Role], ...] = ()
    agent_id: str = "Email"
    session_id_prefix: str = ""
    metadata_exclude: frozenset[str] = frozenset()
    accept_missing: tuple[str, ...] = ()
    max_payload_bytes: int | None = None
    redact: tuple[tuple[str, str], ...] = ()
    redact_region: str | None = None
    other_chats: Mapping[str, Role] = msgspec.field(default_factory=dict)
    """No setting: roles of names in other chats, for names whose role a chat leaves open."""
    keep_removed: bool = False
    """No setting: whether conversations keep what is not sent of them, for `preview`."""

    def leaves_out(self, role: Role) -> bool:
        """Return whether messages of this role are not to be sent."""
        return self.participant_types.get(role) is None


class Policy(msgspec.Struct, frozen=True):
    """The settings that decide how delivery goes."""

    workers: int = 4
    case_updates: str = "resend"
    on_delete: str = "ignore"
    max_deletes: int = 100
    max_failures: int | None = None
    doubt_minutes: int = 15


def whole_name(pattern: str) -> re.Pattern[str]:
    """Return what a pattern of `speaker_roles` means: the whole name, in any case.

    Raises:
        re.error: It is no pattern, or one with flags in front (`(?i)`).
    """
    return re.compile(rf"\A(?:{pattern})\Z", re.IGNORECASE)
