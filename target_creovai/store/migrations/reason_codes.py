"""The migration that turns reasons in words into codes with arguments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import sqlalchemy as sa

from target_creovai.model.outcomes import Code, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

# What decides until a conversation is assembled anew, in the words of schema 4.
_WORDS: Mapping[Code, str] = {
    Code.FIELD_UNREAD: r"read without (\w+)\.(.+)",
    Code.STREAM_UNREAD: r"a part was never read: the stream (\w+)",
    Code.EARLIER_UNREAD: r"a part was never read: (\w+) before (\S+)",
    Code.LATER_UNREAD: r"a part was never read: (\w+) from (\S+) on",
    Code.REST_UNREAD: r"a part was never read: the rest of (\w+)",
    Code.ANOTHER_INPUT: r"another input is being read",
    Code.CHANGED_MEANWHILE: r"it changed while it was read: the next run reads on",
    Code.DELETED_LATER: r"deleted in Salesforce after it was sent",
    Code.IN_DOUBT: r"(.+): Creovai is asked for it for (\d+) minutes before it is sent again",
}


def write_reason_codes(db: sa.Connection) -> None:
    """Turn the words of a store of schema 4 or less into codes; other words stay as they are."""
    distinct = sa.text("SELECT DISTINCT reason FROM creovai_conversations")
    for words in filter(None, db.scalars(distinct).all()):
        if reason := _read(words):
            update = "UPDATE creovai_conversations SET reason = :code WHERE reason = :words"
            db.execute(sa.text(update), {"code": reason.stored, "words": words})


def _read(words: str) -> Reason | None:
    for code, form in _WORDS.items():
        if match := re.fullmatch(form, words):
            return Reason(code, match.groups())
    return None
