"""Convert Salesforce's describe documents to the JSON schema of a stream.

Types are those that Salesforce declares, whatever values look like. All fields but the key may be
null: describe's `nillable` applies to edits, not to existing rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.soql import PRIMARY_KEY, REPLICATION_KEY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    Describe = Callable[[str], Mapping[str, Any] | None]

_TEXT = {"type": "string"}
_DECIMAL = {"type": "number"}

# Field types that the tap reads, as JSON schema. Left out: `address` and `location` (their parts
# are fields of their own), `base64` (a link to a file, not its content), `complexvalue` and
# `junctionidlist` (lists that queries limit and Bulk refuses).
TYPES: dict[str, dict[str, str]] = {
    "anytype": _TEXT,
    "boolean": {"type": "boolean"},
    "combobox": _TEXT,
    "currency": _DECIMAL,
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
    "double": _DECIMAL,
    "email": _TEXT,
    "encryptedstring": _TEXT,
    "id": _TEXT,
    "int": {"type": "integer"},
    "long": {"type": "integer"},
    "multipicklist": _TEXT,
    "percent": _DECIMAL,
    "phone": _TEXT,
    "picklist": _TEXT,
    "reference": _TEXT,
    "string": _TEXT,
    "textarea": _TEXT,
    "time": {"type": "string", "format": "time"},
    "url": _TEXT,
}
_JUNCTION_SOAP_TYPE = "urn:JunctionIdList"

# The fields of a parent that may be one of several objects (a Group or a User, say): those of the
# pseudo-object `Name`, which cannot be described.
NAME_FIELDS: dict[str, str] = {
    "Alias": "string",
    "Email": "email",
    "FirstName": "string",
    "IsActive": "boolean",
    "LastName": "string",
    "Name": "string",
    "NameOrAlias": "string",
    "Phone": "phone",
    "ProfileId": "reference",
    "Title": "string",
    "Type": "picklist",
    "UserRoleId": "reference",
    "Username": "string",
}


@dataclass(frozen=True, slots=True)
class Parent:
    """Fields of a parent object that are in the row of its child."""

    relationship: str
    sobject: str  # `Name` where it may be one of several objects
    fields: tuple[str, ...]

    def has_any(self, paths: Iterable[str]) -> bool:
        """Return whether any of some paths leads to this parent."""
        return any(path.startswith(f"{self.relationship}.") for path in paths)


@dataclass(frozen=True, slots=True)
class Discovery:
    """A stream's schema, and the permissions that would make it complete."""

    schema: dict[str, Any]
    missing: tuple[str, ...]


# The schema of an object that cannot be described.
MINIMAL_SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        PRIMARY_KEY: _TEXT,
        REPLICATION_KEY: {"type": ["string", "null"], "format": "date-time"},
    },
    "required": [PRIMARY_KEY],
}


def discover(
    document: Mapping[str, Any], parents: Iterable[Parent], describe: Describe
) -> Discovery:
    """Return the schema of an object's rows, with the fields of its parents that the org shows.

    Args:
        document: The object's describe document.
        parents: The parents wanted.
        describe: Returns the describe document of a parent object.
    """
    properties = {PRIMARY_KEY: _TEXT, **properties_of(document["fields"])}
    properties[PRIMARY_KEY] = _TEXT
    missing: list[str] = []
    for parent in parents:
        schema, lacking = _parent_schema(document, parent, describe)
        missing += lacking
        if schema:
            properties[parent.relationship] = schema
    schema = {"type": "object", "properties": properties, "required": [PRIMARY_KEY]}
    return Discovery(schema, tuple(missing))


def properties_of(fields: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the JSON schema of each field of a describe document that the tap reads."""
    return {
        field["name"]: _nullable(TYPES[field["type"].lower()])
        for field in fields
        if field["type"].lower() in TYPES
        and not str(field.get("soapType", "")).startswith(_JUNCTION_SOAP_TYPE)
    }


def _nullable(schema: Mapping[str, str]) -> dict[str, Any]:
    return {**schema, "type": [schema["type"], "null"]}


def _parent_schema(
    document: Mapping[str, Any], parent: Parent, describe: Describe
) -> tuple[dict[str, Any] | None, list[str]]:
    by_name = {field["name"]: field for field in document["fields"]}
    reference = by_name.get(f"{parent.relationship}Id")
    if reference is None:
        return None, [f"field-level security on {document['name']}.{parent.relationship}Id"]
    if reference.get("relationshipName") != parent.relationship:
        return None, [f"Read on object {parent.sobject}"]
    sobject, available = _parent_fields(reference, describe)
    if available is None:
        # The child's describe has the relationship, so a query may well see the parent; all fields
        # of parents are text. If it does not, the stream leaves them out, with a warning.
        available = dict.fromkeys(parent.fields, _nullable(_TEXT))
    wanted = {name: available[name] for name in parent.fields if name in available}
    lacking = [
        f"field-level security on {sobject}.{name}"
        for name in parent.fields
        if name not in available
    ]
    schema = {"type": ["object", "null"], "properties": wanted}
    return (schema if wanted else None), lacking


def _parent_fields(
    reference: Mapping[str, Any], describe: Describe
) -> tuple[str, dict[str, Any] | None]:
    targets = reference["referenceTo"]
    if reference.get("polymorphicForeignKey") or len(targets) != 1:
        return "Name", {name: _nullable(TYPES[kind]) for name, kind in NAME_FIELDS.items()}
    document = describe(targets[0])
    return targets[0], properties_of(document["fields"]) if document else None
