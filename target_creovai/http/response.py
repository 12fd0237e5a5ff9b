"""Answers as http.client reads them, with a quicker parser for the usual head."""

from __future__ import annotations

import io
import re
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from typing import TYPE_CHECKING, Any

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typing_extensions import Buffer

# RFC 9112, without what it allows only for the sake of old servers: other line ends, folded lines,
# spaces around a name. The names are tokens of RFC 9110.
_HEAD = re.compile(
    rb"HTTP/1\.1 ([2-5][0-9][0-9])(?: [\t\x20-\x7e\x80-\xff]*)?\r\n"
    rb"((?:[!#$%&'*+.^_`|~0-9A-Za-z-]+:[\t\x20-\x7e\x80-\xff]*\r\n)*)\r\n"
)
# No more digits than an answer can have bytes: Python refuses to read thousands of them.
_LENGTH = re.compile("[0-9]{1,18}").fullmatch
_HAVE_NO_BODY = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})
_HTTP_1_1 = 11


class Response(HTTPResponse):
    """One answer, with the members that urllib3's pools use.

    http.client has `email` parse every head, which takes longer than all else about a request.
    A head that comes in one piece, and is as servers write it today, is read here; any other
    is left to http.client.
    """

    version_string = "HTTP/1.1"
    fp: Any

    def __init__(self, receive: Callable[[Buffer], int]) -> None:
        """Prepare it. `receive` reads into a buffer, and returns how much; 0 at the end."""
        super().__init__(_Source(receive))  # type: ignore[arg-type] # only `makefile` is used
        self.fields: Mapping[str, str] = {}
        """The header, names in lower case; what came more than once is joined by commas."""

    @property
    def length_remaining(self) -> int | None:
        """How many bytes of the body are left, if the header states it."""
        return self.length

    @override
    def begin(self) -> None:
        """Read the head.

        Raises:
            HTTPException: It is none, or its lengths contradict each other.
        """
        if not self._begin_quickly():
            super().begin()
            self.fields = _joined(self.headers.items())
            if not self.chunked and _contradict(self.fields.get("content-length", "")):
                raise HTTPException

    def _begin_quickly(self) -> bool:
        """Read the head if it is a usual one; else leave it unread."""
        received: bytes = self.fp.peek()
        if (head := _HEAD.match(received)) is None:
            return False
        status, fields = int(head[1]), _joined(_split(head[2]))
        length, coding = fields.get("content-length"), fields.get("transfer-encoding")
        if status in _HAVE_NO_BODY or not _is_framed(length, coding):
            return False
        self.fp.read(head.end())
        self.status = self.code = status
        self.version, self.reason = _HTTP_1_1, ""
        self.headers = self.msg = fields  # type: ignore[assignment] # those of http.client are slow
        self.fields = fields
        self.chunked, self.chunk_left = coding is not None, None
        self.length = int(length) if length else None
        self.will_close = "close" in fields.get("connection", "").lower()
        return True

    def read_to_end(self, most: int) -> bytes:
        """Return the body, up to so many bytes.

        Raises:
            HTTPException: It ends before it should.
        """
        read = b""
        while len(read) < most and (part := self.read(most - len(read))):
            read += part
        if len(read) < most and self.length:
            raise HTTPException
        return read


def _split(lines: bytes) -> list[tuple[str, str]]:
    text = lines.decode("latin-1")
    pairs = (line.partition(":") for line in text.split("\r\n")[:-1])
    return [(name, value) for name, _, value in pairs]


def _joined(pairs: Any) -> dict[str, str]:
    fields: dict[str, str] = {}
    for name, padded in pairs:
        key, value = name.lower(), padded.strip(" \t")
        fields[key] = f"{fields[key]}, {value}" if key in fields else value
    return fields


def _is_framed(length: str | None, coding: str | None) -> bool:
    """Tell whether exactly one of the two headers determines where the body ends."""
    if length is None:
        return coding is not None and coding.lower() == "chunked"
    return coding is None and _LENGTH(length) is not None


def _contradict(lengths: str) -> bool:
    """Tell whether a body has several lengths, of which http.client takes the first."""
    return len({length.strip(" \t") for length in lengths.split(",")}) > 1


class _Source(io.RawIOBase):
    """In place of the socket that http.client reads from, and of the file made of it."""

    def __init__(self, receive: Callable[[Buffer], int]) -> None:
        self._receive = receive

    def makefile(self, _: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    @override
    def readable(self) -> bool:
        return True

    @override
    def readinto(self, buffer: Buffer, /) -> int:
        return self._receive(buffer)
