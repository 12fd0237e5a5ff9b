"""Menus and what was chosen: the `Choices...` of Salesforce's schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_creovai.parsers.messaging.lines import (
    TextLine,
    documented,
    joined,
    listed,
    text_lines,
    unsupported,
)
from target_creovai.parsers.messaging.members import list_in, member, member_key, text_in, title_of
from target_creovai.parsers.messaging.values import scalar, value_line

if TYPE_CHECKING:
    from collections.abc import Mapping

_FORMATS = frozenset(
    {"", "buttons", "quickreplies", "carousel", "listpicker", "timepicker", "messagedefinition"}
)
_LISTS = ("optionitems", "items", "options")


def choices_lines(part: object, _: Mapping[str, str]) -> list[TextLine]:
    """Return what is asked, and what may be chosen as a list."""
    event = member(part, "calendarevent")
    heads = text_lines(
        *(title_of(member(part, name)) for name in ("text", "title", "message")),
        text_in(event, "title"),
        text_in(event, "location", "name"),
    )
    options = [option for name in _LISTS for option in list_in(part, name)]
    lines = [*heads, *listed(map(option_line, [*options, *list_in(event, "timeslotoptionitems")]))]
    form = member(part, "formattype")
    odd = member_key(form) not in _FORMATS
    return [*lines, *[unsupported(documented(form), "ChoicesMessage")] * odd]


def option_line(option: object) -> TextLine:
    """Return something to choose: its title, its value, or the time at which it begins."""
    option = member(option, "optionitem") or option
    title, begins = title_of(option), scalar(member(option, "starttime"))
    if not (title or begins) and member(option, "value") is not None:
        return value_line(member(option, "value"))
    parts = [title or begins]
    for item in list_in(option, "interactionitems"):
        parts += [title_of(item), text_in(item, "url")]
    return joined(", ", text_lines(*parts))


def chosen_lines(part: object, titles: Mapping[str, str]) -> list[TextLine]:
    """Return the options that were chosen, one a line."""
    return [chosen_line(option, titles) for option in list_in(part, "selectedoptions")]


def chosen_line(option: object, titles: Mapping[str, str]) -> TextLine:
    """Return a chosen option by its title; one that nobody offered by its identifier."""
    identifier = scalar(member(option, "optionidentifier"))
    title = title_of(member(option, "optiontitle")) or title_of(option) or titles.get(identifier)
    return TextLine(title) if title else TextLine(identifier, known=False)
