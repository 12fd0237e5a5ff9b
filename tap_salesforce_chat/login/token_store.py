"""Where a refresh token is kept that Salesforce has put in the place of the configured one.

With rotation switched on, every login brings a new refresh token and ends the old one at once. It
has to survive the run, and under Meltano no config file does.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path

from tap_salesforce_chat.errors import LoginError


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

    def make_ready(self) -> None:
        """Make sure that a new token could be kept, while the old one is still valid.

        Raises:
            LoginError: It could not.
        """
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            tempfile.TemporaryFile(dir=self._folder).close()
        except OSError:
            raise LoginError(self._not_writable()) from None

    def keep(self, token: str) -> None:
        """Keep a new token, whole or not at all, for the owner's eyes only.

        Raises:
            LoginError: That failed.
        """
        try:
            self._replace(json.dumps({"refresh_token": token}).encode())
        except OSError:
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
