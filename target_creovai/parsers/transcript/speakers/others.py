"""What chats tell of the names in other chats.

A desk's alias is settled wherever a label, a contact or the counts tell the visitor; where nothing
does, it is the alias that many other chats have settled. A name that was ever a customer's tells
nothing: many visitors are called John.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from target_creovai.model import Role
from target_creovai.parsers.transcript.speakers.facts import Evidence
from target_creovai.parsers.transcript.speakers.names import is_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from target_creovai.parsers.transcript.speakers.facts import Cast

# In so many chats a name must have been an agent's, or a bot's.
CHATS_NEEDED: Final = 20
_ANSWERING: Final = (Role.AGENT, Role.BOT)
# What a chat says by itself: what the operator says of it, or other chats do, teaches nothing.
_NOT_ITS_OWN: Final = frozenset({Evidence.RULE, Evidence.OTHER_CHATS})


def settled_role(chats: Mapping[Role, int]) -> Role | None:
    """Return what a name is that was in so many chats an agent's, a bot's, a customer's."""
    if chats.get(Role.CUSTOMER):
        return None
    settled = [role for role in _ANSWERING if chats.get(role, 0) >= CHATS_NEEDED]
    return settled[0] if len(settled) == 1 else None


def lessons(cast: Cast) -> dict[str, Role]:
    """Return what a settled chat tells of its speakers, by key of name."""
    decisions = cast.decisions.values()
    own = {decision.evidence for decision in decisions}.isdisjoint(_NOT_ITS_OWN)
    teaching = {Role.CUSTOMER, *_ANSWERING} if own else {Role.CUSTOMER}
    found: dict[str, Role] = {}
    for person, decision in cast.decisions.items():
        if decision.role in teaching and not is_label(person.name):
            known = found.setdefault(person.name, decision.role)
            found[person.name] = Role.CUSTOMER if Role.CUSTOMER in {known, decision.role} else known
    return found
