"""What options and questions are called. Answers may name them by an identifier alone."""

from __future__ import annotations

from collections import ChainMap
from typing import TYPE_CHECKING

from target_creovai.parsers.messaging.choices import option_line
from target_creovai.parsers.messaging.members import (
    decoded,
    list_in,
    member,
    message_in,
    objects,
    text_in,
    title_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    Titles = Mapping[str, str]
    """What options and questions are called, by their identifier."""


def titles_for(payloads: Sequence[object]) -> Iterator[Titles]:
    """Yield for each message, in order, what its identifiers mean.

    An identifier is unique in the message that offers it and nowhere else: the message
    that is answered counts, else the last one before, else any. What is yielded holds until
    the next one is.
    """
    own = [titles_of(payload) for payload in payloads]
    answered: dict[str, dict[str, str]] = {}
    anywhere: dict[str, str] = {}
    latest: dict[str, str] = {}
    for payload, titles in zip(reversed(payloads), reversed(own), strict=True):
        anywhere.update(titles)
        for identifier in message_ids(payload) if titles else ():
            answered.setdefault(identifier, titles)
    for payload, titles in zip(payloads, own, strict=True):
        question = text_in(message_in(payload), "inreplytomessageid")
        yield ChainMap(answered.get(question, {}), latest, anywhere)
        latest.update(titles)


def titles_of(payload: object) -> dict[str, str]:
    """Return what the options and questions of one message are called."""
    message = message_in(payload)
    found: dict[str, str] = {}
    for thing in objects([member(message, "choices"), member(message, "form")]):
        for identifier, title in _named(thing):
            if isinstance(identifier, str) and title:
                found.setdefault(identifier, title)
    return found


def message_ids(payload: object) -> set[str]:
    """Return the identifiers that an entry and its message go by in their payload."""
    content = decoded(payload)
    return {text_in(content, "id"), text_in(message_in(content), "id")} - {""}


def _named(thing: object) -> Iterable[tuple[object, str]]:
    option = member(thing, "optionidentifier")
    if option is not None:
        line = option_line(thing)
        yield option, line.text if line.known else ""
    label = title_of(member(thing, "label"))
    yield member(thing, "inputid") or member(thing, "id"), label


def display_names(payloads: Iterable[object]) -> dict[str, str]:
    """Return the names that people and bots go by, from the entries that say who joined."""
    found: dict[str, str] = {}
    changes = (change for payload in payloads for change in list_in(decoded(payload), "entries"))
    for change in changes:
        subject, name = member(change, "participant", "subject"), text_in(change, "displayname")
        if isinstance(subject, str) and name:
            found.setdefault(subject, name)
    return found
