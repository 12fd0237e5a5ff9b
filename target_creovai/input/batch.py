"""The files of BATCH messages: records by the file, one JSON object a line.

They are read and left where they are: the SDK's specification has nobody delete them.
"""

from __future__ import annotations

import gzip
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import fsspec
import msgspec

from target_creovai.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_GZIP = b"\x1f\x8b"
_COMPRESSIONS = frozenset({None, "", "none", "gzip"})


def records_in(encoding: Mapping[str, Any], manifest: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the records of a batch, each with the words for where it stands.

    Raises:
        InputError: The files are of a kind that is not supported, or cannot be read to their end.
    """
    _check(encoding, manifest)
    for path in manifest:
        # A URL may hold a key behind its `?`, or a password before its host.
        name = path.partition("?")[0].rpartition("/")[2]
        with _opened(path, name) as lines:
            for number, line in enumerate(lines, start=1):
                if not line.isspace():
                    yield f"line {number} of {name}", _record(line, number, name)


def _check(encoding: Mapping[str, Any], manifest: Sequence[Any]) -> None:
    if encoding.get("format") != "jsonl":
        msg = "A BATCH has files that are not JSON lines: set encoding.format to jsonl in the tap."
        raise InputError(msg)
    compression = encoding.get("compression")
    if (
        not (compression is None or isinstance(compression, str))
        or compression not in _COMPRESSIONS
    ):
        msg = "A BATCH is compressed with something else than gzip: set that in the tap."
        raise InputError(msg)
    if not all(isinstance(path, str) and path for path in manifest):
        msg = "A BATCH has a manifest that is no list of files."
        raise InputError(msg)


@contextmanager
def _opened(path: str, name: str) -> Iterator[Iterable[bytes]]:
    """Open a file, compressed or not by its first bytes: some taps declare it wrongly."""
    try:
        with fsspec.open(path, "rb") as file:
            magic = file.read(len(_GZIP))
            file.seek(0)
            yield gzip.GzipFile(fileobj=file) if magic == _GZIP else file
    except InputError:
        raise
    except ImportError as error:
        msg = f"The file {name} of a BATCH needs a package that is not installed ({error.name})."
        raise InputError(msg) from None
    except (OSError, EOFError, ValueError, zlib.error) as error:
        msg = (
            f"The file {name} of a BATCH cannot be read to its end ({type(error).__name__}): the "
            "tap has to write it where the target can read it."
        )
        raise InputError(msg) from None


def _record(line: bytes, number: int, name: str) -> Any:
    try:
        return msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        msg = f"Line {number} of the file {name} of a BATCH is not JSON."
        raise InputError(msg) from None
