"""Lines that stand between an answer and the mail it answers, or that is passed on."""

# ruff: noqa: RUF001 - dashes of every width.

from __future__ import annotations

import re
from typing import Final

from target_creovai.parsers.mail.phrases.languages import FORWARD_PREFIXES, FORWARDS, ORIGINALS
from target_creovai.parsers.mail.phrases.signs import DRESSING, any_of

# Words of three dozen characters between two rows of dashes.
MAX_SEPARATOR_CHARS: Final = 200
_SEPARATORS: Final = ORIGINALS | FORWARDS
_LONGEST_SEPARATOR: Final = max(map(len, _SEPARATORS))

# Orange: "> Message du 04/03/25 09:12"; ticket systems: "##- Please type your reply above -##".
_INTRODUCTION: Final = re.compile(
    r"[> ]{0,4}message du (?:: )?\d{1,2}/\d{1,2}/\d{2,4}\b.{0,20}\Z|##-.{5,120}-##\Z"
    r"|[#=*\s-]{2,12}(?:(?:please )?(?:type your )?reply (?:above|only above)"
    r"|bitte (?:geben sie ihre antwort |antworten sie )?(?:oberhalb|über)"
    r"|(?:merci de |veuillez )?répond(?:re|ez) au-dessus|responda por encima).{0,60}[#=*-]{2,12}\Z"
    r"|original message processed by david|>>>\s.{5,200}\s>>>\Z",
    re.IGNORECASE,
)
_INTRODUCES: Final = frozenset("mMoO#=*-")
_AROUND: Final = DRESSING + ":\uff1a"
_DRESSES: Final = frozenset(_AROUND)
_DASH: Final = re.compile("[-‐‑‒–—]")
_GLUED: Final = re.compile(
    rf"(?:(?<!-)-{{3,}}|(?<!_)_{{3,}})\s?(?:{any_of(ORIGINALS)})\s?(?:-{{3,}}|_{{3,}})",
    re.IGNORECASE,
)
_SAYS_FORWARDED: Final = re.compile(
    r"\s{0,9}(?:\[[^\]]{1,40}\]\s{0,9})?"
    rf"(?:{any_of(FORWARD_PREFIXES)})"
    r"(?:\s?[\[(]\d{1,3}[\])])?\s?[:\uff1a]",
    re.IGNORECASE,
)


def says_forwarded(subject: str) -> bool:
    """Tell whether a subject begins with a forward prefix; "RE: FW:" is an answer to one."""
    return _SAYS_FORWARDED.match(subject) is not None


def may_separate(line: str) -> bool:
    """Tell whether a line may be any of the three below: a cheap first look."""
    bare = line.lstrip("> ")
    if bare[:1] in _INTRODUCES or line.endswith(">>>"):
        return True
    if bare and (bare[0] in _DRESSES or bare[-1] in _DRESSES):
        return _words_between_dashes(bare) in _SEPARATORS
    return len(bare) <= _LONGEST_SEPARATOR and bare.casefold() in _SEPARATORS


def is_forward(line: str) -> bool:
    """Tell whether the line announces a forwarded mail."""
    return len(line) <= MAX_SEPARATOR_CHARS and _words_between_dashes(line) in FORWARDS


def is_original(line: str) -> bool:
    """Tell whether the line, dashes and words, separates an answer from the mail it answers."""
    if line[:1] not in _DRESSES or _words_between_dashes(line) not in ORIGINALS:
        return False
    dressing = line[: len(line) - len(line.lstrip(DRESSING))]
    return len(_DASH.findall(dressing)) > 1 or "__" in line[:2]


def is_introduction(line: str) -> bool:
    """Tell whether the line is what some clients print above their header block."""
    begins = line.lstrip("> ")[:1]
    return (begins in _INTRODUCES or line.endswith(">>>")) and _INTRODUCTION.match(line) is not None


def is_rule(line: str) -> bool:
    """Tell whether the line is the mere stroke that some clients draw above a header block."""
    return len(line) >= len("-----") and not line.strip(DRESSING)


def is_framed(line: str) -> bool:
    """Tell whether dashes enclose the line, as they do separators in languages unknown here."""
    return line.startswith("--") and line.endswith("--") and len(line) <= MAX_SEPARATOR_CHARS


# What may stand right above a header block or an earlier message, and belongs to it.
DECORATION: Final = (is_rule, is_framed, is_original, is_forward, is_introduction)


def split_at_separator(line: str) -> list[str]:
    """Return the line cut above and below a separator in its midst, if it holds one."""
    found = _GLUED.search(line) if "---" in line or "___" in line else None
    if found is None:
        return [line]
    return [part for part in (line[: found.start()], found[0], line[found.end() :]) if part.strip()]


def _words_between_dashes(line: str) -> str:
    bare = line.strip(_AROUND)
    return bare.casefold() if len(bare) <= _LONGEST_SEPARATOR else ""
