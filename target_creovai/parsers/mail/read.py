"""What the author of one mail wrote, without the conversation quoted below it.

Two sources tell what is history: the earlier messages of the same case, which a mail repeats word
for word, and the marks that mail clients leave (`markers`). In doubt the text stays: a
sentence too many is a nuisance, a customer's lost sentence is an error.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from target_creovai.parsers.mail import markers
from target_creovai.parsers.mail.html import (
    QUOTE_MARK,
    html_to_quoted_text,
    html_to_text,
    tidy_text,
)
from target_creovai.parsers.mail.signatures import without_ending

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAX_SIGNATURE_LINES: Final = 10
MAX_SIGNATURE_LINE_CHARS: Final = 80
# An earlier message must be this long, or this many lines, before repeating it is no coincidence.
MIN_REPEATED_CHARS: Final = 40
MIN_REPEATED_LINES: Final = 3
# This much of its beginning identifies an earlier message: answers may interrupt the rest.
HEAD_CHARS: Final = 200
# Copies this long were cut by a field's length, which may happen inside a word.
MIN_CUT_CHARS: Final = 250


@dataclass(frozen=True, slots=True)
class MailText:
    """The text of one mail, and what reading it took out.

    Attributes:
        text: What its author wrote in this mail; empty only if the mail is.
        removed: Characters of quoted history, signature and thread tokens that were taken out.
        kept_whole: Nothing would have been left, so everything stays.
    """

    text: str
    removed: int
    kept_whole: bool


def read_mail(
    text_body: str | None,
    html_body: str | None,
    *,
    strip_quoted: bool,
    earlier: Sequence[str] = (),
    subject: str | None = None,
    strip_signatures: bool = False,
) -> MailText:
    """Return the text of a mail: of its text body if that shows anything, else of its HTML body.

    Args:
        text_body: The mail as plain text.
        html_body: The mail as HTML.
        strip_quoted: Take out quoted history, a signature below `-- ` and thread tokens. Answers
            written between quoted lines stay, each with the quoted line above it; so do forwarded
            mails, unless they repeat an earlier message.
        earlier: Full texts of the earlier messages of the same case.
        subject: The mail's subject. One that says "forwarded" ("FW:", "WG:") keeps what stands
            below a header block, which else is taken for history.
        strip_signatures: With `strip_quoted`, also take out sign-offs with the name block below
            them, mobile footers and legal notices.
    """
    if not strip_quoted:
        return MailText(full_text(text_body, html_body), removed=0, kept_whole=False)
    whole = tidy_text(text_body or "") or _html_with_quote_marks(html_body or "")
    text = _own_text(
        whole,
        _Earlier.of(earlier),
        forwarded=markers.says_forwarded(subject or ""),
        strip_signatures=strip_signatures,
    )
    if not text.strip():
        return MailText(full_text(text_body, html_body), removed=0, kept_whole=bool(whole))
    return MailText(text, removed=max(0, len(whole) - len(text)), kept_whole=False)


def full_text(text_body: str | None, html_body: str | None) -> str:
    """Return the text of a mail with all that it quotes."""
    return tidy_text(text_body or "") or html_to_text(html_body or "")


def repeats(text: str, original: str) -> bool:
    """Tell whether `text` is a copy of `original`, or of its beginning.

    Case, white space and quote marks don't count. A copy of less than 40 characters must be
    complete ("Hi" begins many mails), a longer one must end with a word; from 250 characters on,
    where fields are cut, it may end inside one.
    """
    copy, source = _normalised(tidy_text(text)), _normalised(tidy_text(original))
    if not copy or not source.startswith(copy):
        return False
    if len(copy) == len(source) or len(copy) >= MIN_CUT_CHARS:
        return True
    return len(copy) >= MIN_REPEATED_CHARS and not (copy[-1] + source[len(copy)]).isalnum()


def _html_with_quote_marks(html: str) -> str:
    if not markers.may_hold_quotes(html):
        return html_to_text(html)
    return html_to_quoted_text(html, markers.QUOTE_SELECTOR, is_own=markers.is_forward)


# --- What earlier messages of the case say ---------------------------------------------------


def _normalised(text: str) -> str:
    return " ".join(text.replace(">", " ").casefold().split())


@lru_cache(maxsize=256)
def _normalised_lines(text: str) -> tuple[str, ...]:
    """Return the lines that say something; kept, as each mail of a case asks for all before it."""
    return tuple(filter(None, map(_normalised, text.split("\n"))))


@dataclass(frozen=True, slots=True)
class _Earlier:
    """The earlier messages of a case, prepared for comparison."""

    texts: tuple[str, ...] = ()
    lines: frozenset[str] = frozenset()
    neighbours: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, messages: Iterable[str]) -> _Earlier:
        pages = [page for page in map(_normalised_lines, messages) if page]
        return cls(
            texts=tuple(" ".join(page) for page in pages if _is_telling(page)),
            lines=frozenset(line for page in pages for line in page),
            neighbours=frozenset(pair for page in pages for pair in pairwise(page)),
        )

    def knows(self, line: str) -> bool:
        return _normalised(line) in self.lines


def _is_telling(page: tuple[str, ...]) -> bool:
    chars = sum(map(len, page))
    return chars >= MIN_REPEATED_CHARS or (
        len(page) >= MIN_REPEATED_LINES and chars >= MIN_REPEATED_CHARS // 2
    )


def _without_repeats(lines: list[str], earlier: _Earlier) -> list[str]:
    """Take out the earlier messages that the mail repeats from their first line on.

    One at the very top is no history but the mail itself, such as a template sent twice.
    """
    stream = _normalised("\n".join(lines))
    # The latest first: it repeats the others.
    for text in (text for text in reversed(earlier.texts) if text[:HEAD_CHARS] in stream):
        start, end = _find_repeat(lines, text)
        if end:
            start = _with_marker(lines, start)
            end = _history_end(lines, end, earlier)
            answers = _answers(lines[start:end], earlier)
            # The last answer, below the last quoted line, is still to come.
            end -= bool(answers) and lines[end - 1].startswith(">")
            lines = [*lines[:start], "", *answers, *lines[end:]]
    return lines


def _find_repeat(lines: list[str], text: str) -> tuple[int, int]:
    """Return which lines repeat the text, however they are wrapped; (0, 0) if none do.

    A repeat begins with a line, but not with the first one.
    """
    spans: dict[int, tuple[int, int]] = {}
    position = 0
    for index, line in enumerate(map(_normalised, lines)):
        if line:
            spans[position] = (index, position + len(line))
            position += len(line) + 1
    stream = _normalised("\n".join(lines))
    head = text[:HEAD_CHARS]
    at = next((start for start in spans if start and stream.startswith(head, start)), None)
    if at is None:
        return 0, 0
    until = at + _common_length(stream[at:], text)
    inside = [index for start, (index, end) in spans.items() if at <= start and end <= until]
    if not inside:
        return 0, 0
    # An answer interrupts the quote: its question is left for `_answered`.
    interrupted = until - at < len(text) and lines[inside[-1]].startswith(">")
    return inside[0], inside[-1] + 1 - interrupted


def _common_length(one: str, other: str) -> int:
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _with_marker(lines: list[str], start: int) -> int:
    """Return where the attribution, header block or separator in front of a line begins."""
    above = _skip_blank_up(lines, start)
    for index in range(max(0, above - markers.MAX_HEADER_LINES), above):
        end = markers.header_block_end(lines, index)
        if end is not None and not any(lines[end:above]):
            return _with_decoration(lines, index)
    if above:
        attribution = markers.attribution_start(lines, above - 1, before_quote=True)
        if attribution is None:
            attribution = markers.unworded_header_start(lines, above)
        start = start if attribution is None else attribution
    return _with_decoration(lines, start)


def _with_decoration(lines: list[str], start: int) -> int:
    above = _skip_blank_up(lines, start)
    while above and any(test(lines[above - 1]) for test in markers.DECORATION):
        start = above - 1
        above = _skip_blank_up(lines, start)
    return start


def _skip_blank_up(lines: list[str], end: int) -> int:
    while end and not lines[end - 1].strip():
        end -= 1
    return end


def _history_end(lines: list[str], start: int, earlier: _Earlier) -> int:
    """Return the index after the last line, from `start` on, that still is known history."""
    end, last, unknown = start, _normalised(lines[start - 1]), False
    for index in range(start, len(lines)):
        line = _normalised(lines[index])
        if line in earlier.lines and (not unknown or (last, line) in earlier.neighbours):
            end, last, unknown = index + 1, line, False
        elif line:
            unknown = True
    return end


def _answers(lines: list[str], earlier: _Earlier) -> list[str]:
    """Return what was written into history that has no quote marks.

    An answer stands between two lines that are neighbours in an earlier message. The one above
    is its question.
    """
    kept: list[str] = []
    question, answer = "", list[str]()
    for line in lines:
        if not earlier.knows(line):
            answer.append(line)
            continue
        if (
            any(map(_normalised, answer))
            and (_normalised(question), _normalised(line)) in earlier.neighbours
        ):
            kept += [QUOTE_MARK + question.lstrip("> "), *answer]
        question, answer = line, []
    return kept


# --- What mail clients mark ------------------------------------------------------------------


@dataclass(slots=True)
class _Part:
    """Some lines of a mail in a row: all quoted, or all written by its author."""

    quoted: bool
    lines: list[str]
    attributed: bool = False

    def __bool__(self) -> bool:
        return any(line.strip() for line in self.lines)


def _own_text(text: str, earlier: _Earlier, *, forwarded: bool, strip_signatures: bool) -> str:
    lines = [line.rstrip() for line in markers.without_thread_tokens(text).split("\n")]
    if earlier.texts:
        lines = _without_repeats(lines, earlier)
    parts, rest = _split(lines, earlier, forwarded=forwarded)
    parts = [*filter(None, parts)]
    if parts and not parts[-1].quoted:
        parts[-1].lines = _without_signature(parts[-1].lines)
    kept = [line for part in _answered(parts, earlier) for line in part.lines]
    kept = _without_signature(kept)
    if strip_signatures:
        kept = without_ending(kept)
        rest = ["", *rest]
    return tidy_text("\n".join([*kept, *rest]))


def _split(
    lines: list[str], earlier: _Earlier, *, forwarded: bool
) -> tuple[list[_Part], list[str]]:
    """Split a mail at its quote marks, up to where all that follows is history or forwarded.

    What earlier messages hold is gone already: in a mail that its subject calls forwarded, the
    rest of a header block's text is news.

    Returns:
        The parts, and what stays of all that follows.
    """
    parts = [_Part(quoted=False, lines=[])]
    for index, line in enumerate(lines):
        part = parts[-1]
        if not line:  # belongs to whatever it stands in
            part.lines.append(line)
            continue
        quoted = line.startswith(">")
        if quoted and not part.quoted:
            if forwarded and _begins_block(lines, index):
                return parts, lines[index:]
            attributed = _cut_attribution(part.lines) or _names_its_author(lines, index)
            if not attributed and markers.is_forward(line):
                return parts, lines[index:]
            parts.append(_Part(quoted=True, lines=[line], attributed=attributed))
        elif not quoted and (
            markers.is_forward(line) or (forwarded and _begins_block(lines, index))
        ):
            return parts, lines[index:]
        elif not quoted and _begins_history(lines, index, part.lines):
            return parts, _answers(lines[index:], earlier)
        elif quoted == part.quoted:
            part.lines.append(line)
        else:
            parts.append(_Part(quoted=False, lines=[line]))
    return parts, []


def _cut_attribution(lines: list[str]) -> bool:
    """Take the attribution off the end of the lines above a quote; tell whether there was one."""
    end = _skip_blank_up(lines, len(lines))
    start = markers.attribution_start(lines, end - 1, before_quote=True) if end else None
    if start is not None:
        del lines[start:]
    return start is not None


def _names_its_author(lines: list[str], index: int) -> bool:
    """Tell whether a quote holds its own attribution, separator or headers."""
    if _begins_block(lines, index):
        return True
    opening = lines[index : index + markers.MAX_ATTRIBUTION_LINES]
    return any(
        markers.attribution_start(opening, last, before_quote=False) is not None
        for last in range(len(opening))
    )


def _begins_block(lines: list[str], index: int) -> bool:
    """Tell whether a header block begins here, with or without a separator above it."""
    return markers.is_original(lines[index]) or markers.header_block_end(lines, index) is not None


def _begins_history(lines: list[str], index: int, above: list[str]) -> bool:
    """Tell whether all from this line on is history; take its first lines off those above."""
    if markers.is_original(lines[index]):
        return True
    if markers.header_block_end(lines, index) is not None:
        del above[_with_decoration(above, len(above)) :]
        return True
    start = markers.attribution_start(lines, index, before_quote=False)
    below = lines[index + 1 : index + 1 + markers.MAX_ATTRIBUTION_LINES]
    if start is None or next(filter(None, below), ">").startswith(">"):
        return False
    del above[max(0, len(above) - (index - start)) :]
    return True


def _answered(parts: list[_Part], earlier: _Earlier) -> Iterator[_Part]:
    """Yield the author's parts, and what the answers among them need of the quoted ones.

    One attributed quote with a text below is a mail answered as a whole. With several quotes, the
    line above each answer stays. A lone quote that nobody is named for, and that repeats no
    earlier message, may as well be a log or code: it stays if the text goes on below it.
    """
    several = sum(part.quoted for part in parts) > 1
    for before, part, after in zip([None, *parts], parts, [*parts[1:], None], strict=False):
        known = part.attributed or any(map(earlier.knows, filter(None, part.lines)))
        if not part.quoted or (not known and _is_listing(before, part, after)):
            yield part
        elif after is None or after.quoted:
            continue
        elif several or (known and not part.attributed):
            yield _last_line(part)
        elif not known:
            yield part


def _is_listing(before: _Part | None, part: _Part, after: _Part | None) -> bool:
    """Tell whether the lines are a console's or a program's rather than a quoted mail's."""
    above = before.lines[-1] if before else ""
    if above and len(part.lines) == 1 and not above.endswith(markers.SENTENCE_ENDS):
        return True  # "whenever the load is" / "> 80 percent": a sentence, wrapped before a sign
    below = after.lines[0] if after and part.lines[-1] else ""
    return (
        part.lines[0].startswith(">>> ")
        or above.startswith(("<", "$", "```"))
        or above.endswith(":")
        or below.startswith(("<", "```"))
    )


def _last_line(part: _Part) -> _Part:
    """Return the last quoted line that says something, with the empty lines below it."""
    last = max(index for index, line in enumerate(part.lines) if line.strip("> ") or not index)
    blank = [line for line in part.lines[last + 1 :] if not line]
    return _Part(quoted=True, lines=[part.lines[last], *blank])


def _without_signature(lines: list[str]) -> list[str]:
    """Return the lines above the last `-- ` if what is below it is as short as a signature.

    Its space is often lost on the way. What tells `--` from a stroke under a heading is an empty
    line above it, or none below it.
    """
    below: list[str] = []
    for index in range(len(lines) - 1, 0, -1):
        if lines[index] == markers.SIGNATURE_DELIMITER:
            is_delimiter = not lines[index - 1] or all(lines[index:])
            return lines[:index] if is_delimiter and any(lines[:index]) else lines
        below += filter(None, [lines[index]])
        if len(below) > MAX_SIGNATURE_LINES or len(lines[index]) > MAX_SIGNATURE_LINE_CHARS:
            break
    return lines
