"""Since when the secret of the API user is in use, without the secret."""

from __future__ import annotations

import hmac
import os
from datetime import datetime  # noqa: TC003 -- msgspec reads it
from typing import Self

import msgspec

# Enough to see that the secret has changed, and far too little to find out what it is.
FINGERPRINT_BYTES = 4
KEY_BYTES = 16


class SecretInUse(msgspec.Struct, frozen=True):
    """A fingerprint of the secret, under a key of the store's own, and when it was used first."""

    key: str
    fingerprint: str
    since: datetime

    @classmethod
    def of(cls, secret: str, now: datetime) -> Self:
        """Note a secret that is used for the first time."""
        key = os.urandom(KEY_BYTES).hex()
        return cls(key, _fingerprint(key, secret), now)

    def is_of(self, secret: str) -> bool:
        """Tell whether it is this secret."""
        return hmac.compare_digest(self.fingerprint, _fingerprint(self.key, secret))


def _fingerprint(key: str, secret: str) -> str:
    digest = hmac.digest(bytes.fromhex(key), secret.encode(), "sha256")
    return digest[:FINGERPRINT_BYTES].hex()
