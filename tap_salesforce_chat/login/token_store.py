"""Where a refresh token is kept that Salesforce has put in the place of the configured one.

With rotation switched on, every login brings a new refresh token and ends the old one at once. It
has to survive the run, and under Meltano no config file does.
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

# Seconds to wait for the login of another run, which may have to try a few times.
_PATIENCE = 300


class TokenStore:
    """A file that belongs to one configured refresh token.

    Its name is made of that token: one that is newly configured has no file yet, and so wins over
    what is kept; and taps of several orgs can share a folder.

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
    def alone(self) -> Iterator[None]:
        """Have no other run log in meanwhile, as both would use a token that the first login ends.

        Raises:
            LoginError: Another one is at it for minutes, or nothing could be kept afterwards.
        """
        self._make_ready()
        try:
            with FileLock(self._path.with_suffix(".lock"), timeout=_PATIENCE):
                yield
        except Timeout:
            msg = "Another run has been logging in with the same refresh_token for minutes: end it."
            raise LoginError(msg) from None

    def read(self) -> str:
        """Return the token that is valid now.

        Raises:
            LoginError: There is a file, and it cannot be read.
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

    def keep(self, token: str) -> None:
        """Keep a new token, whole or not at all, for the owner's eyes only.

        Raises:
            LoginError: That failed.
        """
        try:
            self._replace(json.dumps({"refresh_token": token}).encode())
        except OSError:
            raise LoginError(self._not_writable()) from None

    def _make_ready(self) -> None:
        # While the old token is still valid.
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self._folder).close()
        except (OSError, ValueError):
            raise LoginError(self._not_writable()) from None

    def _replace(self, content: bytes) -> None:
        # Its mode is 0600 from the start.
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
