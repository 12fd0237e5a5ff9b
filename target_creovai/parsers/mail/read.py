"""What the author of one mail wrote, without the conversation quoted below it."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Final

import msgspec

from target_creovai.parsers.mail.earlier.known import KnownLines
from target_creovai.parsers.mail.earlier.passages import Earlier
from target_creovai.parsers.mail.history import Reader
from target_creovai.parsers.mail.layout.html import html_to_text, tidy_text
from target_creovai.parsers.mail.layout.page import OWN, Page
from target_creovai.parsers.mail.markers.find import Marker, find_markers, unglued
from target_creovai.parsers.mail.markers.separators import says_forwarded
from target_creovai.parsers.mail.parts import Split, answered
from target_creovai.parsers.mail.phrases.banners import without_banner
from target_creovai.parsers.mail.phrases.signatures import without_ending, without_signature

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from target_creovai.parsers.mail.earlier.passages import Place

# A copy must be this long, or complete, before it is no coincidence.
MIN_REPEATED_CHARS: Final = 40
# Copies this long were cut by a field's length, which may happen inside a word.
MIN_CUT_CHARS: Final = 250
# Names and addresses at a mail's end are not longer, and sentences have an end.
MAX_LAST_CHARS: Final = 40

# Salesforce finds the case of an answer by these: `ref` ids, and threading tokens since 2023.
_THREAD_TOKEN: Final = re.compile(
    r"(?:\[[ \t]?)?\bref:!?_?[\w!.]{5,60}:ref\b(?:[ \t]?\])?|\bthread::[\w-]{8,64}::"
)


class MailText(msgspec.Struct, frozen=True):
    """The text of one mail, and what reading it took out.

    Attributes:
        text: What its author wrote in this mail; empty only if the mail is.
        removed: Characters of quoted history, signature and thread tokens that were taken out.
        kept_whole: Nothing would have been left, so everything stays.
        only_quotes: What stays is somebody else's, as the client or the case says.
        signature: The lines that were taken out as a signature or an ending; what else was taken
            out is history, a banner or a thread token.
    """

    text: str
    removed: int
    kept_whole: bool
    only_quotes: bool = False
    signature: tuple[str, ...] = ()


class Thread:
    """The messages of one case, read in the order of time."""

    def __init__(self) -> None:
        self._earlier = Earlier()
        # What the next message needs to know; nothing, if this is the last one.
        self._deferred: list[Callable[[], None]] = []

    def add(self, text: str, side: str = "") -> None:
        """Take in a message that quotes nothing: a description, a comment."""
        self._deferred.append(partial(self._index_text, text, side))

    def read(
        self,
        page: Page,
        *,
        subject: str = "",
        strip_signatures: bool = False,
        side: str = "",
    ) -> MailText:
        """Return what a mail's author wrote, and take the mail in.

        Args:
            page: The mail.
            subject: Its subject. One that says "forwarded" ("FW:", "WG:") keeps what stands below
                a header block, which else is taken for history.
            strip_signatures: Also take out sign-offs with the name block below them, mobile footers
                and legal notices.
            side: Who wrote it: nobody quotes what they wrote themselves without a mark.
        """
        whole = page.text
        page = unglued(page.changed(without_thread_tokens) if _may_hold_token(whole) else page)
        markers = find_markers(page)
        coded = self._coded(page) if self._has_earlier() else None
        known = (
            KnownLines.of_nothing(len(page.lines))
            if coded is None
            else KnownLines.of(self._earlier, coded, _breaks(page, markers))
        )
        forwarded = says_forwarded(subject)
        split = Reader(page, markers, known, side=side, forwarded=forwarded).split()
        self._deferred.append(partial(self._index_mail, page, coded, split.passages, side))
        text, signature = _own_text(split, strip_signatures=strip_signatures)
        if not text.strip():
            only_quotes = bool(whole) and split.is_quote
            return MailText(whole, 0, kept_whole=bool(whole), only_quotes=only_quotes)
        removed = max(0, len(whole) - len(text))
        return MailText(text, removed, kept_whole=False, signature=tuple(signature))

    def _has_earlier(self) -> bool:
        """Index what was deferred; tell whether there is anything to compare a mail with."""
        for index in self._deferred:
            index()
        self._deferred.clear()
        return bool(self._earlier)

    def _index_text(self, text: str, side: str) -> None:
        self._index(text.split("\n"), self._earlier.vocabulary.encode(text), side)

    def _index_mail(
        self,
        page: Page,
        coded: Sequence[str] | None,
        passages: Iterable[tuple[list[int], Place | None]],
        side: str,
    ) -> None:
        coded = self._coded(page) if coded is None else coded
        for row, back in passages:
            words = [coded[index] for index in row]
            self._index([page.lines[index] for index in row], words, side, back)

    def _coded(self, page: Page) -> list[str]:
        return self._earlier.vocabulary.encode(page.text)

    def _index(
        self, lines: Sequence[str], coded: Sequence[str], side: str, back: Place | None = None
    ) -> None:
        end = None if _is_cut(lines) else len(without_ending(without_signature(lines)))
        self._earlier.add(coded, end, side, back)


def read_mail(
    text_body: str | None,
    html_body: str | None,
    *,
    strip_quoted: bool,
    earlier: Iterable[str] = (),
    subject: str | None = None,
    strip_signatures: bool = False,
) -> MailText:
    """Return the text of a mail: of its text body if that shows anything, else of its HTML body.

    Args:
        text_body: The mail as plain text.
        html_body: The mail as HTML.
        strip_quoted: Take out quoted history, a signature below `-- `, banners of gateways and
            thread tokens. Answers written between quoted lines stay, each with the quoted line
            above it; so do forwarded mails, unless they repeat an earlier message.
        earlier: Full texts of the earlier messages of the same case.
        subject: As for `Thread.read`.
        strip_signatures: As for `Thread.read`, with `strip_quoted`.
    """
    if not strip_quoted:
        return MailText(full_text(text_body, html_body), removed=0, kept_whole=False)
    thread = Thread()
    for text in earlier:
        thread.read(Page.of(text, None))
    page = Page.of(text_body, html_body)
    return thread.read(page, subject=subject or "", strip_signatures=strip_signatures)


def full_text(text_body: str | None, html_body: str | None) -> str:
    """Return the text of a mail with all that it quotes."""
    return tidy_text(text_body or "") or html_to_text(html_body or "")


def repeats(text: str, original: str) -> bool:
    """Tell whether `text` is a copy of `original`, or of its beginning.

    Case, white space and quote marks don't count. A copy of less than 40 characters must be
    complete ("Hi" begins many mails), a longer one must end with a word; from 250 characters on,
    where fields are cut, it may end inside one.
    """
    copy, source = comparable(text), comparable(original)
    if not copy or not source.startswith(copy):
        return False
    if len(copy) == len(source) or len(copy) >= MIN_CUT_CHARS:
        return True
    return len(copy) >= MIN_REPEATED_CHARS and not (copy[-1] + source[len(copy)]).isalnum()


def comparable(text: str) -> str:
    """Return a text without what does not count when texts are compared: see `repeats`."""
    text = tidy_text(text)
    return " ".join(text.replace(">", " ").casefold().split())


def without_thread_tokens(line: str) -> str:
    """Return a line without the tokens that Salesforce finds the case by."""
    return _THREAD_TOKEN.sub("", line).rstrip() if _may_hold_token(line) else line


def _may_hold_token(text: str) -> bool:
    return ":ref" in text or "thread::" in text


def _is_cut(lines: Sequence[str]) -> bool:
    """Tell whether a field's length cut a message inside a sentence."""
    last = next((line for line in reversed(lines) if line.strip()), "")
    return (
        sum(map(len, lines)) >= MIN_CUT_CHARS and len(last) > MAX_LAST_CHARS and last[-1].isalnum()
    )


