"""The roles that a chat has decided by itself, by name, for other chats (see `other_chats`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from target_creovai.model.participants import Role
from target_creovai.parsers.transcript.speakers.facts import Evidence
from target_creovai.parsers.transcript.speakers.names import is_label
from target_creovai.participants.other_chats import ANSWERING_ROLES

if TYPE_CHECKING:
    from target_creovai.parsers.transcript.speakers.facts import SpeakerRoles

# Roles that come from the settings or from other chats are no evidence for other chats.
_NOT_ITS_OWN: Final = frozenset({Evidence.RULE, Evidence.OTHER_CHATS})


def roles_by_name(speaker_roles: SpeakerRoles) -> dict[str, Role]:
    """Return the role of each name, by key, that other chats may rely on.

    Where part of the evidence is not the chat's own, only customers are among them.
    """
    decisions = speaker_roles.decisions.values()
    own = {decision.evidence for decision in decisions}.isdisjoint(_NOT_ITS_OWN)
    usable = {Role.CUSTOMER, *ANSWERING_ROLES} if own else {Role.CUSTOMER}
    found: dict[str, Role] = {}
    for person, decision in speaker_roles.decisions.items():
        if decision.role in usable and not is_label(person.name):
            known = found.setdefault(person.name, decision.role)
            found[person.name] = Role.CUSTOMER if Role.CUSTOMER in {known, decision.role} else known
    return found
