"""What chats tell of the names in other chats.

A desk's alias is settled wherever a label, a contact or the counts tell the visitor; where nothing
does, it is the alias that many other chats have settled. A name that was ever a customer's tells
nothing: many visitors are called John.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from target_creovai.model.participants import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

# In so many chats a name must have been an agent's, or a bot's.
CHATS_NEEDED: Final = 20
ANSWERING: Final = (Role.AGENT, Role.BOT)


def settled_role(chats: Mapping[Role, int]) -> Role | None:
    """Return what a name is that was in so many chats an agent's, a bot's, a customer's."""
    if chats.get(Role.CUSTOMER):
        return None
    settled = [role for role in ANSWERING if chats.get(role, 0) >= CHATS_NEEDED]
    return settled[0] if len(settled) == 1 else None
