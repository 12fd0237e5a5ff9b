"""What became of a conversation, and why: codes, which reports turn into words."""

from __future__ import annotations

import json
from enum import StrEnum

import msgspec

# Exit codes of a run that came to its end.
BROKEN_OFF, NEEDS_AN_EYE = 1, 3


class Outcome(StrEnum):
    """Where a conversation stands in the ledger."""

    WAITING = "waiting"
    SKIPPED = "skipped"
    PENDING = "pending"
    SENT = "sent"
    SET_ASIDE = "set aside"


class Code(StrEnum):
    """Why a conversation stands where it stands. Stored: a code keeps its value for good."""

    # It waits.
    NOT_ASSEMBLED = "not-assembled"
    NO_MAIN_ROW = "no-main-row"
    CASE_OPEN = "case-open"
    CHAT_OPEN = "chat-open"
    SESSION_OPEN = "session-open"
    UNSETTLED = "unsettled"
    ENTRIES_UNREAD = "entries-unread"
    ENTRIES_MISSING = "entries-missing"
    FIELD_UNREAD = "field-unread"
    STREAM_UNREAD = "stream-unread"
    EARLIER_UNREAD = "earlier-unread"
    LATER_UNREAD = "later-unread"
    REST_UNREAD = "rest-unread"
    ANOTHER_INPUT = "another-input"
    CHANGED_MEANWHILE = "changed-meanwhile"
    # It is skipped, or stays as it is.
    MERGED = "merged"
    NO_MESSAGE = "no-message"
    NOTHING_SAID = "nothing-said"
    MISSED = "missed"
    REDACTED = "redacted"
    DELETED = "deleted"
    DELETED_LATER = "deleted-later"
    EXCLUDED = "excluded"
    ERASED = "erased"
    # It is set aside.
    OPEN_SPEAKERS = "open-speakers"
    SWAPPED_SPEAKERS = "swapped-speakers"
    UNREADABLE = "unreadable"
    UNFORESEEN = "unforeseen"
    INVALID = "invalid"
    TOO_LARGE = "too-large"
    NEEDS_ROWS = "needs-rows"
    NO_TEXT = "no-text"
    REFUSED = "refused"
    TOO_OFTEN = "too-often"
    # It is pending.
    NOT_TAKEN = "not-taken"
    IN_DOUBT = "in-doubt"
    NOT_ARRIVED = "not-arrived"
    ERASING = "erasing"
    TO_ERASE = "to-erase"
    RESEND = "resend"
    RETRY = "retry"
    REQUEUED = "requeued"
    # What an earlier version wrote down in words.
    OTHER = "other"


# What waits for one of these rests on its rows and on `case_delivery`, and on no other setting.
OPENING = frozenset({Code.CASE_OPEN, Code.CHAT_OPEN, Code.SESSION_OPEN, Code.NO_MAIN_ROW})