def _breaks(page: Page, markers: Iterable[Marker]) -> frozenset[int]:
    """Return the lines where another message may begin."""
    quoted = (
        index
        for index in range(1, len(page.levels))
        if page.levels[index] != OWN and page.levels[index - 1] == OWN
    )
    return frozenset([*quoted, *(marker.end for marker in markers if not marker.is_weak)])


def _own_text(split: Split, *, strip_signatures: bool) -> tuple[str, list[str]]:
    """Return what stays, and the lines that went as a signature."""
    parts = split.parts
    signature: list[str] = []
    if parts and not parts[0].quoted:
        parts[0].lines = without_banner(parts[0].lines)
    if parts and not parts[-1].quoted:
        whole = parts[-1].lines
        parts[-1].lines = without_signature(whole)
        signature += _cut_out(whole, parts[-1].lines)
    answers = [line for part in answered(parts) for line in part.lines]
    kept = without_signature(answers)
    signature += _cut_out(answers, kept)
    rest = split.rest
    if strip_signatures:
        written = kept
        kept = without_ending(written)
        signature = [*_cut_out(written, kept), *signature]
        rest = ["", *rest]
    return tidy_text("\n".join([*kept, *rest])), signature


def _cut_out(lines: list[str], kept: list[str]) -> list[str]:
    """Return the one run of lines that was cut out; an empty line may stand for it."""
    if len(kept) == len(lines):
        return []
    start = next((at for at, line in enumerate(kept) if line != lines[at]), len(kept))
    below = len(kept) - start - 1 if start < len(kept) and not kept[start] else len(kept) - start
    return lines[start : len(lines) - below]
