"""Singer messages from the lines of an input; no error quotes a line."""

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
    from collections.abc import Callable, Iterable, Iterator

    RawLine = str | bytes

# The capacity of a pipe. Python's own 8 KB hold three rows, and a read takes as long as one's JSON.
READ_BYTES = 64 * 1024

# Rows and bookmarks have a few levels. One step or another ends at some hundreds of them: JSON
# that is written, read again, or copied level by level.
DEEPEST = 100

# The messages that a run can do without, and goes on.
_EXPENDABLE = re.compile(rb'"type"\s*+:\s*+"(RECORD|STATE)"')


_Scalar = bool | int | float | str | None
_Parent = dict[str, _Scalar | dict[str, _Scalar]]


class _PlainRecord(msgspec.Struct, tag_field="type", tag="RECORD", gc=False):
    """A RECORD of a row with parents: nearly all messages are of this form."""

    stream: str
    record: dict[str, _Scalar | list[_Scalar] | _Parent]


_decode_plain = msgspec.json.Decoder(_PlainRecord).decode


class LineReader(GenericSingerReader[bytes]):
    """Reads bytes.

    `truncated` is true once the input broke off: the tap died, or wrote what is no message.
    `on_unusable` is called for every line that is left out while the others are read, and
    `number` is that of the line at hand.
    """

    def __init__(self) -> None:
        super().__init__()
        self.truncated = False
        self.number = 0
        self.on_unusable: Callable[[str], None] = lambda _: None

    @property
    @override
    def default_input(self) -> IO[bytes]:
        if sys.stdin is None:
            msg = "There is no input: stdin is closed. Pipe a tap into it."
            raise InputError(msg)
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
        for line in self._lines(file_input):
            message = self._message(line)
            if message is None:
                continue
            kind = message["type"]
            try:
                callbacks[kind](message)
            except InputError as error:
                self.truncated = True
                error.args = (f"Line {self.number}: {error}",)
                raise
            counts[kind] += 1
        return counts

    def _lines(self, file_input: IO[Any] | None) -> Iterator[RawLine]:
        """Yield the lines that are not blank.

        Raises:
            InputError: There is nothing to read from.
        """
        lines = getattr(file_input, "buffer", file_input) or self.default_input
        try:
            for self.number, line in enumerate(lines, start=1):
                if not line.isspace():
                    yield line
        except OSError as error:
            self.truncated = True
            msg = f"The input cannot be read behind line {self.number} ({error.strerror})."
            raise InputError(msg) from None

    def _message(self, line: RawLine) -> dict[str, Any] | None:
        """Return a line's message; None if there is none, and the input goes on or has ended."""
        return _plain_record(line) or self._checked_message(line)

    def _checked_message(self, line: RawLine) -> dict[str, Any] | None:
        try:
            message = self.deserialize_json(line)
            missing = missing_in(message)
        except RecursionError:
            if not (found := _EXPENDABLE.search(_encoded(line))):
                raise self._no_message() from None
            self.on_unusable(f"a {found[1].decode()} is nested too deeply")
            return None
        except (ValueError, TypeError, KeyError):
            self.truncated = True
            if _is_whole(line):
                raise self._no_message() from None
            return None
        if missing:
            self.truncated = True
            msg = f"Line {self.number}: {missing}"
            raise InputError(msg)
        useless = useless_in(message)
        if message["type"] in {"RECORD", "STATE"} and _is_too_deep(line, message):
            useless = f"a {message['type']} is nested too deeply"
        if useless:
            self.on_unusable(useless)
        return None if useless else message

    def _no_message(self) -> InputError:
        self.truncated = True
        return InputError(f"Line {self.number} of the input is not a Singer message.")

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


def _plain_record(line: RawLine) -> dict[str, Any] | None:
    """Return a RECORD that has the form of nearly all of them; None if a line has not.

    To decode it shows at once that it is complete, and not nested too deeply.
    """
    try:
        found = _decode_plain(line)
    except (msgspec.DecodeError, ValueError, RecursionError):
        return None
    return {"type": "RECORD", "stream": found.stream, "record": found.record}


def _encoded(line: RawLine) -> bytes:
    return line.encode(errors="surrogatepass") if isinstance(line, str) else line


def _is_too_deep(line: RawLine, message: Any) -> bool:
    """Return whether a message has too many levels; most lines show that without looking at it."""
    raw = line if isinstance(line, bytes) else _encoded(line)
    if not (_has_many(b"[", raw) or _has_many(b"{", raw)):
        return False
    level = [message]
    for _ in range(DEEPEST):
        level = [member for thing in level for member in _members(thing)]
    return bool(level)


def _has_many(bracket: bytes, raw: bytes) -> bool:
    """Return whether half of the levels could be of this bracket; a count takes longer."""
    place = -1
    for _ in range(DEEPEST // 2):
        place = raw.find(bracket, place + 1)
        if place < 0:
            return False
    return True


def _members(thing: Any) -> Iterable[Any]:
    return thing.values() if isinstance(thing, dict) else thing if isinstance(thing, list) else ()


def _is_whole(line: RawLine) -> bool:
    return _encoded(line).endswith(b"\n")


def _integer(digits: str) -> int | str:
    """Return an integer; one of more digits than Python turns into a number stays a text."""
    try:
        return int(digits)
    except ValueError:
        return digits
