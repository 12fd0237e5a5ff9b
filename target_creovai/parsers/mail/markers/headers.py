"""The header block that a client puts above the mail that it quotes: From, Sent, To, Subject.

A block is a run of header lines in a row. It does not reach over anything else, so lines of the
author's own that look like headers stay outside it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec

from target_creovai.parsers.mail.phrases.languages import HEADERS, Headers
from target_creovai.parsers.mail.phrases.signs import (
    ADDRESS,
    BRACKETED_ADDRESS,
    DRESSING,
    MARKS,
    TIME,
    YEAR,
    any_of,
    in_ascii_digits,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# No client writes a longer header line, give or take a long list of recipients.
MAX_HEADER_CHARS: Final = 600
# Five headers, an empty line after each (paragraphs in HTML), and a wrapped list of recipients.
MAX_HEADER_LINES: Final = 16
# Sender, date, receiver, subject.
MIN_UNWORDED_HEADERS: Final = 4
# The same where the client's markup says what it is.
MIN_CONFIRMED_HEADERS: Final = 3
# Fields of a form hold more than one of these, or a sentence.
MAX_FIELD_CHARS: Final = 40

_KINDS: Final = {
    word.casefold(): kind
    for language in HEADERS.values()
    for kind, words in zip(Headers._fields, language, strict=True)
    for word in words.split("|")
    if word
}
# What forms call a date too; the other words for it say that something was sent.
_FORM_DATES: Final = frozenset((
    "date", "datum", "fecha", "data", "dato", "päivämäärä", "pvm", "dátum", "tarih", "ημερομηνία",
    "дата", "תאריך", "التاريخ", "日時", "日付", "日期", "时间", "날짜", "datums", "kuupäev",
    "dagsetning", "ngày", "วันที่", "tanggal", "تاریخ", "दिनांक",
))  # fmt: skip
_LONGEST_KEY: Final = max(map(len, _KINDS)) + 8
_COLON: Final = re.compile(r"[:\uff1a]")
_LABELLED: Final = re.compile(r"[^\W\d_][^:\uff1a]{0,30}[:\uff1a](?: ?\S.{0,600})?\Z")
_REPLIED: Final = re.compile(r"[:\uff1a] ?(?:\w{2,3}|\w{2,3}\[\d\]) ?[:\uff1a]", re.IGNORECASE)


class Block(msgspec.Struct):
    """A header block.

    Attributes:
        end: The index after its last line.
        is_form: Other fields stand among its lines, as in forms.
        sender: Who sent the quoted mail, as printed.
    """

    end: int
    is_form: bool = False
    sender: str = ""


class _Reading(msgspec.Struct):
    """What the lines of a block say so far."""

    end: int
    kinds: dict[str, str] = msgspec.field(default_factory=dict)
    fields: list[str] = msgspec.field(default_factory=list)


def header_kind(line: str) -> str | None:
    """Return which header (`sender`, `date`, `to`, `subject`, `cc`) the line is, if it is one."""
    return _KINDS.get(_header_key(line))


def _header_key(line: str) -> str:
    colon = _COLON.search(line, 0, _LONGEST_KEY)
    return line[: colon.start()].strip(DRESSING).casefold() if colon else ""


def header_block(lines: Sequence[str], start: int, *, enough: int = 3) -> Block | None:
    """Return the header block that begins at `start`, if one does.

    A block states sender, date and receiver or subject. So may a form ("From: Hamburg"): there
    must be a mail address, or a time of day and a subject, or all four with "Sent" for the date.

    Args:
        lines: The mail.
        start: Where it would begin.
        enough: How many headers it takes at least; two do below a client's separator.
    """
    first = header_kind(lines[start])
    if first in {None, "cc"}:
        return None
    reading = _Reading(start)
    for index, kind in _header_lines(lines, start):
        if kind in reading.kinds:
            # A second one of the first kind: the block begins below the first.
            if kind == first or not _is_complete(reading.kinds, enough):
                return None
            break
        if kind is None:
            reading.fields.append(lines[index])
            continue
        reading.kinds[kind] = lines[index][:MAX_HEADER_CHARS]
        # One field in between may be a header in a word unknown here.
        del reading.fields[: len(reading.fields) == 1]
        reading.end = index + 1
    if not _is_complete(reading.kinds, enough):
        return None
    return Block(reading.end, _is_form(reading), reading.kinds["sender"])


def _header_lines(lines: Sequence[str], start: int) -> Iterator[tuple[int, str | None]]:
    """Yield the lines of a block; those without a kind go on with another, or are none."""
    quoted = lines[start].startswith(">")
    blank = False
    for index in range(start, min(start + MAX_HEADER_LINES, len(lines))):
        line = lines[index]
        if not line.strip(MARKS):
            if blank:
                return
            blank = True
            continue
        kind = header_kind(line)
        if line.startswith(">") is not quoted or (kind is None and blank):
            return
        if kind is None and _is_continuation(lines[index - 1], line):
            continue
        if kind is None and not _LABELLED.match(line.lstrip(DRESSING)):
            return
        yield index, kind
        blank = False


def _is_continuation(above: str, line: str) -> bool:
    """Tell whether a line goes on with a list of recipients."""
    listed = bool(ADDRESS.search(line)) and not _LABELLED.match(line.lstrip(DRESSING))
    return listed or above.rstrip().endswith((";", ",")) or line.startswith(("  ", "\t"))


def _is_form(reading: _Reading) -> bool:
    """Tell whether a block has other fields, or nobody that the mail went to.

    Below a block with all headers a line of text may follow that looks like a field.
    """
    if "to" not in reading.kinds:
        return True
    if any(map(_REPLIED.search, reading.fields)):
        return False
    values = [_COLON.split(line, maxsplit=1)[-1].strip() for line in reading.fields]
    return len(values) > 1 or any(len(value) <= MAX_FIELD_CHARS for value in values)


def _is_complete(kinds: dict[str, str], enough: int) -> bool:
    if not {"sender", "date"} <= kinds.keys() or len(kinds) < enough:
        return False
    date = in_ascii_digits(kinds["date"])
    if kinds.keys().isdisjoint({"to", "subject"}):
        return bool(TIME.search(date))
    if {"to", "subject"} <= kinds.keys() and _header_key(kinds["date"]) not in _FORM_DATES:
        return True
    values = "\n".join(kinds.values())
    return bool(ADDRESS.search(values) or ("subject" in kinds and TIME.search(date)))


def unworded_block(lines: Sequence[str], start: int) -> Block | None:
    """Return the header block in an unknown language that begins at `start`, if one does.

    Four lines of label, colon and value above an empty one: the first names a sender with an
    address and the next ones a day and time, or the other way round. Forms state an address
    alone, so there must be a name with it, or a subject that is an answer's.
    """
    if not all(map(_labelled, lines[start + 1 : start + MIN_UNWORDED_HEADERS])):
        return None
    run = _labelled_run(lines, start)
    is_long = len(run) >= MIN_UNWORDED_HEADERS
    if not (is_long and _says_sender_or_date(run[0]) and _is_unworded(run)):
        return None
    # What stands above headers of a known language is the author's own.
    if any(header_block(lines, index) for index in range(start + 1, start + len(run))):
        return None
    if not any(map(_REPLIED.search, run)) and not _names_sender(run[:2]):
        return None
    below = start + len(run)
    if below < len(lines) and lines[below].strip(MARKS):
        return None
    return Block(below, sender=next(line for line in run if ADDRESS.search(line)))


def framed_end(lines: Sequence[str], start: int) -> int | None:
    """Return the index after the headers that begin at `start`, below a stroke of the client's."""
    block = header_block(lines, start, enough=2)
    if block:
        return block.end
    run = _labelled_run(lines, start)
    if len(run) < MIN_CONFIRMED_HEADERS or not any(map(_is_dated, run)):
        return None
    return start + len(run)


