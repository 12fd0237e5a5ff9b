"""Entries of enhanced chats as text: messages of every form, and who is called what."""

from target_creovai.parsers.messaging.members import (
    decoded,
    member,
    member_key,
    message_in,
    text_in,
)
from target_creovai.parsers.messaging.read import MessageText, read_message
from target_creovai.parsers.messaging.titles import display_names, message_ids, titles_for

__all__ = [
    "MessageText",
    "decoded",
    "display_names",
    "member",
    "member_key",
    "message_ids",
    "message_in",
    "read_message",
    "text_in",
    "titles_for",
]
