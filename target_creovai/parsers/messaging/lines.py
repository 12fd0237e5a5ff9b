"""Lines of a message, each with whether it is understood."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from target_creovai.parsers.messaging.members import member_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Only names that Salesforce documents are ever printed: anything else may be someone's words.
_NAMES = {
    member_key(name): name
    for name in (
        *("StaticContentMessage", "ChoicesMessage", "ChoicesResponseMessage"),
        *("FormMessage", "FormResponseMessage", "Text", "RichText", "Attachments"),
        *("ExternalAttachments", "Links", "RichLink", "WebView", "Media", "ExperienceType"),
        *("ExternalTemplate", "Application", "Flow", "MessageDefinition", "Buttons"),
        *("QuickReplies", "Carousel", "ListPicker", "TimePicker", "Selections", "Inputs", "Result"),
        *("TextValue", "BooleanValue", "IntegerValue", "DoubleValue", "UrlValue", "DateValue"),
        *("DateTimeValue", "ReferenceValue", "ImageReferenceValue", "AssetReferenceValue"),
        *("ListValue", "CompositeValue", "LocationValue", "ExperienceTypeValue"),
        *("StructuredValue", "SelectInput", "SelectNavigationInput", "OptionPickerInput"),
        *("DatePickerInput", "DateTimePickerInput", "TextInput", "StaticTitle", "StaticFooter"),
        *("InvalidFormResponse", "FormRequestExpired", "ApiResultErrorCode"),
        *("InternalServerError",),
    )
}


class TextLine(msgspec.Struct, frozen=True):
    """A line of a message.

    `known`: it is understood. `in_words`: it is no marker that stands for something.
    """

    text: str
    known: bool = True
    in_words: bool = True


def text_lines(*texts: str) -> list[TextLine]:
    """Return a line for each text that is not empty, each text once."""
    return [TextLine(text) for text in dict.fromkeys(texts) if text]


def marker(kind: str, name: str = "") -> TextLine:
    """Return what stands for a thing that is no text, such as a file."""
    return TextLine(f"[{kind}: {name}]" if name else f"[{kind}]", in_words=False)


def unsupported(*names: object) -> TextLine:
    """Return what stands for a thing that is not known, by the first documented name."""
    return TextLine(
        f"[unsupported: {documented(*names) or 'message'}]", known=False, in_words=False
    )


def documented(*names: object) -> str:
    """Return the first of the names that Salesforce documents, as it spells it; else nothing."""
    return next((_NAMES[key] for key in map(member_key, names) if key in _NAMES), "")


def joined(separator: str, lines: Iterable[TextLine]) -> TextLine:
    """Return one line of several."""
    parts = [line for line in lines if line.text]
    return TextLine(
        separator.join(line.text for line in parts),
        known=all(line.known for line in parts),
        in_words=any(line.in_words for line in parts),
    )


def listed(lines: Iterable[TextLine]) -> Iterator[TextLine]:
    """Yield the lines that say something as items of a list."""
    for line in lines:
        if line.text:
            yield TextLine(f"- {line.text}", line.known, line.in_words)
