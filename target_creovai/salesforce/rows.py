"""Reading Salesforce rows: texts, times and parents, whichever tap wrote them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_creovai.model.rows import Row

# Differ for every user who looks and move without a change of the record
# (Salesforce object reference, system fields).
VIEWER_FIELDS = frozenset({"LastViewedDate", "LastReferencedDate"})
_NO_METADATA = VIEWER_FIELDS | {"attributes"}


def parse_time(value: object) -> datetime | None:
    """Return a date-time of any tap in UTC; None where there is none to read.

    Takes `2024-01-02T03:04:05Z` as well as Salesforce's own `...05.000+0000`.
    A value without a zone is UTC, as Salesforce's are.
    """
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is UTC:  # as nearly all are
            return moment
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def text_of(row: Row, field: str) -> str | None:
    """Return a field's text, or None where it is absent, null or blank."""
    value = row.get(field)
    return value if isinstance(value, str) and value.strip() else None


def number_of(row: Row, field: str) -> float | None:
    """Return a field's number, or None where there is none; True is none."""
    value = row.get(field)
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def time_of(row: Row, *fields: str) -> datetime | None:
    """Return the first of these fields that holds a date-time."""
    for field in fields:
        if moment := parse_time(row.get(field)):
            return moment
    return None


def parent_of(row: Row, relationship: str) -> Row:
    """Return a parent's fields; empty where the tap gave no parents."""
    parent = row.get(relationship)
    return parent if isinstance(parent, dict) else {}


def is_deleted(row: Row) -> bool:
    """Return whether Salesforce has this row in its recycle bin."""
    return row.get("IsDeleted") is True


def latest_change(rows: Iterable[Row]) -> datetime | None:
    """Return the newest SystemModstamp among these rows."""
    changes = [moment for row in rows if (moment := parse_time(row.get("SystemModstamp")))]
    return max(changes) if changes else None


def metadata_of(row: Row, exclude: frozenset[str]) -> dict[str, Any]:
    """Return a row's scalar fields that are not null, parents under flat names.

    `{"Status": "Closed", "Owner": {"Name": "Ann"}}` becomes
    `{"Status": "Closed", "Owner.Name": "Ann"}`. A name in `exclude` leaves out a
    field, one field of a parent (`Owner.Email`) or a whole parent (`Owner`).
    """
    found: dict[str, Any] = {}
    for name, value in row.items():
        if value is None or name in exclude or _is_never_metadata(name, exclude):
            continue
        if isinstance(value, dict):
            found.update(_fields_of_parent(name, value, exclude))
        elif not isinstance(value, list):
            found[name] = value
    return found


def _is_never_metadata(name: str, exclude: frozenset[str]) -> bool:
    # No field of Salesforce's begins with an underscore: loaders' columns do. A dot is in the
    # names that other taps give to the fields of parents.
    return (
        name[:1] == "_"
        or name in _NO_METADATA
        or ("." in name and name.partition(".")[0] in exclude)
    )


def _fields_of_parent(name: str, parent: Row, exclude: frozenset[str]) -> dict[str, Any]:
    return {
        flat: value
        for child, value in parent.items()
        if value is not None
        and child != "attributes"
        and not isinstance(value, list | dict)
        and (flat := f"{name}.{child}") not in exclude
    }
