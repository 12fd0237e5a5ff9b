"""Heads that are read without http.client are read as http.client does."""

from __future__ import annotations

import http.client
import io
from http.client import HTTPException, HTTPResponse
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from target_creovai.http.response import Response

LIMIT = 1_000_000

names = st.sampled_from(
    ["Date", "X-Y", "set-cookie", "Content-Type", "Connection", "Content-Length", "X Y", "", "ä"]
) | st.text("aB-!~", min_size=1, max_size=5)
values = st.sampled_from(
    ["", "close", "Keep-Alive", "chunked", "gzip, chunked", "0", "7", "+7", "7, 7", "²", "a\x0bb"]
) | st.text(st.characters(max_codepoint=255, exclude_characters="\r\n"), max_size=8)
fields = st.tuples(names, st.sampled_from([":", ": ", ":\t ", " :", ""]), values)
framings = st.sampled_from(
    [
        (["Content-Length: 5"], b"hello"),
        (["Content-Length: 5"], b"hel"),
        (["Content-Length: 5"], b"hello and more"),
        (["Transfer-Encoding: chunked"], b"3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nA: b\r\n\r\n"),
        (["Transfer-Encoding: Chunked"], b"3\r\nhel\r\n2\r\nl"),
        (["Transfer-Encoding: chunked"], b"no chunk"),
        (["Transfer-Encoding: chunked", "Content-Length: 5"], b"5\r\nhello\r\n0\r\n\r\n"),
        (["Content-Length: 5", "Content-Length: 5"], b"hello"),
        ([], b"hello"),
    ]
)
starts = st.sampled_from(
    ["HTTP/1.1 200 OK", "HTTP/1.1 200", "HTTP/1.1 204 x", "HTTP/1.0 200 OK", "HTTP/1.1 503 a b"]
) | st.sampled_from(["HTTP/1.1 2000 x", "HTTP/1.1 99 x", "HTTP/1.1  200 x", "HTTP 200", ""])
ends = st.sampled_from(["\r\n", "\r\n", "\r\n", "\n"])


class Socket:
    """What http.client reads from."""

    def __init__(self, received: bytes) -> None:
        self._received = received

    def makefile(self, _: str) -> io.BytesIO:
        return io.BytesIO(self._received)


def told(response: HTTPResponse, read: Any) -> tuple[Any, ...] | None:
    """Return what an answer says; None if it is none, or breaks off."""
    try:
        response.begin()
        body = read()
    except HTTPException:
        return None
    header = response.fields if isinstance(response, Response) else joined(response)
    return response.status, header, body, response.will_close


def joined(response: HTTPResponse) -> dict[str, str]:
    """Return the header, names in lower case."""
    values: dict[str, list[str]] = {}
    for name, value in response.headers.items():
        values.setdefault(name.lower(), []).append(value.strip(" \t"))
    return {name: ", ".join(some) for name, some in values.items()}


def by_library(received: bytes) -> tuple[Any, ...] | None:
    """Return what http.client makes of it, which does not mind several lengths."""
    response = HTTPResponse(Socket(received))  # type: ignore[arg-type] # all that it asks for
    answer = told(response, response.read)
    lengths = joined(response).get("content-length", "") if response.headers else ""
    contradict = len({length.strip(" \t") for length in lengths.split(",")}) > 1
    return None if contradict and not response.chunked else answer


def by_us(received: bytes, piece: int = LIMIT) -> tuple[Any, ...] | None:
    """Return what we make of it, if it comes in such pieces."""
    source = io.BytesIO(received)

    def receive(buffer: Any) -> int:
        part = source.read(min(piece, len(buffer)))
        buffer[: len(part)] = part
        return len(part)

    response = Response(receive)
    return told(response, lambda: response.read_to_end(LIMIT))


@given(starts, st.lists(fields, max_size=4), framings, ends, st.sampled_from([LIMIT, 30, 1]))
@example("HTTP/1.1 200 OK", [], (["Content-Length: 5"], b"hello"), "\r\n", LIMIT)
@example("HTTP/1.1 200 OK", [("Content-Length", ": ", "9" * 5000)], ([], b"hello"), "\r\n", LIMIT)
@example("HTTP/1.1 200 OK", [("Content-Length", ": ", "0" * 5000)], ([], b"hello"), "\r\n", LIMIT)
@example("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 x", [], (["A: b"], b""), "\r\n", LIMIT)
def test_an_answer_is_read_as_http_client_reads_it(
    start: str,
    lines: list[tuple[str, str, str]],
    framing: tuple[list[str], bytes],
    end: str,
    piece: int,
) -> None:
    """Framing that is read otherwise than others read it hides one answer in another."""
    header, body = framing
    head = [start, *header, *map("".join, lines), "", ""]
    received = end.join(head).encode("latin-1") + body

    assert by_us(received, piece) == by_library(received)


@pytest.mark.parametrize(
    "lengths",
    [["5", "2"], ["2", "5"], ["5, 2"], ["5,2"], ["0", "5"], ["5", "x"]],
    ids="; ".join,
)
@pytest.mark.parametrize("piece", [LIMIT, 1])
def test_an_answer_of_several_lengths_is_none(lengths: list[str], piece: int) -> None:
    """RFC 9112, 6.3: whichever is believed, what follows may be read as another answer."""
    head = ["HTTP/1.1 200 OK", *(f"Content-Length: {length}" for length in lengths), "", ""]

    assert by_us("\r\n".join(head).encode() + b"hello", piece) is None


@pytest.mark.parametrize(
    ("head", "calls"),
    [
        ("HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\n", 0),
        ("HTTP/1.1 202\r\nTransfer-Encoding: chunked\r\n\r\n", 0),
        ("HTTP/1.1 200 OK\nContent-Length: 2\n\n", 1),
        ("HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 2\r\n\r\n", 1),
        ("HTTP/1.1 204 x\r\nContent-Length: 2\r\n\r\n", 1),
    ],
    ids=["length", "chunks", "bare line ends", "folded", "no body"],
)
def test_only_a_usual_head_is_read_without_the_library(
    head: str, calls: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What RFC 9112 has for old servers alone is not written a second time."""
    parsed: list[str] = []
    parse = http.client.parse_headers

    def noted(*arguments: Any) -> Any:
        parsed.append("by email")
        return parse(*arguments)

    monkeypatch.setattr(http.client, "parse_headers", noted)
    by_us(head.encode() + b"{}")

    assert len(parsed) == calls
