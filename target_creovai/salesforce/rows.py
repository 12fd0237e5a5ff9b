"""Reading Salesforce rows: texts, times and parents, whichever tap wrote them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from target_creovai.model.rows import Row

# Differ for every user who looks and move without a change of the record
# (Salesforce object reference, system fields).
VIEWER_FIELDS = frozenset({"LastViewedDate", "LastReferencedDate"})


def parse_time(value: object) -> datetime | None:
    """Return a date-time of any tap in UTC; None where there is none to read.

    Takes `2024-01-02T03:04:05Z` as well as Salesforce's own `...05.000+0000`.
    A value without a zone is UTC, as Salesforce's are.
    """
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
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
    return next((moment for field in fields if (moment := parse_time(row.get(field)))), None)


def parent_of(row: Row, relationship: str) -> Row:
    """Return a parent's fields; empty where the tap gave no parents."""
    parent = row.get(relationship)
    return parent if isinstance(parent, dict) else {}


def is_deleted(row: Row) -> bool:
    """Tell whether Salesforce has this row in its recycle bin."""
    return row.get("IsDeleted") is True


def latest_change(rows: Iterable[Row]) -> datetime | None:
    """Return the newest SystemModstamp among these rows."""
    return max(
        (moment for row in rows if (moment := parse_time(row.get("SystemModstamp")))), default=None
    )


def metadata_of(row: Row, exclude: frozenset[str]) -> dict[str, Any]:
    """Return a row's scalar fields that are not null, parents under flat names.

    `{"Status": "Closed", "Owner": {"Name": "Ann"}}` becomes
    `{"Status": "Closed", "Owner.Name": "Ann"}`. A name in `exclude` leaves out a
    field, one field of a parent (`Owner.Email`) or a whole parent (`Owner`).
    """
    return {
        name: value
        for name, value in _flatten(row)
        if value is not None
        and name not in exclude
        and name.partition(".")[0] not in exclude
        and name not in VIEWER_FIELDS
    }


def _flatten(row: Row) -> Iterator[tuple[str, Any]]:
    for name, value in row.items():
        # No field of Salesforce's begins so: loaders' columns do.
        if name.startswith("_") or name == "attributes" or isinstance(value, list):
            continue
        if isinstance(value, dict):
            for child, scalar in value.items():
                if child != "attributes" and not isinstance(scalar, list | dict):
                    yield f"{name}.{child}", scalar
        else:
            yield name, value
