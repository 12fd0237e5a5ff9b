"""The messages of a case, row by row, and which of them are copies of others."""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import islice
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace

from target_creovai.model.conversation import Message, Removed
from target_creovai.model.participants import Role
from target_creovai.parsers.mail import comparable, repeats, with_subject
from target_creovai.salesforce.rows import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from target_creovai.model.participants import Participant
    from target_creovai.model.rows import Row
    from target_creovai.parsers.mail import Page

ATTACHMENT_ONLY = "[attachment]"  # stands for a mail without a word of its own

# A comment this much before or after a mail may be its copy.
ONE_DAY = timedelta(days=1)
# So many words at the beginning must agree; a shorter comment is a copy only if it is complete.
WORDS_COMPARED = 50
_WORD = re.compile(r"\w+")


class Rank(IntEnum):
    """What comes first of two at the same time."""

    DESCRIPTION = 0
    MAIL = 1
    COMMENT = 2


class CaseMessage(msgspec.Struct, frozen=True):
    """A message of a case, with its whole text; `own` lacks what it quotes and `signature`.

    `page` is a mail's text laid out, where quotes are to be taken out of it.
    """

    at: datetime
    rank: Rank
    row: Row
    sender: Participant
    channel: str
    text: str
    own: str = ""
    signature: tuple[str, ...] = ()
    page: Page | None = None

    @property
    def order(self) -> tuple[datetime, int, str, str]:
        """Time first; ties are in the same order whatever order the rows came in."""
        return self.at, self.rank, str(self.row.get("CreatedDate")), str(self.row.get("Id"))

    def message(self, *, keep_whole: bool) -> Message:
        """Return it as it is sent, beside its whole text if that is asked for and says more."""
        message = Message(self.at, self.sender, self.own, self.channel)
        if not keep_whole or self.own == self.text:
            return message
        return replace(message, removed=Removed(self.text, self.signature))

    @property
    def is_text_of_mail(self) -> bool:
        """Tell whether this is a mail with words, which may quote others."""
        return self.rank is Rank.MAIL and not self.text.endswith(ATTACHMENT_ONLY)


def instead_of_words(mail: Row, text: str) -> str:
    """Return the text of a mail without words of its own: its subject, and what came with it."""
    subject = with_subject(text_of(mail, "Subject"), text)
    if mail.get("HasAttachment") and not text.strip():
        return f"{subject}\n{ATTACHMENT_ONLY}" if subject else ATTACHMENT_ONLY
    return subject or ATTACHMENT_ONLY


def without_second_copies(messages: Iterable[CaseMessage]) -> list[CaseMessage]:
    """Leave out every mail that stands there already: the earliest row of it stays.

    The same Message-ID is the same mail. A row without one is a copy if a mail of the
    same direction, sender and minute has the same words; so is a row with one, of a mail without.
    """
    kept: list[CaseMessage] = []
    identifiers: set[str] = set()
    mails: set[object] = set()
    mails_without_identifier: set[object] = set()
    for item in messages:
        if item.rank is Rank.MAIL:
            identifier, words = _identifier(item), comparable(item.text)
            mail = (_direction_sender_minute(item), words)
            alike = mails_without_identifier if identifier else mails
            is_copy = item.is_text_of_mail and words and mail in alike
            if is_copy or identifier in identifiers:
                continue
            identifiers |= {identifier} - {""}
            mails.add(mail)
            if not identifier:
                mails_without_identifier.add(mail)
        kept.append(item)
    return kept


def _identifier(item: CaseMessage) -> str:
    return (text_of(item.row, "MessageIdentifier") or "").strip().casefold()


def _direction_sender_minute(item: CaseMessage) -> tuple[bool, str, datetime]:
    sender = (text_of(item.row, "FromAddress") or "").strip().casefold()
    return item.row.get("Incoming") is True, sender, item.at.replace(second=0, microsecond=0)


def without_copies_of_mails(messages: Sequence[CaseMessage]) -> list[CaseMessage]:
    """Leave out comments that only repeat a mail of the same day: the mail stays.

    What a customer comments goes only if a customer mailed it: "Yes, please" from the
    other side is something else.
    """
    mails: dict[tuple[str, ...], list[CaseMessage]] = defaultdict(list)
    for item in messages:
        if item.is_text_of_mail:
            for words in {_first_words(item.text), _first_words(item.own)}:
                mails[words].append(item)
    return [
        item
        for item in messages
        if item.rank is not Rank.COMMENT
        or not any(_is_copy(item, mail) for mail in mails[_first_words(item.text)])
    ]


def _first_words(text: str) -> tuple[str, ...]:
    """Return how a text and its copy both begin: comparing every two would take long."""
    words = islice(_WORD.finditer(text), WORDS_COMPARED)
    return tuple(word[0].casefold() for word in words)


def _is_copy(comment: CaseMessage, mail: CaseMessage) -> bool:
    if abs(comment.at - mail.at) > ONE_DAY:
        return False
    if comment.sender.role is Role.CUSTOMER and mail.sender.role is not Role.CUSTOMER:
        return False
    return repeats(comment.text, mail.own) or repeats(comment.text, mail.text)