_NAME_THEM = (
    "give their names a role in speaker_roles{or_a_type} "
    "(docs/conversations.md tells where they are)"
)
_TEXTS = {
    Code.NOT_ASSEMBLED: "not assembled yet",
    Code.NO_MAIN_ROW: "its {} row has not arrived",
    Code.CASE_OPEN: "the case is open",
    Code.CHAT_OPEN: "the chat has not ended",
    Code.SESSION_OPEN: "the session has not ended",
    Code.UNSETTLED: "changed less than settle_minutes ago",
    Code.ENTRIES_UNREAD: "its entries have not been read yet",
    Code.ENTRIES_MISSING: "some of its entries have not arrived yet",
    Code.FIELD_UNREAD: "read without {}.{}",
    Code.STREAM_UNREAD: "a part was never read: the stream {}",
    Code.EARLIER_UNREAD: "a part was never read: {} before {}",
    Code.LATER_UNREAD: "a part was never read: {} from {} on",
    Code.REST_UNREAD: "a part was never read: the rest of {}",
    Code.ANOTHER_INPUT: "another input is being read",
    Code.CHANGED_MEANWHILE: "it changed while it was read: the next run reads on",
    Code.MERGED: "merged into another case",
    Code.NO_MESSAGE: "no message",
    Code.NOTHING_SAID: "empty: nothing was said",
    Code.MISSED: "missed: nobody answered",
    Code.REDACTED: "nothing is left of it after redaction",
    Code.DELETED: "deleted in Salesforce",
    Code.DELETED_LATER: "deleted in Salesforce after it was sent",
    Code.EXCLUDED: "excluded at Creovai, by another store or by Creovai itself",
    Code.ERASED: "{} at Creovai: deleted in Salesforce",
    Code.OPEN_SPEAKERS: "who speaks is open for {} messages of {} speakers: "
    + _NAME_THEM.format(or_a_type=", or name a type for all such in participant_types.unknown"),
    Code.SWAPPED_SPEAKERS: "OperatorMessageCount and VisitorMessageCount agree with the transcript "
    "only if the sides of its {} speakers are swapped: " + _NAME_THEM.format(or_a_type=""),
    Code.UNREADABLE: "{}",
    Code.UNFORESEEN: "an unforeseen {} at {}",
    Code.INVALID: "the payload is not valid: {}",
    Code.TOO_LARGE: "the payload has {} bytes, more than max_payload_bytes",
    Code.NEEDS_ROWS: (
        "needs its rows again: retention_days has dropped their text (explain names the command)"
    ),
    Code.NO_TEXT: "The store does not hold its text any more: nothing can be sent or shown of it.",
    Code.REFUSED: "HTTP {}: {}",
    Code.TOO_OFTEN: "Creovai could not take it in {} runs that took others ({})",
    Code.NOT_TAKEN: "{}",
    Code.IN_DOUBT: "{}: Creovai is asked for it for {} minutes before it is sent again",
    Code.NOT_ARRIVED: "{}, and Creovai does not have it",
    Code.ERASING: "to be {}",
    Code.TO_ERASE: "to be {}: {}",
    Code.RESEND: "to be sent again: the operator asked for it",
    Code.RETRY: "to be tried again: the operator asked for it",
    Code.REQUEUED: "Creovai has lost it: looked up and sent again",
    Code.OTHER: "{}",
}


_IN_GENERAL = {
    Code.UNREADABLE: "a text or a row cannot be read",
    Code.UNFORESEEN: "an unforeseen error",
    Code.INVALID: "the payload is not valid",
    Code.REFUSED: "Creovai refused it",
    Code.TOO_OFTEN: "Creovai could not take it in several runs that took others",
    Code.NOT_TAKEN: "Creovai could not take it",
    Code.ERASING: "to be taken back from Creovai",
    Code.TO_ERASE: "to be taken back from Creovai, and could not yet",
    Code.OTHER: "as an earlier version wrote it down",
}


def in_general(code: str) -> str:
    """Return the text of a code, for all conversations that have it."""
    if code not in set(Code):
        return code
    known = Code(code)
    return _IN_GENERAL.get(known) or _TEXTS[known].replace("{}", "\N{HORIZONTAL ELLIPSIS}")


class Reason(msgspec.Struct, frozen=True):
    """A code with what its text names, such as a stream and a moment. No customer text."""

    code: Code
    args: tuple[str, ...] = ()

    def __str__(self) -> str:
        return _TEXTS[self.code].format(*self.args)

    @property
    def stored(self) -> str:
        """The code, then its arguments as a JSON array, if there are any."""
        if self.code is Code.OTHER:
            return str(self)
        return f"{self.code} {_encode_args(self.args)}" if self.args else self.code


def parse_reason(stored: str) -> Reason:
    """Return the reason that is stored so; words of an earlier version stay words."""
    code, _, args = stored.partition(" ")
    try:
        return Reason(Code(code), _decode_args(args) if args else ())
    except ValueError:
        return Reason(Code.OTHER, (stored,))


def _encode_args(args: tuple[str, ...]) -> str:
    return json.dumps(args, ensure_ascii=False, separators=(",", ":"))


def _decode_args(text: str) -> tuple[str, ...]:
    args = json.loads(text)
    if not isinstance(args, list) or not all(isinstance(arg, str) for arg in args):
        msg = "not a list of texts"
        raise ValueError(msg)
    return tuple(args)
