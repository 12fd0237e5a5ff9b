"""Texts as words, one character each: cheap to slice, to find and to hash.

What clients change when they quote does not count: case, punctuation, white space, bullets, quote
marks, and the addresses of links, which gateways rewrite.
"""

from __future__ import annotations

import re
from typing import Final

from target_creovai.parsers.mail.phrases.banners import is_banner
from target_creovai.parsers.mail.phrases.signs import MARKS

# The first words get the letters beyond Latin 1.
_FIRST: Final = 0x100
_LIMIT: Final = 0x110000 - _FIRST

# One of these is in every line that the patterns find anything in.
_LINKS: Final = ("http", "www.", "mailto:", "cid:", "tel:")
_WRAPPED_LINK: Final = re.compile(r"<(?:https?|mailto):[^<>]{0,2000}>", re.IGNORECASE)
_LINK: Final = re.compile(r"\b(?:https?|mailto|cid|tel):[^\s<>()\[\]]+|\bwww\.[^\s<>()\[\]]+")
# One that goes on in the next line.
_OPEN_LINK: Final = re.compile(r"<(?:https?|mailto):[^<>\n]{0,2000}\n", re.IGNORECASE)
_WORDS: Final = re.compile(r"[^\W_]+")
# Scripts without spaces between words: each character is a word, as lines break anywhere.
_IDEOGRAPH: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


class _Codes(dict[str, str]):
    """Gives each word a character of its own, in order of appearance.

    Beyond a million different words characters are used again.
    """

    def __missing__(self, word: str) -> str:
        code = self[word] = chr(_FIRST + len(self) % _LIMIT)
        return code


class Vocabulary(dict[str, str]):
    """The words of each line without quote marks: read once, as mails repeat each other's lines.

    Those of gateways' banners don't count.
    """

    def __init__(self) -> None:
        super().__init__()
        self.codes = _Codes()

    def __missing__(self, line: str) -> str:
        plain = "" if is_banner(line) else line.casefold()
        if any(map(plain.__contains__, _LINKS)):
            plain = _LINK.sub(" ", _WRAPPED_LINK.sub(" ", plain))
        if "=20" in plain:
            plain = plain.replace("=20", " ")
        if not plain.isascii():
            plain = _IDEOGRAPH.sub(r" \g<0> ", plain)
        words = self[line] = "".join(map(self.codes.__getitem__, _WORDS.findall(plain)))
        return words

    def encode(self, text: str) -> list[str]:
        """Return the words of each line of a text."""
        if _OPEN_LINK.search(text):
            text = _WRAPPED_LINK.sub(_breaks, text)
        return [self[line.lstrip(MARKS)] for line in text.split("\n")]


def _breaks(link: re.Match[str]) -> str:
    return " " + "\n" * link[0].count("\n")


def common_length(one: str, start: int, other: str, begin: int) -> int:
    """Return how many characters two texts have in common from two places on."""
    at, end = start, start + min(len(one) - start, len(other) - begin)
    step, is_equal = 16, True
    while step and at < end:
        step = min(step, end - at)
        if one[at : at + step] == other[begin : begin + step]:
            at, begin = at + step, begin + step
            step = step * 2 if is_equal else step
        else:
            step, is_equal = step // 2, False
    return at - start
