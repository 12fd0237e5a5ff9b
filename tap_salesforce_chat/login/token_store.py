"""The file that keeps the refresh token by which Salesforce replaced the configured one.

With refresh token rotation, every login returns a new refresh token and revokes the old one. The
new one has to outlive the run, and under Meltano no config file does.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from tap_salesforce_chat.errors import LoginError

if TYPE_CHECKING:
    from collections.abc import Iterator

# The login of another run may take several tries.
_LOCK_TIMEOUT_SECONDS = 300


class TokenStore:
    """A file for one configured refresh token.

    Its name is a hash of that token. A newly configured token has no file yet, and so takes
    precedence over a saved one; taps of several orgs can share a folder.

    Args:
        folder: Where the file is, or will be.
        client_id: The app that the token was issued to.
        configured: The refresh token of the settings.
    """

    def __init__(self, folder: Path, client_id: str, configured: str) -> None:
        digest = hashlib.sha256(f"{client_id}\n{configured}".encode()).hexdigest()
        self._folder = folder
        self._path = folder / f"{digest[:32]}.json"
        self._configured = configured

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other runs from logging in: the first login revokes the token that both would use.

        Raises:
            LoginError: Another run holds the lock for minutes, or the folder is not writable.
        """
        self._check_writable()
        try:
            with FileLock(self._path.with_suffix(".lock"), timeout=_LOCK_TIMEOUT_SECONDS):
                yield
        except Timeout:
            msg = "Another run has been logging in with the same refresh_token for minutes: end it."
            raise LoginError(msg) from None

    def read(self) -> str:
        """Return the saved token, or else the configured one.

        Raises:
            LoginError: The file cannot be read.
        """
        try:
            return str(json.loads(self._path.read_bytes())["refresh_token"])
        except FileNotFoundError:
            return self._configured
        except (OSError, ValueError, KeyError, TypeError):
            msg = (
                f"The refresh token in {self._path} cannot be read. Restore the file and its "
                "permissions, or log in by browser again and set the new refresh_token."
            )
            raise LoginError(msg) from None

    def save(self, token: str) -> None:
        """Replace the file atomically; only its owner can read it.

        Raises:
            LoginError: The folder is not writable.
        """
        try:
            self._replace(json.dumps({"refresh_token": token}).encode())
        except OSError:
            raise LoginError(self._not_writable()) from None

    def _check_writable(self) -> None:
        # Before the login: afterwards the old token is revoked.
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self._folder).close()
        except (OSError, ValueError):
            raise LoginError(self._not_writable()) from None

    def _replace(self, content: bytes) -> None:
        # mkstemp creates it with mode 0600.
        descriptor, name = tempfile.mkstemp(dir=self._folder, suffix=".tmp")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise

    def _not_writable(self) -> str:
        return (
            f"Cannot write to {self._folder}, where the refresh token has to be kept that "
            "Salesforce may put in the place of the configured one: set token_dir to a folder "
            "that the tap may write to and that outlives the run."
        )
