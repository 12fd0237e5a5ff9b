"""EmailMessage bodies as text, without the mails that they quote."""

from target_creovai.parsers.mail.layout.page import Page
from target_creovai.parsers.mail.read import (
    MailText,
    Thread,
    comparable,
    full_text,
    read_mail,
    repeats,
)
from target_creovai.parsers.mail.subject import may_stand_alone, with_subject

__all__ = [
    "MailText",
    "Page",
    "Thread",
    "comparable",
    "full_text",
    "may_stand_alone",
    "read_mail",
    "repeats",
    "with_subject",
]
