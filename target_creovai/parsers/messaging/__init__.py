"""Entries of enhanced chats as text: messages of every form, and who is called what."""

from target_creovai.parsers.messaging.members import name_key
from target_creovai.parsers.messaging.read import Words, display_names, read_message, titles_in

__all__ = ["Words", "display_names", "name_key", "read_message", "titles_in"]
