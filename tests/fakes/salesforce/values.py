"""How values look inside a row: exactly as the REST API writes them.

A date-time is text of fixed width in UTC, so that rows compare, sort and
leave without any conversion.
"""

from __future__ import annotations

from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tests.fakes.salesforce.ids import long_id

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.fakes.salesforce.fields import Field


def wire_datetime(moment: datetime | str) -> str:
    """Return a date-time as `2024-01-02T03:04:05.000+0000`; a naive one is UTC.

    Salesforce keeps whole seconds, so a fraction is dropped.

    Raises:
        ValueError: The text is no date-time.
    """
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def stored(field: Field, value: Any) -> Any:
    """Return the value as a row keeps it.

    Raises:
        ValueError: The field cannot hold it.
    """
    # Salesforce has no empty text: it is the same as no value.
    if value is None or value == "":
        return field.default if field.type == "boolean" else None
    kept = _KEEP.get(field.type, str)(value)
    if field.length and isinstance(kept, str) and len(kept) > field.length:
        msg = f"{field.name}: {len(kept)} characters do not fit into {field.length}"
        raise ValueError(msg)
    return kept


def _wire_date(day: date | str) -> str:
    return day.isoformat() if isinstance(day, date) else date.fromisoformat(day).isoformat()


def _as_given(value: Any) -> Any:
    return value


_KEEP: Mapping[str, Callable[[Any], Any]] = MappingProxyType({
    "address": _as_given, "anyType": _as_given, "boolean": bool, "currency": float,
    "date": _wire_date, "datetime": wire_datetime, "double": float, "id": long_id, "int": int,
    "junctionidlist": _as_given, "location": _as_given, "percent": float, "reference": long_id,
})  # fmt: skip
