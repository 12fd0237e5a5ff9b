"""The role of a name in a chat that leaves it undecided, by its role in other chats.

Agents often write under the name of their desk. Many chats decide whose name it is, by a label, a
contact or the message counts; the others take over what those have decided. A name that was ever
a customer's is never taken over: many visitors are called John.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from target_creovai.model.participants import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

# In how many chats a name must have been an agent's, or a bot's.
CHATS_NEEDED: Final = 20
ANSWERING_ROLES: Final = (Role.AGENT, Role.BOT)


def role_in_other_chats(chats: Mapping[Role, int]) -> Role | None:
    """Return the role of a name from the number of chats in which it had each role."""
    if chats.get(Role.CUSTOMER):
        return None
    decided = [role for role in ANSWERING_ROLES if chats.get(role, 0) >= CHATS_NEEDED]
    return decided[0] if len(decided) == 1 else None
