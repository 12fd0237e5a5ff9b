"""A payload as a person reads it: who took part, and what was said in order of time.

Two shapes are known: participants that hold their messages, and messages that name
their sender. The payload's members decide which of them it has, whatever its kind.
"""

from __future__ import annotations

from itertools import repeat
from typing import TYPE_CHECKING, Any

import msgspec

from target_creovai.encoding import encode
from target_creovai.model.participants import Role
from target_creovai.model.timestamps import utc
from target_creovai.payload.payload import in_payload_order
from target_creovai.preview.removed import cuts_of, redactions_of, unsent_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from target_creovai.model.conversation import Conversation
    from target_creovai.payload.payload import Payload
    from target_creovai.preview.removed import Cut, Redacted, Unsent


class Person(msgspec.Struct, frozen=True):
    """A participant. `type` is Creovai's name for `role`."""

    name: str
    role: Role
    type: str
    reference: str
    email: str | None
    phone: str | None


class ViewedMessage(msgspec.Struct, frozen=True):
    """One message. `who` counts the people; None where the sender is none of them.

    `cuts` and `redacted` are what is not sent of it.
    """

    at: str
    who: int | None
    text: str
    channel: str | None
    cuts: list[Cut]
    redacted: list[Redacted]


class View(msgspec.Struct, frozen=True):
    """A conversation to read. Times are as in the payload: UTC, ending in `Z`.

    `unsent` are the messages that are not in the payload.
    """

    start: str | None
    end: str | None
    case_reference: str | None
    subject: str | None
    people: list[Person]
    messages: list[ViewedMessage]
    metadata: dict[str, str]
    unsent: list[Unsent]


def view_of(
    payload: Payload,
    types: Mapping[str, str | None],
    made_of: Conversation | None = None,
) -> View:
    """Lay a payload out; it need not be valid.

    Args:
        payload: What Creovai would get.
        types: The setting `participant_types`.
        made_of: What the payload was made of, if that is to tell what is not sent.
    """
    metadata = {name: _shown(value) for name, value in payload.get("metadata", {}).items()}
    return View(
        start=payload.get("utcStart"),
        end=payload.get("utcEnd"),
        case_reference=payload.get("caseReferenceId"),
        subject=metadata.get("Subject"),
        people=[_person(person, types) for person in payload.get("participants", ())],
        # Stable: what was said at the same time stays in the payload's order.
        messages=sorted(_messages(payload, made_of), key=lambda one: one.at.removesuffix("Z")),
        metadata=metadata,
        unsent=[unsent_of(one, utc(one.at)) for one in made_of.left_out] if made_of else [],
    )


def _person(person: Payload, types: Mapping[str, str | None]) -> Person:
    names = (person.get("firstName"), person.get("lastName"))
    reference = person.get("referenceId", "")
    return Person(
        name=" ".join(filter(None, names)) or reference,
        role=_role(person.get("type"), types),
        type=person.get("type", ""),
        reference=reference,
        email=person.get("email"),
        phone=person.get("phoneNumber"),
    )


def _role(name: str | None, types: Mapping[str, str | None]) -> Role:
    """Return the first role with this type: Creovai has no more than that either."""
    return next((role for role in Role if name and types.get(role) == name), Role.UNKNOWN)


def _messages(payload: Payload, made_of: Conversation | None) -> Iterator[ViewedMessage]:
    originals = iter(in_payload_order(made_of)) if made_of else repeat(None)
    for (who, message), original in zip(_senders(payload), originals, strict=False):
        yield ViewedMessage(
            at=message.get("utcTimestamp", ""),
            who=who,
            text=message.get("content", ""),
            channel=message.get("channel"),
            cuts=cuts_of(original) if original else [],
            redacted=redactions_of(original) if original else [],
        )


def _senders(payload: Payload) -> Iterable[tuple[int | None, Payload]]:
    people = payload.get("participants", ())
    if "messages" in payload:
        seats = {person.get("referenceId"): seat for seat, person in enumerate(people)}
        return ((seats.get(each.get("senderReferenceId")), each) for each in payload["messages"])
    return (
        (seat, each) for seat, person in enumerate(people) for each in person.get("messages", ())
    )


def _shown(value: Any) -> str:
    """Return a value as its JSON says it: a browser would round large numbers."""
    return value if isinstance(value, str) else encode(value).decode()
