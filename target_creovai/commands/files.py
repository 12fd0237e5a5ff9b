"""Files that a command leaves behind: whole or not at all, and for their owner alone."""

from __future__ import annotations

import errno
import tempfile
from pathlib import Path

from target_creovai.errors import StoreError


def write_private(file: Path, content: bytes) -> None:
    """Put a file there that only its owner may read, whole or not at all.

    Raises:
        StoreError: It cannot be written.
    """
    try:
        _refuse_devices(file)
        # Made anew and private: a file that is there already may have readers.
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            page = Path(folder) / file.name
            page.touch(mode=0o600)
            page.write_bytes(content)
            page.replace(file)
    except OSError as error:
        msg = f"The page cannot be written ({error.strerror}): check --output and its folder."
        raise StoreError(msg) from None


def _refuse_devices(file: Path) -> None:
    """Keep what is no file from being replaced by one, such as /dev/stdout by root.

    Raises:
        OSError: It is there, and no file.
    """
    if file.exists() and not file.is_file():
        raise OSError(errno.EINVAL, "it is no file")
