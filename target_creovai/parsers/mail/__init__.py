"""EmailMessage bodies as text, without the mails that they quote."""

from target_creovai.parsers.mail.read import MailText, full_text, read_mail, repeats

__all__ = ["MailText", "full_text", "read_mail", "repeats"]
