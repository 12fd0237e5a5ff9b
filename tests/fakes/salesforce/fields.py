"""What an sObject is made of, and the small table language it is written down in.

A table holds one field a line: `Name type(length) marks`. Marks:

    ->User,Group    the objects a reference points to; more than one: polymorphic.
                    Its relationship is the name of the field without `Id`
    of=ContactId.Email      read through a reference when the row has no value of its own
    default=New     what a row gets when nothing is given
    values=A|B      picklist values
    ns nofilter nosort required idlookup auto name restricted null
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT_LENGTHS: Mapping[str, int] = MappingProxyType({
    "combobox": 255, "email": 80, "encryptedstring": 175, "id": 18, "junctionidlist": 18,
    "multipicklist": 4099, "phone": 40, "picklist": 255, "reference": 18, "string": 255,
    "textarea": 255, "url": 255,
})  # fmt: skip
# A custom text area longer than this is a CLOB, which can be neither filtered nor sorted.
LONG_TEXT = 255
_NEVER_FILTERED = frozenset({"address", "base64", "encryptedstring", "junctionidlist", "location"})

_LINE = re.compile(r"(?P<name>\w+) (?P<type>\w+)(?:\((?P<length>\d+)\))?(?P<marks>.*)")
_FLAGS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "ns": {"filterable": False, "sortable": False},
        "nofilter": {"filterable": False},
        "nosort": {"sortable": False},
        "required": {"nillable": False},
        "idlookup": {"id_lookup": True},
        "auto": {"auto_number": True, "nillable": False},
        "name": {"name_field": True},
        "restricted": {"restricted": True},
        "null": {"nillable": True, "default": None},
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field, with what describe shows of it."""

    name: str
    type: str
    label: str
    length: int = 0
    filterable: bool = True
    sortable: bool = True
    nillable: bool = True
    reference_to: tuple[str, ...] = ()
    relationship: str | None = None
    polymorphic: bool = False
    through: tuple[str, str] | None = None
    default: Any = None
    values: tuple[str, ...] = ()
    id_lookup: bool = False
    auto_number: bool = False
    name_field: bool = False
    restricted: bool = False

    @property
    def long_text(self) -> bool:
        """Text areas above one line of a database are treated apart in several ways."""
        return self.type == "textarea" and self.length > LONG_TEXT

    @property
    def custom(self) -> bool:
        """Custom fields, and only they, end in `__c`."""
        return self.name.endswith("__c")


# No slots: the two indexes are built when first asked for.
@dataclass(frozen=True)
class SObject:
    """An object type with its fields; names are found whatever their case."""

    name: str
    prefix: str
    fields: tuple[Field, ...]
    queryable: bool = True

    @cached_property
    def by_name(self) -> dict[str, Field]:
        return {field.name.lower(): field for field in self.fields}

    @cached_property
    def by_relationship(self) -> dict[str, Field]:
        return {field.relationship.lower(): field for field in self.fields if field.relationship}

    @cached_property
    def name_field(self) -> str:
        """The field that stands for the record to people, such as CaseNumber."""
        return next((field.name for field in self.fields if field.name_field), "Id")

    def with_field(self, field: Field) -> SObject:
        return replace(self, fields=(*self.fields, field))


def parse_fields(*tables: str) -> tuple[Field, ...]:
    """Read tables of fields; a later line for a name replaces the earlier one."""
    lines = (line.strip() for table in tables for line in table.splitlines())
    fields = (_parse_line(line) for line in lines if line)
    return tuple({field.name: field for field in fields}.values())


def custom_field(name: str, type_: str, label: str | None, **changes: Any) -> Field:
    """A field as an administrator makes one; `changes` are attributes of `Field`."""
    base = _base(name, type_, changes.get("length"))
    if type_ == "textarea" and base["length"] > LONG_TEXT:
        base |= {"filterable": False, "sortable": False}
    changes = base | changes
    targets = changes["reference_to"] = tuple(changes.get("reference_to", ()))
    if type_ == "reference":
        changes.setdefault("relationship", name.removesuffix("__c") + "__r")
        changes.setdefault("polymorphic", len(targets) > 1)
    if label is not None:
        changes["label"] = label
    return Field(**changes)


def _parse_line(line: str) -> Field:
    match = _LINE.fullmatch(line)
    if match is None:
        msg = f"Not a field: {line!r}"
        raise ValueError(msg)
    length = match["length"]
    attributes = _base(match["name"], match["type"], int(length) if length else None)
    for mark in match["marks"].split():
        attributes |= _mark(match["name"], mark)
    return Field(**attributes)


def _base(name: str, type_: str, length: int | None) -> dict[str, Any]:
    length = DEFAULT_LENGTHS.get(type_, 0) if length is None else length
    searchable = type_ not in _NEVER_FILTERED
    attributes: dict[str, Any] = {
        "name": name,
        "type": type_,
        "label": _label(name),
        "length": length,
        "filterable": searchable,
        "sortable": searchable and type_ != "multipicklist",
    }
    if type_ == "boolean":
        attributes |= {"nillable": False, "default": False}
    return attributes


def _mark(name: str, mark: str) -> Mapping[str, Any]:
    if mark.startswith("->"):
        targets = tuple(mark.removeprefix("->").split(","))
        # A list of ids (`ToIds`) has none: SOQL cannot walk it.
        relationship = name.removesuffix("Id") if name.endswith("Id") else None
        return {
            "reference_to": targets,
            "relationship": relationship,
            "polymorphic": len(targets) > 1,
        }
    key, _, value = mark.partition("=")
    match key:
        case "of":
            reference, _, field = value.partition(".")
            return {"through": (reference, field)}
        case "default":
            return {"default": {"true": True, "false": False}.get(value, value)}
        case "values":
            return {"values": tuple(value.split("|"))}
        case _:
            return _FLAGS[mark]


def _label(name: str) -> str:
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name.removesuffix("__c").replace("_", " "))
    return re.sub(r" Id$", " ID", words)
