"""Lines in, Singer messages out: quick, and never a word of a bad line in an error."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from collections import Counter
from typing import IO, TYPE_CHECKING, Any

import msgspec
from singer_sdk.singerlib.encoding import GenericSingerReader
from typing_extensions import override

from target_creovai.errors import InputError
from target_creovai.input.messages import missing_in, useless_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Line = str | bytes

# What a pipe holds: Python's own 8 KB are three rows, and every read costs as much as a row's JSON.
READ_BYTES = 64 * 1024

_RECORD = re.compile(rb'"type"\s*+:\s*+"RECORD"')


class LineReader(GenericSingerReader[bytes]):
    """Reads bytes.

    `truncated` tells that the input broke off: the tap died, or wrote what nobody can read.
    `lost` is told of every line that is left out while the others are read.
    """

    def __init__(self) -> None:
        super().__init__()
        self.truncated = False
        self.lost: Callable[[str], None] = lambda _: None

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
            InputError: A line is not a Singer message, or none that can be used; the line's
                number says which.
        """
        counts: Counter[str] = Counter()
        for number, line in self._lines(file_input):
            message = self._message(number, line)
            if message is None:
                continue
            kind = message["type"]
            try:
                if useless := useless_in(message):
                    self.lost(f"line {number}: {useless}")
                else:
                    callbacks[kind](message)
            except InputError as error:
                self.truncated = True
                error.args = (f"Line {number}: {error}",)
                raise
            counts[kind] += 1
        return counts

    def _lines(self, file_input: IO[Any] | None) -> Iterator[tuple[int, Line]]:
        """Yield the lines that are not blank, with their numbers, up to one that was cut off."""
        lines = getattr(file_input, "buffer", file_input) or self.default_input
        for number, line in enumerate(lines, start=1):
            if not line.isspace():
                yield number, line

    def _message(self, number: int, line: Line) -> dict[str, Any] | None:
        """Return a line's message; None if there is none, and the input goes on or has ended."""
        try:
            message = self.deserialize_json(line)
            missing = missing_in(message)
        except RecursionError:
            if not _RECORD.search(_encoded(line)):
                raise self._no_message(number) from None
            self.lost(f"line {number}: a RECORD is nested too deeply")
            return None
        except (ValueError, TypeError, KeyError):
            self.truncated = True
            if _is_whole(line):
                raise self._no_message(number) from None
            return None
        if missing:
            self.truncated = True
            msg = f"Line {number}: {missing}"
            raise InputError(msg)
        return message

    def _no_message(self, number: int) -> InputError:
        self.truncated = True
        return InputError(f"Line {number} of the input is not a Singer message.")

    @override
    def deserialize_json(self, line: str | bytes) -> dict[str, Any]:
        """Decode one line; `json` takes what msgspec is too strict for.

        That is a lone surrogate, NaN, a byte order mark, and a number that is too long.
        """
        try:
            message: dict[str, Any] = msgspec.json.decode(line)
        except msgspec.DecodeError:
            message = json.loads(line, parse_int=_integer)
        return message

    @staticmethod
    @override
    def assert_line_requires(line_dict: dict[str, Any], requires: set[str]) -> None:
        """Leave it to `missing_in`; the SDK's own check prints the whole line."""


def _encoded(line: Line) -> bytes:
    return line.encode(errors="surrogatepass") if isinstance(line, str) else line


def _is_whole(line: Line) -> bool:
    return _encoded(line).endswith(b"\n")


def _integer(digits: str) -> int | str:
    """Return an integer; one of more digits than Python turns into a number stays a text."""
    try:
        return int(digits)
    except ValueError:
        return digits
