"""The fields that a row is not understood without: absent is not read, null is read and empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from target_creovai.model.rows import UNREAD, DroppedRow
from target_creovai.model.verdicts import Waiting
from target_creovai.salesforce.rows import is_deleted
from target_creovai.wholeness.reasons import without

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from target_creovai.model.rows import Row
    from target_creovai.model.settings import AssemblySettings


class Need(msgspec.Struct, frozen=True):
    """Fields of which one is enough; `Parent.Field` is a parent's.

    With `has_value` an empty one is enough only if the others were read as well: a mail whose
    HtmlBody is null has its text in TextBody.
    """

    fields: tuple[str, ...]
    has_value: bool = False

    def is_met(self, row: Row) -> bool:
        """Return whether a row has what is needed."""
        read = [field for field in self.fields if is_read(row, field)]
        if len(read) == len(self.fields) or not self.has_value:
            return bool(read)
        return any(row.get(field) for field in read)


NEEDS: Mapping[str, tuple[Need, ...]] = {
    "Case": (Need(("CreatedDate",)), Need(("IsClosed",)), Need(("Description",))),
    "CaseComment": (
        Need(("ParentId",)),
        Need(("CommentBody",)),
        Need(("IsPublished",)),
        Need(("CreatedBy.UserType",)),
    ),
    "EmailMessage": (
        Need(("ParentId",)),
        Need(("Incoming",)),
        Need(("Status",)),
        Need(("TextBody", "HtmlBody"), has_value=True),
    ),
    "LiveChatTranscript": (Need(("Status",)), Need(("Body",))),
    "MessagingSession": (Need(("Status", "EndTime"), has_value=True),),
    "ConversationEntry": (
        Need(("MessagingSessionId",)),
        Need(("SenderRole",)),
        Need(("Payload", "MessageText")),
    ),
}

# What `accept_missing` may name: fields, and streams beside the conversation's own.
ACCEPTABLE = frozenset(
    {f"{stream}.{field}" for stream in NEEDS for need in NEEDS[stream] for field in need.fields}
    | {"CaseComment", "EmailMessage", "ConversationEntry"}
)

_OWN_FIELDS = {
    stream: frozenset(field for need in needs for field in need.fields if "." not in field)
    for stream, needs in NEEDS.items()
}
_NAMED = {
    stream: tuple((need, frozenset(f"{stream}.{field}" for field in need.fields)) for need in needs)
    for stream, needs in NEEDS.items()
}
_PARENTS = {
    stream: tuple(field for need in needs for field in need.fields if "." in field)
    for stream, needs in NEEDS.items()
}


def is_read(row: Row, field: str) -> bool:
    """Return whether a field of a row was read; a parent that is null has no fields."""
    if field in row.get(UNREAD, ()):
        return False
    parent, _, of_parent = field.rpartition(".")
    if not parent:
        return field in row
    found = row.get(parent, {})
    return found is None or (isinstance(found, dict) and of_parent in found)


def missing_fields(stream: str, row: Row) -> tuple[str, ...]:
    """Return the fields that a row was read without, and is not understood without."""
    if stream not in NEEDS:
        return ()
    parents = _PARENTS[stream]
    if _OWN_FIELDS[stream] <= row.keys() and (
        not parents or all(is_read(row, path) for path in parents)
    ):
        return ()
    return tuple(
        field
        for need in NEEDS[stream]
        if not need.is_met(row)
        for field in need.fields
        if not is_read(row, field)
    )


def with_nulls(stream: str, row: Row, known: frozenset[str]) -> Row:
    """Return a row with null for each needed field that is in `known` and left out as empty."""
    # In this order, as hardly any row leaves out a field that counts.
    left_out = _OWN_FIELDS.get(stream, frozenset()).difference(row)
    if not left_out:
        return row
    empty: dict[str, Any] = dict.fromkeys((left_out & known).difference(row.get(UNREAD, ())))
    return row | empty if empty else row


def without_needed(
    rows: Mapping[str, Sequence[Row]],
    settings: AssemblySettings,
    *,
    only: Collection[str] | None = None,
) -> Waiting | None:
    """Return for which field that was not read a conversation waits, if there is any.

    A deleted row has no content, so no field of it is needed.

    Args:
        rows: The rows of the conversation, by stream.
        settings: Those with `accept_missing`.
        only: The fields that count by now, such as `Case.IsClosed`; None: all of them.
    """
    for stream, needs in _NAMED.items():
        for need, names in needs if stream in rows else ():
            counts = only is None or not names.isdisjoint(only)
            if (
                counts
                and names.isdisjoint(settings.accept_missing)
                and _is_unmet(need, rows, stream)
            ):
                return Waiting(without(stream, need.fields))
    return None if only else _without_others(rows)


def _without_others(rows: Mapping[str, Iterable[Row]]) -> Waiting | None:
    """Return for which field a conversation waits that has come in a form not understood."""
    for stream, some in rows.items():
        for row in some:
            for field in () if is_deleted(row) else row.get(UNREAD, ()):
                if f"{stream}.{field}" not in ACCEPTABLE:
                    return Waiting(without(stream, [field]))
    return None


def _is_unmet(need: Need, rows: Mapping[str, Iterable[Row]], stream: str) -> bool:
    return any(
        not (isinstance(row, DroppedRow) or is_deleted(row) or need.is_met(row))
        for row in rows.get(stream, ())
    )
