"""What a chat teaches of the names in it, for other chats (see `settled`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from target_creovai.model.participants import Role
from target_creovai.parsers.transcript.speakers.facts import Evidence
from target_creovai.parsers.transcript.speakers.names import is_label
from target_creovai.participants.settled import ANSWERING

if TYPE_CHECKING:
    from target_creovai.parsers.transcript.speakers.facts import Cast

# What a chat says by itself: what the operator says of it, or other chats do, teaches nothing.
_NOT_ITS_OWN: Final = frozenset({Evidence.RULE, Evidence.OTHER_CHATS})


def lessons(cast: Cast) -> dict[str, Role]:
    """Return what a settled chat tells of its speakers, by key of name."""
    decisions = cast.decisions.values()
    own = {decision.evidence for decision in decisions}.isdisjoint(_NOT_ITS_OWN)
    teaching = {Role.CUSTOMER, *ANSWERING} if own else {Role.CUSTOMER}
    found: dict[str, Role] = {}
    for person, decision in cast.decisions.items():
        if decision.role in teaching and not is_label(person.name):
            known = found.setdefault(person.name, decision.role)
            found[person.name] = Role.CUSTOMER if Role.CUSTOMER in {known, decision.role} else known
    return found
