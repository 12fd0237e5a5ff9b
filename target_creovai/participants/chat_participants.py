"""The participant who wrote each line of a chat."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from target_creovai.model.participants import Participant, Role
from target_creovai.parsers.transcript.speakers import (
    Likeness,
    is_label,
    is_signed,
    likeness,
    name_key,
    short_forms,
)
from target_creovai.parsers.transcript.words import SERVICE
from target_creovai.participants.users_and_contacts import (
    agent_from,
    contact_from,
    is_user,
    named_person,
)
from target_creovai.salesforce.rows import parent_of, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from target_creovai.model.rows import Row
    from target_creovai.model.settings import AssemblySettings
    from target_creovai.parsers.transcript import Line, SegmentHeader


class ChatParticipants:
    """The people and bots of one chat, by the lines that they wrote.

    The record's owner is the last operator who took part (Salesforce help, chat transcripts), or
    somebody who got the record later: where a header names another agent, the printed name counts.
    """

    def __init__(self, row: Row, lines: Sequence[Line], settings: AssemblySettings) -> None:
        self._owner = agent_from(row, "Owner", settings.agent_id) if _is_person(row) else None
        self._owner_names = _owner_names_in(row, lines) if self._owner else set()
        self._customer = _customer(row, printed_name(lines))
        self._by_speaker: dict[tuple[SegmentHeader | None, str | None, Role], Participant] = {}

    def of(self, line: Line) -> Participant:
        """Return the participant who wrote a line."""
        speaker = line.segment, line.speaker, line.role
        return self._by_speaker.get(speaker) or self._by_speaker.setdefault(speaker, self._of(line))

    def _of(self, line: Line) -> Participant:
        name = line.speaker or line.role.capitalize()
        if line.role is Role.CUSTOMER:
            return self._customer
        if line.role is not Role.AGENT:
            return Participant(name, line.role)
        if self._owner and (line.segment, line.speaker) in self._owner_names:
            return self._owner
        return named_person(name, Role.AGENT, name)


def owners_name(row: Row) -> str | None:
    """Return the name of the agent who owns a record; a queue or an automatic user is none."""
    return text_of(parent_of(row, "Owner"), "Name") if _is_person(row) else None


def _is_person(row: Row) -> bool:
    name = text_of(parent_of(row, "Owner"), "Name")
    return is_user(row, "Owner") and not (name and is_label(name))


def _owner_names_in(
    row: Row, lines: Iterable[Line]
) -> set[tuple[SegmentHeader | None, str | None]]:
    """Return the names, each with the segment it is printed in, that are the owner's."""
    printed: defaultdict[SegmentHeader | None, dict[str, None]] = defaultdict(dict)
    role = Role.AGENT
    for line in lines:
        if line.role is role and line.speaker:
            printed[line.segment][line.speaker] = None
    owner = owners_name(row)
    found: set[tuple[SegmentHeader | None, str | None]] = {
        (segment, name)
        for segment, names in printed.items()
        for name in names
        if owner and _is_owners(name, segment, names, owner)
    }
    return found or _owners_alias(printed, owner)


def _is_owners(name: str, segment: SegmentHeader | None, names: Iterable[str], owner: str) -> bool:
    header = segment.agent if segment else None
    like = _likeness(name, owner)
    if like >= Likeness.INITIAL:
        return True
    if header is None or not _likeness(header, owner):
        return like is Likeness.FIRST_NAME and (header is None or not _is_persons_name(header))
    # The header names the owner, who signs with an alias if nobody else there has that name.
    return not any(_likeness(other, owner) for other in names if other != name)


def _owners_alias(
    printed: dict[SegmentHeader | None, dict[str, None]], owner: str | None
) -> set[tuple[SegmentHeader | None, str | None]]:
    """Return the last alias of the chat, unless it is, or stands for, somebody else's name."""
    if not printed:
        return set()
    segment = next(reversed(printed))
    name = next(reversed(printed[segment]))
    header = segment.agent if segment else None
    others = owner is not None and any(
        each and _is_persons_name(each)
        for each in (name if is_signed(name_key(name)) else None, header)
    )
    return set() if others else {(segment, name)}


def _likeness(name: str, owner: str) -> Likeness:
    key = name_key(name)
    return Likeness.SAME if key in short_forms(owner) else likeness(key, name_key(owner))


def _is_persons_name(name: str) -> bool:
    """Tell whether a name is a person's: no label, no desk's, no token ("(Agent_Name__c)")."""
    return not (is_label(name) or name.startswith("(") or SERVICE.search(name_key(name)))


def printed_name(lines: Iterable[Line]) -> str | None:
    """Return the name under which the customer wrote, unless it is a label such as "Visitor 12"."""
    names = (line.speaker for line in lines if line.role is Role.CUSTOMER)
    return next((name for name in names if name and not is_label(name)), None)


def _customer(row: Row, name: str | None) -> Participant:
    for key_field, parent in (("ContactId", "Contact"), ("LeadId", "Lead")):
        if key := text_of(row, key_field):
            return contact_from(row, parent, key)
    key = text_of(row, "LiveChatVisitorId") or f"visitor-{row['Id']}"
    return named_person(key, Role.CUSTOMER, name)
