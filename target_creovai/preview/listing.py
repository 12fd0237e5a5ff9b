"""What the list shows of each conversation: enough to choose and to filter by."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING

import msgspec

from target_creovai.kinds import KINDS
from target_creovai.model.history import channel_of
from target_creovai.model.participants import Role
from target_creovai.model.timestamps import utc
from target_creovai.salesforce.rows import parent_of, text_of, time_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from target_creovai.model.rows import Row
    from target_creovai.preview.view import View

GIST_CHARS = 200
# Fields that name a person, the surest first: a browser may be several people's.
_PEOPLE = ("ContactId", "EndUserContactId", "LeadId", "MessagingEndUserId", "LiveChatVisitorId")
_PARENTS = ("Contact", "EndUserContact", "Lead")
_ADDRESSES = ("ContactEmail", "SuppliedEmail")
_NAMES = ("SuppliedName",)
_DATES = ("StartTime", "RequestTime", "CreatedDate")
# Characters of a Salesforce Id that tell it from all others.
_ID_CHARS = 15


class Facts(msgspec.Struct, frozen=True):
    """What there is to choose and to filter by.

    `date` is when it began, in UTC; `seconds` is how long it took; `case` is the Id of its case.
    """

    number: str | None
    date: str | None
    customers: list[str]
    agents: list[str]
    channel: str
    messages: int
    seconds: int | None
    gist: str
    case: str | None


class Customer(msgspec.Struct, frozen=True):
    """What identifies a customer: an Id and mail addresses, and no name.

    `person` is the surest Id that the record has, without what makes 18 characters of 15.
    """

    person: str | None = None
    addresses: frozenset[str] = frozenset()
    account: str | None = None

    @property
    def keys(self) -> frozenset[str]:
        """All identifiers; customers that share one of them are the same."""
        return self.addresses | ({self.person} if self.person else set())


class Listed(msgspec.Struct, frozen=True):
    """A conversation in the list. `reason` is a code.

    Who shares a number of `same` is one customer, who has the same `account` belongs to it.
    """

    kind: str
    id: str
    outcome: str
    reason: str | None
    facts: Facts
    same: list[int]
    account: list[int]


def facts_of(kind: str, row: Row, view: View | None, prefix: str) -> Facts:
    """Return what the list shows of a conversation.

    Args:
        kind: Its kind.
        row: The record that is the conversation itself.
        view: What is said in it; None where it has no words.
        prefix: The setting `session_id_prefix`.
    """
    case = (view.case_reference or "").removeprefix(prefix) if view else text_of(row, "CaseId")
    started = time_of(row, *_DATES)
    return Facts(
        number=text_of(row, "CaseNumber") or text_of(row, "Name"),
        date=(view.start if view else None) or (utc(started) if started else None),
        customers=_names(view, Role.CUSTOMER) or _named_by(row),
        agents=_names(view, Role.AGENT),
        channel=_channel(kind, view, row),
        messages=len(view.messages) if view else 0,
        seconds=_seconds(view),
        gist=_gist(view)[:GIST_CHARS],
        case=case or None,
    )


def customer_of(row: Row, view: View | None) -> Customer:
    """Return who the customer of a conversation is, by the record itself and by who wrote."""
    person = next(filter(None, (_short(text_of(row, field)) for field in _PEOPLE)), None)
    return Customer(person, frozenset(_addresses(view, row)), _short(text_of(row, "AccountId")))


def main_row(kind: str, key: str, rows: Mapping[str, Sequence[Row]]) -> Row:
    """Return the row that is the conversation itself; empty where it is not there."""
    streams = [stream for stream, field in KINDS[kind].streams.items() if field == "Id"]
    own = (row for stream in streams for row in rows.get(stream, ()) if row["Id"] == key)
    return next(own, {})


def shared(keys: Iterable[Iterable[str]]) -> list[list[int]]:
    """Number the keys that several have: the page needs no address to tell who is the same."""
    keys = [*map(sorted, map(set, keys))]
    counts = Counter(key for some in keys for key in some)
    numbers = {key: number for number, key in enumerate(k for k, n in counts.items() if n > 1)}
    return [[numbers[key] for key in some if key in numbers] for some in keys]


def _names(view: View | None, role: Role) -> list[str]:
    people = view.people if view else ()
    return list(dict.fromkeys(who.name for who in people if who.role is role))


def _named_by(row: Row) -> list[str]:
    named = [text_of(parent_of(row, parent), "Name") for parent in _PARENTS]
    return [*filter(None, [*named, *(text_of(row, field) for field in _NAMES)])][:1]


def _channel(kind: str, view: View | None, row: Row) -> str:
    """Return by which way a conversation came, by what leaves of it where it has words."""
    if view is None:
        return channel_of(KINDS[kind], row, ())
    return channel_of(KINDS[kind], view.metadata, (message.channel for message in view.messages))


def _seconds(view: View | None) -> int | None:
    if not (view and view.start and view.end):
        return None
    try:
        length = datetime.fromisoformat(view.end) - datetime.fromisoformat(view.start)
    except ValueError:
        return None
    return int(length.total_seconds())


def _gist(view: View | None) -> str:
    """Return the most telling line: the subject, or the customer's first words."""
    if view is None:
        return ""
    customers = {seat for seat, who in enumerate(view.people) if who.role is Role.CUSTOMER}
    theirs = (message.text for message in view.messages if message.who in customers)
    return view.subject or next(chain(theirs, (message.text for message in view.messages)), "")


def _addresses(view: View | None, row: Row) -> Iterable[str]:
    parents = [text_of(parent_of(row, parent), "Email") for parent in _PARENTS]
    people = [who for who in (view.people if view else ()) if who.role is Role.CUSTOMER]
    given = [
        *parents,
        *(text_of(row, field) for field in _ADDRESSES),
        *(who.email for who in people),
        *(who.reference for who in people),
    ]
    return (address.strip().casefold() for address in given if address and "@" in address)


def _short(identifier: str | None) -> str | None:
    return identifier[:_ID_CHARS] if identifier else None
