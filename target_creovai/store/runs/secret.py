"""Since when the secret of the API user is in use, without the secret."""

from __future__ import annotations

import hmac
import os
from datetime import datetime  # noqa: TC003 -- msgspec reads it
from typing import TYPE_CHECKING, Self

import msgspec

if TYPE_CHECKING:
    from target_creovai.store.database.database import Database


# Enough to see that the secret has changed, and far too little to find out what it is.
FINGERPRINT_BYTES = 4
KEY_BYTES = 16

_NAME = "secret"  # in `creovai_meta`


class SecretInUse(msgspec.Struct, frozen=True):
    """A fingerprint of the secret, under a key of the store's own, and when it was used first."""

    key: str
    fingerprint: str
    since: datetime

    @classmethod
    def of(cls, secret: str, now: datetime) -> Self:
        """Return a fingerprint of a secret that is used for the first time."""
        key = os.urandom(KEY_BYTES).hex()
        return cls(key, _fingerprint(key, secret), now)

    def is_of(self, secret: str) -> bool:
        """Return whether it is this secret."""
        return hmac.compare_digest(self.fingerprint, _fingerprint(self.key, secret))


class Secret:
    """What is kept of the secret that Creovai accepted last."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def in_use(self) -> SecretInUse | None:
        """Return what is known of it, if Creovai has accepted one."""
        note = self._database.meta(_NAME)
        return msgspec.json.decode(note, type=SecretInUse) if note else None

    def record(self, secret: str, now: datetime) -> None:
        """Record a secret that Creovai accepts, unless it is the one that it accepted before."""
        known = self.in_use()
        if known is None or not known.is_of(secret):
            note = msgspec.json.encode(SecretInUse.of(secret, now)).decode()
            with self._database.transaction() as db:
                self._database.set_meta(db, _NAME, note)


def _fingerprint(key: str, secret: str) -> str:
    digest = hmac.digest(bytes.fromhex(key), secret.encode(), "sha256")
    return digest[:FINGERPRINT_BYTES].hex()
