"""What an entry of an enhanced chat says, whatever form its message has.

The forms are those of Salesforce's Messaging API reference (message types and format
types); whatever else a channel makes of them is told by its words, or by a marker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from target_creovai.parsers.messaging.members import (
    decoded,
    leaves,
    list_in,
    member,
    name_key,
    objects,
    text_in,
    title_of,
    words_in,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    Titles = Mapping[str, str]
    """What options and questions are called, by their identifier."""

# Only names that Salesforce documents are ever printed: anything else may be someone's words.
_NAMES = {
    name_key(name): name
    for name in (
        *("StaticContentMessage", "ChoicesMessage", "ChoicesResponseMessage"),
        *("FormMessage", "FormResponseMessage", "Text", "Attachments", "ExternalAttachments"),
        *("Links", "RichLink", "WebView", "Media", "ExperienceType", "ExternalTemplate"),
        *("Buttons", "QuickReplies", "Carousel", "ListPicker", "TimePicker", "Selections"),
        *("MessageDefinition", "Inputs", "Result", "Application"),
    )
}


@dataclass(frozen=True, slots=True)
class Words:
    """What a message says. `known` is false where its form is not one of ours."""

    text: str
    known: bool


def read_message(payload: object, message_text: str | None, titles: Titles) -> Words:
    """Return a message as plain text; empty where it says nothing at all.

    Args:
        payload: An object or its JSON. None, or anything else, says nothing.
        message_text: What Salesforce made of it: for where the payload has no words.
        titles: Of what may be chosen, as answers may hold identifiers alone.
    """
    content = decoded(payload)
    message = member(content, "abstractmessage") or content
    place, read = _FORMS.get(name_key(member(message, "messagetype")), ("", None))
    part = member(message, place)
    lines = read(part, titles) if read else None
    text = _with_all_words(lines or [], message) or (message_text or "").strip()
    if text:
        return Words(text, known=lines is not None or not content)
    form = member(part, "formattype")
    if name_key(form) == "text":
        return Words("", known=True)
    return Words(f"[unsupported: {_printed(form, member(message, 'messagetype'))}]", known=False)


def titles_in(payloads: Iterable[object]) -> dict[str, str]:
    """Return what the options and questions of these messages are called."""
    found: dict[str, str] = {}
    things = (thing for payload in payloads for thing in objects(decoded(payload)))
    for thing in things:
        for key, title in (("optionidentifier", "titleitem"), ("inputid", "label")):
            identifier, words = member(thing, key), title_of(member(thing, title))
            if isinstance(identifier, str) and words:
                found.setdefault(identifier, words)
    return found


def display_names(payloads: Iterable[object]) -> dict[str, str]:
    """Return the names that people and bots go by, from the entries that say who joined."""
    found: dict[str, str] = {}
    changes = (change for payload in payloads for change in list_in(decoded(payload), "entries"))
    for change in changes:
        subject, name = member(change, "participant", "subject"), text_in(change, "displayname")
        if isinstance(subject, str) and name:
            found.setdefault(subject, name)
    return found


def _printed(*names: object) -> str:
    return next((_NAMES[key] for key in map(name_key, names) if key in _NAMES), "message")


def _with_all_words(lines: Iterable[str], message: object) -> str:
    """Return lines as text; words that stand where no form has them come last."""
    text = "\n".join(filter(None, lines))
    others = [words for words in words_in(message) if words not in text]
    return "\n".join(filter(None, [text, *others]))


# Forms


def _static(part: object, _: Titles) -> list[str] | None:
    collectors = _STATIC.get(name_key(member(part, "formattype")))
    return [line for collect in collectors for line in collect(part)] if collectors else None


def _attachments(part: object) -> Iterator[str]:
    for attachment in list_in(part, "attachments"):
        name = text_in(attachment, "name")
        yield f"[attachment: {name}]" if name else "[attachment]"


def _urls(part: object) -> Iterator[str]:
    for link in (part, member(part, "linkitem"), *list_in(part, "links")):
        yield text_in(link, "url")


def _template(part: object) -> Iterator[str]:
    if name := text_in(part, "externaltemplate", "name"):
        yield f"[template: {name}]"


def _choices(part: object, _: Titles) -> list[str]:
    options = [*list_in(part, "optionitems"), *list_in(part, "items")]
    return [*words_in(part, "optionitems", "items"), *_listed(options)]


def _chosen(part: object, titles: Titles) -> list[str]:
    return [_option(option, titles) for option in list_in(part, "selectedoptions")]


def _form(part: object, _: Titles) -> list[str]:
    questions: list[object] = []
    for section in list_in(part, "sections"):
        questions += list_in(section, "inputs") or [section]
    return [*words_in(part, "sections"), *_listed(questions)]


def _answers(part: object, titles: Titles) -> list[str]:
    values = list_in(part, "inputvalues") or list_in(part, "inputs")
    answered = [(_question(value, titles), _answer(value, titles)) for value in values]
    return [*words_in(member(part, "formtitle")), *(": ".join(filter(None, qa)) for qa in answered)]


def _listed(things: Iterable[object]) -> list[str]:
    return [f"- {title}" for title in map(title_of, things) if title]


def _option(option: object, titles: Titles) -> str:
    return title_of(option) or titles.get(text_in(option, "optionidentifier"), "")


def _question(value: object, titles: Titles) -> str:
    label = title_of(member(value, "inputlabel")) or title_of(member(value, "label"))
    return label or titles.get(text_in(value, "inputid"), "")


def _answer(value: object, titles: Titles) -> str:
    """Return what was answered: as it was shown, else the value, else the options."""
    shown = text_in(value, "displayvalue") or text_in(value, "textvalue")
    values = [
        str(leaf)
        for name, leaf in leaves(member(value, "value"))
        if name != "valuetype" and leaf is not None and str(leaf).strip()
    ]
    options = [_option(option, titles) for option in list_in(value, "selectedoptions")]
    return shown or ", ".join(filter(None, values or options))


_STATIC: dict[str, tuple[Callable[[object], Iterable[str]], ...]] = {
    "text": (words_in,),
    "attachments": (words_in, _attachments),
    "links": (words_in, _urls),
    "richlink": (words_in, _urls),
    "webview": (words_in, _urls),
    "experiencetype": (words_in,),
    "externaltemplate": (words_in, _template),
}
# The member that holds what a message type is about, and how that reads.
_FORMS: dict[str, tuple[str, Callable[[object, Titles], list[str] | None]]] = {
    "staticcontentmessage": ("staticcontent", _static),
    "choicesmessage": ("choices", _choices),
    "choicesresponsemessage": ("choicesresponse", _chosen),
    "formmessage": ("form", _form),
    "formresponsemessage": ("formresponse", _answers),
}
