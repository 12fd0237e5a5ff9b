"""One participant a person, however many rows or lines name them."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from target_creovai.model.participants import Role

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_creovai.model.conversation import Message
    from target_creovai.model.participants import Participant


def participants_of(
    messages: Iterable[Message],
) -> tuple[tuple[Participant, ...], tuple[Message, ...]]:
    """Return the participants of these messages, and the messages with those as senders.

    One person in several rows is one participant with all fields that any row
    has. Where two roles share a key (a colleague who wrote in as a customer),
    all but the agent get their role added: a case's messages name their sender
    by `referenceId` alone.
    """
    messages = tuple(messages)
    people: dict[tuple[str, Role], Participant] = {}
    for sender in {id(message.sender): message.sender for message in messages}.values():
        key = (sender.reference_id, sender.role)
        people[key] = _merged(people[key], sender) if key in people else sender
    shared = {key for key, count in Counter(key for key, _ in people).items() if count > 1}
    final = {
        (key, role): (
            replace(person, reference_id=f"{key} ({role})")
            if key in shared and role is not Role.AGENT
            else person
        )
        for (key, role), person in people.items()
    }
    sent = (_sent_by(final[each.sender.reference_id, each.sender.role], each) for each in messages)
    return tuple(final.values()), tuple(sent)


def _sent_by(sender: Participant, message: Message) -> Message:
    return message if message.sender is sender else replace(message, sender=sender)


def _merged(known: Participant, other: Participant) -> Participant:
    return replace(
        known,
        first_name=known.first_name or other.first_name,
        last_name=known.last_name or other.last_name,
        email=known.email or other.email,
        phone=known.phone or other.phone,
    )
