"""From a Singer record to the row that is stored."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from target_creovai.encoding import encode
from target_creovai.errors import RowError
from target_creovai.kinds import KIND_OF_STREAM
from target_creovai.model.rows import PEOPLE, PERSON, StagedRow, case_number_key
from target_creovai.salesforce.normal import normal_row
from target_creovai.salesforce.rows import is_deleted
from target_creovai.wholeness.intervals import moment_of
from target_creovai.wholeness.needs import missing_fields, with_nulls

if TYPE_CHECKING:
    from target_creovai.model.rows import Row

# Salesforce's have 15 or 18 letters and digits; the rest is what Creovai takes in a `sessionId`.
IS_ID = re.compile(r"[A-Za-z0-9._~-]{1,40}").fullmatch
# No sane row is from then on: such a row would never be replaced again.
TOO_LATE = "3000"


def staged_row(stream: str, record: Row, null_fields: frozenset[str] = frozenset()) -> StagedRow:
    """Return the row to store of a record; `null_fields` are empty where it leaves them out.

    Its version is SystemModstamp; a tap that does not select it gives
    LastModifiedDate or, at the least, its rows in order.

    Raises:
        RowError: The record has no Id, or an impossible date.
        FieldError: A field has a form that is not understood.
    """
    # First of all: everything below expects Salesforce's names and forms.
    record = with_nulls(stream, normal_row(stream, record), null_fields)
    row_id = _id(record.get("Id"))
    if row_id is None:
        # What stands in its place may be anything, so it is not quoted.
        msg = f"a {stream} row has no Id, or none that Salesforce could have given"
        raise RowError(msg)
    if stream in PEOPLE:
        return _person(stream, row_id, record)
    kind = KIND_OF_STREAM[stream]
    field = kind.streams[stream]
    is_main = field == "Id"
    merges = kind.merged_into is not None and is_main
    winner = _id(record.get(kind.merged_into)) if kind.merged_into and is_main else None
    return StagedRow(
        stream=stream,
        id=row_id,
        kind=kind.name,
        conversation=row_id if is_main else _id(record.get(field)),
        modified=_version(stream, row_id, record),
        body=encode(record),
        merges=merges,
        merged_into=winner if winner != row_id else None,
        collection=_id(record.get(kind.collected_by)) if kind.collected_by and is_main else None,
        number=case_number_key(record.get(kind.numbered_by))
        if kind.numbered_by and is_main
        else None,
        lacks=missing_fields(stream, record),
    )


def _person(stream: str, row_id: str, record: Row) -> StagedRow:
    """Return the row of a user or contact: little of it is kept, and nothing once it is deleted."""
    kept = frozenset() if is_deleted(record) else PEOPLE[stream]
    body = {"Id": row_id} | {name: record[name] for name in sorted(kept & record.keys())}
    return StagedRow(
        stream=stream,
        id=row_id,
        kind=PERSON,
        conversation=None,
        modified=_version(stream, row_id, record),
        body=encode(body),
    )


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and IS_ID(value) else None


def _version(stream: str, row_id: str, record: Row) -> str:
    """Return the version in one fixed form, whose text order is time order."""
    for field in ("SystemModstamp", "LastModifiedDate"):
        value = record.get(field)
        if value is None:
            continue
        moment = moment_of(value)
        if moment is None or moment >= TOO_LATE:
            msg = f"the {stream} row {row_id} has an impossible {field}"
            raise RowError(msg)
        return moment
    return ""
