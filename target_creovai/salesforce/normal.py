"""A row as Salesforce would have written it, whichever tap did."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from target_creovai.errors import FieldError
from target_creovai.model.rows import UNREAD
from target_creovai.salesforce.fields import PARENT_FIELDS
from target_creovai.salesforce.forms import FormError, kind_of
from target_creovai.salesforce.spelling import SHAPES_REMEMBERED, parent_object, plan_of

if TYPE_CHECKING:
    from target_creovai.model.rows import Row
    from target_creovai.salesforce.forms import Form
    from target_creovai.salesforce.spelling import Plan

_PARENTS_FIELDS = frozenset({*PARENT_FIELDS.values(), "attributes"})


def normal_row(stream: str, record: Row) -> Row:
    """Return a row under Salesforce's names, in its forms; one that has both is returned as it is.

    Raises:
        FieldError: A field that the assembly reads has a form that is not understood.
    """
    plan = plan_of(stream, tuple(record))
    row = record if plan.keeps_names else plan.with_salesforces_names(record)
    changed = _parents(plan, row)
    for field, types, fits, form in plan.checks:
        value = row[field]
        if type(value) in types and (fits is None or fits(value)):
            continue
        changed[field] = _converted(stream, row | changed, field, form)
    return row | changed if changed else row


def _parents(plan: Plan, row: Row) -> Row:
    """Return the parents that are not yet objects with Salesforce's names."""
    changed: Row = {}
    for name in plan.parents:
        value = row[name]
        if value is None or (type(value) is dict and _are_parents_fields(tuple(value))):
            continue
        changed[name] = parent_object(value)
    return changed


@lru_cache(SHAPES_REMEMBERED)
def _are_parents_fields(names: tuple[str, ...]) -> bool:
    return _PARENTS_FIELDS.issuperset(names)


def _converted(stream: str, row: Row, field: str, form: Form) -> Any:
    """Return a field's value in its form.

    Raises:
        FieldError: It cannot be understood; names row and field, never the value.
    """
    value = row[field]
    try:
        return form.convert(value)
    except FormError:
        row_id = row.get("Id")
        whose = f"the {stream} row {row_id}" if _is_plain(row_id) else f"a {stream} row"
        msg = (
            f"{whose} has {field} as {kind_of(value)} that is not understood: have the tap send "
            f"{form.wanted}"
        )
        rest = {name: row[name] for name in row if name != field}
        raise FieldError(msg, rest | {UNREAD: [*row.get(UNREAD, ()), field]}) from None


def _is_plain(row_id: object) -> bool:
    """Return whether a value may be printed as an Id."""
    return isinstance(row_id, str) and row_id.isalnum() and len(row_id) <= 18  # noqa: PLR2004 -- an Id's
