"""From labelled cases to numbers."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from difflib import SequenceMatcher
from html import unescape
from typing import TYPE_CHECKING, Final

from target_creovai.errors import TextError
from target_creovai.parsers.mail import full_text
from target_creovai.parsers.transcript import parse_transcript
from target_creovai.parsers.transcript.markup import decode
from target_creovai.parsers.transcript.parse import tokenize
from tests.accuracy.cases import Said

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_creovai.parsers.transcript import Line
    from tests.accuracy.cases import Chat, Mail

_TAG: Final = re.compile(r"<(?:/?[a-zA-Z][^<>]*|!--.*?--)>", re.DOTALL)
_ENTITY: Final = re.compile(r"&#?\w+;")
_INVISIBLE: Final = re.compile(r"[\s\x01\x02\u200b\u200e\u200f]")
_TOKEN: Final = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+")


@dataclass(frozen=True, slots=True)
class ChatScore:
    """What of one transcript, or of many, came out right, in messages and characters."""

    messages: int = 0
    speakers: int = 0
    times: int = 0
    texts: int = 0
    characters: int = 0
    conserved: int = 0
    wrong: tuple[str, ...] = ()

    def __add__(self, other: ChatScore) -> ChatScore:
        return ChatScore(
            self.messages + other.messages,
            self.speakers + other.speakers,
            self.times + other.times,
            self.texts + other.texts,
            self.characters + other.characters,
            self.conserved + other.conserved,
            self.wrong + other.wrong,
        )


def score_chat(chat: Chat) -> ChatScore:
    """Compare what the parser makes of a transcript with its label."""
    try:
        parsed = parse_transcript(
            chat.body, start_time=chat.start, names=chat.names, chatbot_session=chat.chatbot
        )
    except TextError:
        right = int(chat.said is None)
        return ChatScore(1, right, right, right, wrong=() if right else (chat.name,))
    got = [_said(line) for line in parsed.lines if line.kind == "message"]
    pairs = _aligned(chat.said or (), got)
    characters, conserved = _conservation(chat)
    score = ChatScore(
        messages=len(pairs),
        speakers=sum((one.role, one.speaker) == (two.role, two.speaker) for one, two in pairs),
        times=sum(one.at == two.at for one, two in pairs),
        texts=sum(one.text == two.text for one, two in pairs),
        characters=characters,
        conserved=conserved,
    )
    left_over = "".join(parsed.unclassified)
    exact = conserved == characters and left_over == chat.left_over
    exact = exact and all(one == two for one, two in pairs)
    return score if exact else score + ChatScore(wrong=(chat.name,))


def _said(line: Line) -> Said:
    at = f"{line.at:%Y-%m-%dT%H:%M:%S}" if line.at else ""
    return Said(at + "~" * line.derived, line.role.value, line.speaker or "", line.text)


def _aligned(expected: Iterable[Said], got: Iterable[Said]) -> list[tuple[Said, Said]]:
    """Pair the messages by their texts; one without a partner is paired with nothing."""
    one, two = [*expected], [*got]
    if len(one) == len(two):
        return [*zip(one, two, strict=True)]
    nothing = Said("missing", "missing", "missing", "\0")
    texts = [said.text for said in one], [said.text for said in two]
    pairs: list[tuple[Said, Said]] = []
    for _, low, high, start, end in SequenceMatcher(None, *texts, autojunk=False).get_opcodes():
        width = max(high - low, end - start)
        left = one[low:high] + [nothing] * (width - (high - low))
        right = two[start:end] + [nothing] * (width - (end - start))
        pairs += [
            (a, Said("extra", "extra", "extra", "\1") if b is nothing else b)
            for a, b in zip(left, right, strict=True)
        ]
    return pairs


def _conservation(chat: Chat) -> tuple[int, int]:
    """Return how many visible characters there are, and how many came out, in their order."""
    printed = _ENTITY.sub(lambda entity: unescape(entity[0]), _TAG.sub("", chat.body))
    shown = _INVISIBLE.sub("", printed)
    tokens = tokenize(chat.body, chat.names)
    came_out = _INVISIBLE.sub("", decode("".join(token.printed for token in tokens)))
    if shown == came_out:
        return len(shown), len(shown)
    matcher = SequenceMatcher(None, shown, came_out, autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks())
    return len(shown), same - (len(came_out) - same)


@dataclass(frozen=True, slots=True)
class MailScore:
    """How one mail, or many, was split into its author's words and history; all in tokens."""

    mails: int = 0
    exact: int = 0
    whole: int = 0
    kept: int = 0
    own: int = 0
    kept_own: int = 0
    timeouts: int = 0
    wrong: tuple[str, ...] = ()

    def __add__(self, other: MailScore) -> MailScore:
        return MailScore(
            self.mails + other.mails,
            self.exact + other.exact,
            self.whole + other.whole,
            self.kept + other.kept,
            self.own + other.own,
            self.kept_own + other.kept_own,
            self.timeouts + other.timeouts,
            self.wrong + other.wrong,
        )

    @property
    def text_precision(self) -> float:
        """Share of what was kept that the author wrote in this mail."""
        return self.kept_own / (self.kept or 1)

    @property
    def text_recall(self) -> float:
        """Share of what the author wrote that was kept."""
        return self.kept_own / (self.own or 1)

    @property
    def history_precision(self) -> float:
        """Share of what was removed that is history: the rest is an author's own words, eaten."""
        removed = self.whole - self.kept
        return self._removed_history / (removed or 1)

    @property
    def history_recall(self) -> float:
        """Share of the history that was removed."""
        return self._removed_history / ((self.whole - self.own) or 1)

    @property
    def _removed_history(self) -> int:
        return self.whole - self.own - (self.kept - self.kept_own)


def tokens(text: str) -> list[str]:
    """Return the words of a text; in scripts without spaces, its characters."""
    return _TOKEN.findall(text)


def score_mail(mail: Mail, kept: str | None) -> MailScore:
    """Compare what was kept of a mail with its label; None says that time ran out."""
    whole = Counter(tokens(full_text(mail.text, mail.html)))
    own = Counter(tokens(mail.own))
    got = whole if kept is None else Counter(tokens(kept)) & whole
    exact = got == own
    return MailScore(
        mails=1,
        exact=int(exact),
        whole=whole.total(),
        kept=got.total(),
        own=own.total(),
        kept_own=(got & own).total(),
        timeouts=int(kept is None),
        wrong=() if exact else (mail.name,),
    )
