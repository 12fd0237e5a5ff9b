"""Names of speakers in chats, and in how many chats each had which role.

A name is kept as a digest: it stays when the text of its chat leaves the store.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_creovai.model.outcomes import Outcome
from target_creovai.model.participants import Role
from target_creovai.participants.other_chats import role_in_other_chats
from target_creovai.store.database.statements import chunks
from target_creovai.store.database.tables import LEDGER, SPEAKERS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from target_creovai.store.database.database import Database
    from target_creovai.store.ledger.pending import PendingWrites


class Speakers:
    """The roles of names, recorded chat by chat."""

    def __init__(self, database: Database, pending: PendingWrites) -> None:
        self._database = database
        self._pending = pending
        self._recorded: dict[str, Mapping[str, Role]] = {}

    def record(self, chat: str, roles: Mapping[str, Role]) -> None:
        """Record whose these names are in a chat, in the place of what was recorded of it before.

        A name whose role is unknown is one that the chat leaves open.
        """
        self._recorded[chat] = roles

    def flush(self) -> None:
        """Add what was recorded to what the next commit writes."""
        rows = [
            {"id": chat, "name": digest(name), "role": role.value}
            for chat, roles in self._recorded.items()
            for name, role in roles.items()
        ]
        for some in chunks(list(self._recorded)):
            self._pending.add(sa.delete(SPEAKERS).where(SPEAKERS.c.id.in_(some)), {})
        if rows:
            self._pending.add(sa.insert(SPEAKERS), rows)
        self._recorded.clear()

    def known_roles(self, names: Collection[str]) -> dict[str, Role]:
        """Return the role of each name that the chats of this store agree on."""
        wanted = {digest(name): name for name in names}
        with self._database.reading() as db:
            return {wanted[name]: role for name, role in _agreed_roles(db, list(wanted))}

    def reopen_known(self, kind: str) -> int:
        """Make due what was set aside for a name whose role other chats show since."""
        c, ledger = SPEAKERS.c, LEDGER.c
        left_open = sa.select(c.name).where(c.role == Role.UNKNOWN.value).distinct()
        with self._database.reading() as db:
            names = [name for name, _ in _agreed_roles(db, list(db.scalars(left_open)))]
        reopened = 0
        for some in chunks(names):
            ids = sa.select(c.id).where(c.role == Role.UNKNOWN.value, c.name.in_(some))
            aside = sa.update(LEDGER).where(
                ledger.kind == kind, ledger.outcome == Outcome.SET_ASIDE, ledger.id.in_(ids)
            )
            with self._database.transaction() as db:
                reopened += db.execute(aside.values(assembled=None)).rowcount
        return reopened


def digest(name: str) -> bytes:
    """Return what represents a name in the store."""
    return hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _agreed_roles(db: sa.Connection, names: list[bytes]) -> Iterator[tuple[bytes, Role]]:
    c = SPEAKERS.c
    counts: defaultdict[bytes, dict[Role, int]] = defaultdict(dict)
    for some in chunks(names):
        count = sa.select(c.name, c.role, sa.func.count()).where(c.name.in_(some))
        for name, role, number in db.execute(count.group_by(c.name, c.role)):
            counts[name][Role(role)] = number
    for name, chats in counts.items():
        if role := role_in_other_chats(chats):
            yield name, role
