"""A store with all sorts of conversations, and what is seen of it on the page of `preview`."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from target_creovai.settings.config import DEFAULT_PARTICIPANT_TYPES
from tests.target.rows import (
    UNANSWERED,
    Record,
    at,
    case,
    case_id,
    chat,
    comment,
    mail,
    reply,
    transcript,
)

if TYPE_CHECKING:
    from playwright.sync_api import Page

ATTACK = '</script><img src="http://127.0.0.1:9/x" onerror="alert(1)"><b>bold</b>'
HEBREW = "שלום, ההזמנה לא הגיעה"
TYPES = {**DEFAULT_PARTICIPANT_TYPES, "system": "System"}
ROLES = {"Helper": "bot", "Broadcast": "system"}
ROWS: list[Record] = [
    case(
        CaseNumber="00012345",
        Subject="Leaking machine",
        Origin="Web",
        Description="It leaks.\n\n- from the door",
    ),
    reply(2, MessageDate=at("11:30"), TextBody="A photo of the seal, please."),
    comment(3, CreatedDate="2024-05-07T08:15:00Z", CommentBody="Technician is booked."),
    case(2, IsClosed=False, CaseNumber="00012346"),
    mail(21, 2, TextBody="x" * 400),
    chat(
        1,
        CaseId=case_id(1),
        Body=transcript("( 1s ) Nora V: Good day", f"( 3s ) Ada Quill: {escape(ATTACK)}"),
    ),
    chat(2, Body=transcript(f"( 1s ) Nora V: {HEBREW}", "( 3s ) Ada Quill: Thanks 🎉")),
    chat(3, **UNANSWERED),
    chat(
        4,
        Body=transcript(
            "( 1s ) Helper: I am a bot",
            "( 2s ) Broadcast: all are busy",
            "( 3s ) Ada Quill: agent",
            "( 9s ) Nora V: Good day",
        ),
    ),
    chat(5, Body=transcript("( 1s ) Pat: who", "( 2s ) Kim: knows", agent=None)),
]


def listed(page: Page) -> list[str]:
    """Return the titles in the list that are to be seen."""
    return page.locator("#list li:visible .title").all_text_contents()


def key(one: str) -> str:
    """Return how an address names a conversation."""
    return f"{'case' if one.startswith('500') else 'chat'}/{one}"