def headers_end(lines: Sequence[str], start: int) -> int:
    """Return the index after the headers that begin at `start`, whatever they say."""
    end = start
    while end < min(len(lines), start + MAX_HEADER_LINES) and header_kind(lines[end]):
        end += 1
    return end


def labelled_end(lines: Sequence[str], start: int) -> int:
    """Return the index after the lines of label, colon and value that begin at `start`."""
    return start + len(_labelled_run(lines, start))


def _labelled_run(lines: Sequence[str], start: int) -> list[str]:
    quoted = lines[start].startswith(">")
    run: list[str] = []
    for line in lines[start : start + MAX_HEADER_LINES]:
        if line.startswith(">") is not quoted or not _labelled(line):
            break
        run.append(line)
    return run


def _labelled(line: str) -> bool:
    return bool(_COLON.search(line, 0, 40) and _LABELLED.match(line.lstrip(DRESSING)))


def _is_unworded(run: Sequence[str]) -> bool:
    """Tell whether lines name an address and a time, each in its own line near the top."""
    head = run[:MIN_UNWORDED_HEADERS]
    return any(map(ADDRESS.search, head)) and any(map(_is_dated, head))


def _says_sender_or_date(line: str) -> bool:
    return bool(ADDRESS.search(line)) or _is_dated(line)


def _names_sender(lines: Sequence[str]) -> bool:
    return any(map(BRACKETED_ADDRESS.search, lines)) and any(map(_is_dated, lines))


def _is_dated(line: str) -> bool:
    plain = in_ascii_digits(line)
    return bool(YEAR.search(plain) and TIME.search(plain))


# --- Glued to other text ------------------------------------------------------------------------

_ANY_LABEL: Final = re.compile(
    rf"(?:(?<=[\s>*.!?-])|\A)(?:{any_of(_KINDS)})"
    r"\*?\s?[:\uff1a]",
    re.IGNORECASE,
)
MIN_GLUED_HEADERS: Final = 3


def split_at_headers(line: str) -> list[str]:
    """Return the line cut above each header of a block that it holds in its midst, if it does."""
    if line.count(":") + line.count("\uff1a") < MIN_GLUED_HEADERS or not _has_values(line):
        return [line]
    places = [match.start() for match in _ANY_LABEL.finditer(line)]
    for first in range(len(places) - MIN_GLUED_HEADERS + 1):
        cuts = places[first : first + MAX_HEADER_LINES]
        ends = [*cuts[1:], len(line)]
        parts = [line[start:end].strip() for start, end in zip(cuts, ends, strict=True)]
        if header_block(parts, 0):
            return [part for part in (line[: cuts[0]].rstrip(), *parts) if part]
    return [line]


def _has_values(line: str) -> bool:
    return bool(ADDRESS.search(line) or TIME.search(line))
