"""Files that a command leaves behind: whole or not at all."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path

from target_creovai.errors import StoreError

_FOR_THE_OWNER, _FOR_ALL = 0o600, 0o644


def write_private(file: Path, content: bytes) -> None:
    """Put a file there that only its owner may read, whole or not at all.

    Raises:
        StoreError: It cannot be written.
    """
    _write(file, content, _FOR_THE_OWNER)


def write_public(file: Path, content: bytes) -> None:
    """Put a file there that other users may read, whatever the umask says, whole or not at all.

    Raises:
        StoreError: It cannot be written.
    """
    _write(file, content, _FOR_ALL)


def _write(file: Path, content: bytes, mode: int) -> None:
    try:
        _refuse_devices(file)
        # Made anew, and nobody's yet: a file that is there already may have readers.
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            made = Path(folder) / file.name
            made.touch(mode=_FOR_THE_OWNER)
            made.write_bytes(content)
            made.chmod(mode)
            made.replace(file)
    except OSError as error:
        msg = f"The file cannot be written ({error.strerror}): check --output and its folder."
        raise StoreError(msg) from None


def _refuse_devices(file: Path) -> None:
    """Keep what is no file from being replaced by one, such as /dev/stdout by root.

    Raises:
        OSError: It is there, and no file.
    """
    if file.exists() and not file.is_file():
        raise OSError(errno.EINVAL, "it is no file")
