"""Names that a transcript prints: what is known of them beforehand, and what is left open."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from target_creovai.kinds.people import is_user
from target_creovai.model import Role, Unfit, whole_name
from target_creovai.parsers.transcript import KnownNames
from target_creovai.parsers.transcript.speakers import name_key
from target_creovai.parsers.transcript.words import LABELS
from target_creovai.rows import parent_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_creovai.model import Row, Rules
    from target_creovai.parsers.transcript import Line


def known_names(row: Row, rules: Rules) -> KnownNames:
    """Return what a chat's record and the settings know of its speakers."""
    owner = text_of(parent_of(row, "Owner"), "Name") if is_user(row, "Owner") else None
    customers = [text_of(parent_of(row, parent), "Name") for parent in ("Contact", "Lead")]
    return KnownNames(
        agents=frozenset(filter(None, [owner])),
        customers=frozenset(filter(None, customers)),
        # `re` keeps what it compiled last, so this costs a look-up a chat.
        rules=tuple((whole_name(pattern), role) for pattern, role in rules.speaker_roles),
    )


def unknown_speakers(lines: Iterable[Line], rules: Rules) -> Unfit | None:
    """Return why a chat is set aside of which it is open who speaks.

    A wrong side would silently spoil the analysis.
    """
    unknown = Counter(
        str(line.speaker) for line in lines if line.role is Role.UNKNOWN and line.text.strip()
    )
    if not unknown or Role.UNKNOWN in rules.participant_types:
        return None
    reason = (
        f"who speaks is open for {unknown.total()} messages of {len(unknown)} speakers: give "
        "their names a role in speaker_roles, or name a type for all such in "
        "participant_types.unknown (the README tells where the names are)"
    )
    return Unfit(reason, detail={"unknown_speakers": dict(unknown)})


def printed_name(lines: Iterable[Line]) -> str | None:
    """Return the name under which the customer wrote, unless it is a label such as "Visitor 12"."""
    names = (line.speaker for line in lines if line.role is Role.CUSTOMER)
    return next((name for name in names if name and not _is_label(name)), None)


def _is_label(name: str) -> bool:
    return name_key(name).rstrip("0123456789#-_ ") in {*LABELS, ""}
