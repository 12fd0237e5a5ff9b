"""The names of fields, and where parents are, as other taps and loaders spell them.

`created_by_id`, `CREATEDBYID` and `createdbyid` are `CreatedById`; `CreatedBy__UserType`,
`CreatedBy.UserType` and `created_by__user_type` are the `UserType` inside `CreatedBy`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from target_creovai.salesforce.fields import (
    FIELDS,
    LONGEST_NAME,
    NAMES,
    PARENT_FIELDS,
    PARENTS,
    spelling_key,
)
from target_creovai.salesforce.forms import BOOLEAN, INSTANT, FormError, document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from target_creovai.model.rows import Row
    from target_creovai.salesforce.forms import Form

# Rows of a stream mostly have the same keys; taps that leave out what is null have more shapes.
SHAPES_REMEMBERED = 1024

# No field of Salesforce's begins with it, and what loaders add (`_sdc_batched_at`, `_dlt_id`,
# `_fivetran_synced`, `_airbyte_raw_id`, `_ab_cdc_lsn`) does.
LOADERS_MARK = "_"
# When or that a loader has seen the row vanish at its source.
TOMBSTONES = frozenset({"sdcdeletedat", "fivetrandeleted", "abcdcdeletedat", "deleted"})

# Where Heroku Connect keeps the Id of Salesforce: its own `id` is a number of the table's.
ID_BESIDE_ANOTHER = "sfid"

# What stands between the names of a parent and of its field: the SDK's `flattening_separator`, JSON
# paths. Salesforce's own standard fields have none of it; custom ones do, as in `Owner_Role__c`.
_SEPARATOR = re.compile(r"__|[._:/-]")
_LONE = re.compile(r"[^\W_]+(?:_[^\W_]+)+")
_CUSTOM = re.compile(r"__(?:c|pc|r)$", re.IGNORECASE)


FieldCheck = tuple[str, frozenset[type], "Callable[[Any], bool] | None", "Form"]


class Plan(msgspec.Struct, frozen=True):
    """What is to be done with rows that have just these keys, in this order.

    Attributes:
        respelled: Given names and Salesforce's.
        flattened: Given names, and the parents and fields that they stand for.
        parents: The parents that are objects, or should be.
        tombstones: Keys of a loader that mark a deleted row.
        loaders: All keys of a loader.
        checks: Salesforce's names of what is looked at, and the form that it should have: with
            its types and its `fits` at hand, as this is gone through for every row.
        keeps_names: Whether all keys are Salesforce's own.
    """

    respelled: tuple[tuple[str, str], ...]
    flattened: tuple[tuple[str, str, str], ...]
    parents: tuple[str, ...]
    tombstones: tuple[str, ...]
    loaders: tuple[str, ...]
    checks: tuple[FieldCheck, ...]
    keeps_names: bool

    def with_salesforces_names(self, record: Row) -> Row:
        """Return the row under Salesforce's names, with parents as objects."""
        row = dict(record)
        found: dict[str, Row] = {}
        for key, parent, field in self.flattened:
            found.setdefault(parent, {})[field] = row.pop(key)
        for key, name in self.respelled:
            row[name] = row.pop(key)
        for parent, fields in found.items():
            row[parent] = _with_fields(row.get(parent), fields)
        loaders = {key: row.pop(key) for key in self.loaders}
        for key in self.tombstones:
            row |= _tombstone(loaders[key], row)
        return row


def _with_fields(parent: Any, fields: Row) -> Row | None:
    """Return a parent as an object, null if nothing is known of it."""
    known = parent_object(parent)
    whole = fields | known if isinstance(known, dict) else fields
    return None if all(value is None for value in whole.values()) else whole


def _tombstone(value: Any, row: Row) -> Row:
    """Return a loader's mark of deletion as Salesforce's fields; {} if it is none.

    A deletion that a database logs comes with the key alone: its time is the row's version.
    """
    if value is None or not _is_gone(value):
        return {}
    dated = row.get("SystemModstamp") or row.get("LastModifiedDate")
    return {"IsDeleted": True} | ({} if dated else {"SystemModstamp": _instant_of(value)})


def _instant_of(value: Any) -> str | None:
    try:
        moment: str | None = INSTANT.convert(value)
    except FormError:
        return None
    return moment


def _is_gone(value: Any) -> bool:
    """Return whether a tombstone is one: it holds the time, or that it is so."""
    try:
        return BOOLEAN.convert(value) is True
    except FormError:
        return True


