"""Lines in, Singer messages out: quick, and never a word of a bad line in an error."""

from __future__ import annotations

import io
import json
import os
import sys
from collections import Counter
from typing import IO, TYPE_CHECKING, Any

import msgspec
from singer_sdk.singerlib.encoding import GenericSingerReader
from typing_extensions import override

from target_creovai.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

# What a pipe holds: Python's own 8 KB are three rows, and every read costs as much as a row's JSON.
READ_BYTES = 64 * 1024


class LineReader(GenericSingerReader[bytes]):
    """Reads bytes. `truncated` tells that the last line was cut off: the tap died."""

    def __init__(self) -> None:
        super().__init__()
        self.truncated = False

    @property
    @override
    def default_input(self) -> IO[bytes]:
        try:
            return os.fdopen(sys.stdin.fileno(), "rb", READ_BYTES, closefd=False)
        except io.UnsupportedOperation:  # no file of the system's
            return sys.stdin.buffer

    @override
    def process_lines(
        self, file_input: IO[Any] | None, callbacks: dict[str, Callable[[dict[str, Any]], None]]
    ) -> Counter[str]:
        """Hand every message to its callback; return how many of each type there were.

        Raises:
            InputError: A line is not a Singer message; the line's number says which.
        """
        counts: Counter[str] = Counter()
        for number, line in enumerate(file_input or self.default_input, start=1):
            try:
                message = self.deserialize_json(line)
                kind = message["type"]
                callback = callbacks[kind]
            except (ValueError, TypeError, KeyError, RecursionError):
                if not line.endswith(b"\n" if isinstance(line, bytes) else "\n"):
                    self.truncated = True
                    break
                msg = f"Line {number} of the input is not a Singer message."
                raise InputError(msg) from None
            callback(message)
            counts[kind] += 1
        return counts

    @override
    def deserialize_json(self, line: str | bytes) -> dict[str, Any]:
        """Decode one line; `json` takes what msgspec is too strict for (a lone surrogate)."""
        try:
            message: dict[str, Any] = msgspec.json.decode(line)
        except msgspec.DecodeError:
            message = json.loads(line)
        return message

    @staticmethod
    @override
    def assert_line_requires(line_dict: dict[str, Any], requires: set[str]) -> None:
        """Check for keys; the SDK's own check prints the whole line."""
        if missing := requires - line_dict.keys():
            kind = line_dict.get("type", "message")
            msg = f"A {kind} of the input lacks {', '.join(sorted(missing))}."
            raise InputError(msg)
