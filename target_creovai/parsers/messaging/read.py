"""The text of an entry of an enhanced chat, whatever form its message has.

The forms are those of Salesforce's Messaging API reference and of the public schema of its
Interaction Service (message types and format types). Each is read by the members that a
reader is shown; all others may be internal, and are left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from target_creovai.parsers.messaging.choices import choices_lines, chosen_lines
from target_creovai.parsers.messaging.forms import answers_lines, form_lines
from target_creovai.parsers.messaging.lines import TextLine, documented, unsupported
from target_creovai.parsers.messaging.members import decoded, member, member_key, message_in
from target_creovai.parsers.messaging.static import static_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_creovai.parsers.messaging.titles import Titles


class MessageText(msgspec.Struct, frozen=True):
    """What a message says. `known` is false where not all of it is understood."""

    text: str
    known: bool


def read_message(payload: object, message_text: str | None, titles: Titles) -> MessageText:
    """Return a message as plain text; empty where it says nothing at all.

    Args:
        payload: An object or its JSON. None, or anything else, says nothing.
        message_text: What Salesforce made of it: for where the payload has no words.
        titles: Of what may be chosen, as answers may hold identifiers alone.
    """
    given = (message_text or "").strip()
    if given and not decoded(payload):
        return MessageText(given, known=True)
    lines = [line for line in _lines(payload, titles) if line.text]
    known = all(line.known for line in lines)
    if given and not any(line.in_words for line in lines):
        lines = [TextLine(given), *(line for line in lines if line.known)]
    return MessageText("\n".join(line.text for line in lines), known)


def _lines(payload: object, titles: Titles) -> Sequence[TextLine]:
    message = message_in(payload)
    place, read = _TYPES.get(_kind_of(message), ("", None))
    part = member(message, place) if place else message
    lines = read(part, titles) if read else ()
    form = member(part, "formattype")
    if any(line.text for line in lines) or member_key(form) in _MAY_BE_BLANK:
        return lines
    return [unsupported(documented(form), member(message, "messagetype"))]


def _kind_of(message: object) -> str:
    """Return the type of a message; one that does not say it is told by what it holds."""
    kind = member_key(member(message, "messagetype"))
    held = (name for name, (place, _) in _TYPES.items() if place and member(message, place))
    return kind or next(held, _BARE)


_MAY_BE_BLANK = frozenset({"text", "richtext"})
_BARE = ""
# The member that holds what a message type is about, and how that reads.
_TYPES: dict[str, tuple[str, Callable[[object, Titles], Sequence[TextLine]]]] = {
    "staticcontentmessage": ("staticcontent", static_lines),
    "choicesmessage": ("choices", choices_lines),
    "choicesresponsemessage": ("choicesresponse", chosen_lines),
    "formmessage": ("form", form_lines),
    "formresponsemessage": ("formresponse", answers_lines),
    _BARE: ("", static_lines),
}