@lru_cache(SHAPES_REMEMBERED)
def plan_of(stream: str, keys: tuple[str, ...]) -> Plan:
    """Return what to do with rows of a stream that have these keys."""
    others_id = ID_BESIDE_ANOTHER in keys
    loaders = tuple(
        key for key in keys if key.startswith(LOADERS_MARK) or (others_id and key == "id")
    )
    fields = [key for key in keys if key not in loaders and len(key) <= LONGEST_NAME]
    cut = _parents_cut_by_one(stream, fields)
    taken = set(keys)
    respelled: dict[str, str] = {}
    flattened: list[tuple[str, str, str]] = []
    for key in fields:
        if place := _place_in_parent(stream, key, cut):
            flattened.append((key, *place))
        elif (name := _name_of(stream, key)) and name not in taken:
            respelled[key] = name
            taken.add(name)
    names = dict.fromkeys(
        [*(respelled.get(key, key) for key in keys), *(p for _, p, _ in flattened)]
    )
    forms = FIELDS[stream]
    return Plan(
        respelled=tuple(respelled.items()),
        flattened=tuple(flattened),
        parents=tuple(name for name in names if name in PARENTS[stream].values()),
        tombstones=tuple(key for key in loaders if spelling_key(key) in TOMBSTONES),
        loaders=loaders,
        checks=tuple(
            (name, forms[name].types, forms[name].fits, forms[name])
            for name in names
            if name in forms
        ),
        keeps_names=not (respelled or flattened or loaders),
    )


def _name_of(stream: str, key: str) -> str | None:
    """Return Salesforce's name of a field or parent that is known, however it is spelled."""
    if key == ID_BESIDE_ANOTHER:
        return "Id"
    return None if _CUSTOM.search(key) else NAMES[stream].get(spelling_key(key))


def _parents_cut_by_one(stream: str, keys: Iterable[str]) -> frozenset[str]:
    """Return the parents of which a lone underscore sets off a field that can be nothing else."""
    places = (_place_in_parent(stream, key) for key in keys if _LONE.fullmatch(key))
    return frozenset(place[0] for place in places if place)


def _place_in_parent(
    stream: str, key: str, cut: frozenset[str] = frozenset()
) -> tuple[str, str] | None:
    """Return parent and field that a flattened name stands for.

    A custom field (`Owner_Role__c`) and a field in snake case (`contact_email`: `ContactEmail`)
    may look like one. `Contact_Email` has more capitals than a database would leave it, and
    `contact_email` beside `contact_lastname`, in `cut`, is of the same parent.
    """
    for mark in _SEPARATOR.finditer(key):
        given, field = key[: mark.start()], key[mark.end() :]
        parent = PARENTS[stream].get(spelling_key(given))
        if not parent or not field:
            continue
        if mark[0] == "_":
            fits = _is_set_off(stream, key, field, alike=parent in cut)
        else:
            fits = mark[0] == "." or not _CUSTOM.search(key)
        if fits:
            return parent, parents_name(field)
    return None


def _is_set_off(stream: str, key: str, field: str, *, alike: bool) -> bool:
    """Return whether a lone underscore sets off a parent's field."""
    name = spelling_key(field)
    if name not in PARENT_FIELDS:
        return False
    in_capitals = field in PARENT_FIELDS.values() and not key.isupper()
    return in_capitals or (alike and name != "id") or _name_of(stream, key) is None


def parents_name(field: str) -> str:
    """Return Salesforce's name of a parent's field; one that is not known stays as it is."""
    return PARENT_FIELDS.get(spelling_key(field), field) if not _CUSTOM.search(field) else field


def parent_object(value: Any) -> Any:
    """Return a parent as an object under Salesforce's names; what cannot be one stays."""
    fields = document(value)
    if not isinstance(fields, dict):
        return value
    return {parents_name(name): member for name, member in fields.items()}


def fields_of(stream: str, properties: Iterable[str]) -> frozenset[str]:
    """Return what a SCHEMA announces, under Salesforce's names.

    A field of a flattened parent is `CreatedBy.UserType`.
    """
    keys = tuple(properties)
    plan = plan_of(stream, keys)
    names = dict(plan.respelled) | {key: f"{at}.{field}" for key, at, field in plan.flattened}
    return frozenset(names.get(key, key) for key in keys)
