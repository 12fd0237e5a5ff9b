"""Change the fields of a schema when the org changes. Pure: values in, values out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from tap_salesforce_chat.errors import MissingFieldError

    Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SchemaRefresh:
    """A schema of a catalog, updated to the org.

    Args:
        schema: As the org has the fields.
        gone: Fields that the org no longer has or shows.
        retyped: Fields whose type has changed.
    """

    schema: dict[str, Any]
    gone: tuple[str, ...] = ()
    retyped: tuple[str, ...] = ()

    def with_parents(self, org: Schema, wanted: Collection[str]) -> SchemaRefresh:
        """Return the refresh with the wanted fields of parents that the org has."""
        hidden = [path for path in wanted if "." in path and not has_path(org, path)]
        properties = dict(self.schema["properties"])
        for path in wanted:
            relationship, _, name = path.rpartition(".")
            if relationship and path not in hidden and not has_path(self.schema, path):
                found = org["properties"][relationship]
                here = properties.get(relationship, found | {"properties": {}})
                fields = here["properties"] | {name: found["properties"][name]}
                properties[relationship] = here | {"properties": fields}
        schema = {**self.schema, "properties": properties}
        return replace(self, schema=without_paths(schema, hidden))


def refreshed(
    schema: Schema, names: Collection[str], types: Schema, wanted: Iterable[str]
) -> SchemaRefresh:
    """Return the schema of a catalog with the types that the org has now.

    Args:
        schema: That of the catalog.
        names: The org's fields of the object.
        types: The JSON schema of each of them that the tap reads.
        wanted: Fields to add if the org has them and the catalog does not.
    """
    properties = dict(schema["properties"])
    own = [name for name, kind in properties.items() if not is_parent(kind)]
    gone = tuple(name for name in own if name not in names)
    changed = (name for name in own if name in types)
    retyped = tuple(name for name in changed if _kind(properties[name]) != _kind(types[name]))
    properties |= {name: types[name] for name in retyped}
    properties |= {name: types[name] for name in wanted if name in types.keys() - set(own)}
    kept = {name: kind for name, kind in properties.items() if name not in gone}
    return SchemaRefresh({**schema, "properties": kept}, gone, retyped)


def is_parent(kind: Schema) -> bool:
    """Return whether a property holds the fields of a parent."""
    return bool(kind.get("properties"))


def _kind(kind: Schema) -> tuple[frozenset[str], str | None]:
    types = kind.get("type", "string")
    return frozenset([types] if isinstance(types, str) else types) - {"null"}, kind.get("format")


def has_path(schema: Schema, path: str) -> bool:
    """Return whether a schema has a field, `Owner.Name` for a parent's."""
    relationship, _, name = path.rpartition(".")
    properties = schema["properties"]
    if relationship:
        properties = properties.get(relationship, {}).get("properties", {})
    return name in properties


def without_paths(schema: Schema, paths: Collection[str]) -> dict[str, Any]:
    """Return a schema without fields, `Owner.Name` for a parent's, and without empty parents."""
    kept: dict[str, Any] = {}
    for name, kind in schema["properties"].items():
        if is_parent(kind):
            fields = kind["properties"].items()
            left = {field: item for field, item in fields if f"{name}.{field}" not in paths}
            if left:
                kept[name] = {**kind, "properties": left}
        elif name not in paths:
            kept[name] = kind
    return {**schema, "properties": kept}


def paths_named(
    fields: Iterable[str], missing: MissingFieldError, objects: Mapping[str, str]
) -> set[str]:
    """Return the paths of a SELECT list that Salesforce's error is about.

    Args:
        fields: The SELECT list.
        missing: The error: it names a relationship, or a field and the object that lacks it.
        objects: The object of each relationship, the stream's own for an empty one.
    """
    split = {path: path.rpartition(".")[::2] for path in fields}
    if missing.entity is None:
        return {path for path, (relationship, _) in split.items() if relationship == missing.name}
    return {
        path
        for path, (relationship, field) in split.items()
        if field == missing.name and objects.get(relationship) == missing.entity
    }


def with_types(schema: Schema, types: Schema) -> dict[str, Any]:
    """Return a schema with other types for some of its fields."""
    properties = schema["properties"]
    return {
        **schema,
        "properties": {**properties, **{k: types[k] for k in types if k in properties}},
    }


def retyped_warning(sobject: str, names: Iterable[str]) -> str:
    """Return the warning about fields whose type differs from the catalog's."""
    return (
        f"These fields of {sobject} have another type now than in the catalog, and are read as the "
        f"org has them: {', '.join(names)}. Discover the catalog again."
    )


def left_out_warning(sobject: str, names: Iterable[str]) -> str:
    """Return the warning about fields that are left out, and that no conversation needs."""
    return (
        f"Left out of {sobject}: {', '.join(names)}. If the org has it, give the integration "
        "user's permission set field-level security on it (and Read on its object); else discover "
        "the catalog again."
    )


def missing_fields_warning(sobject: str, missing: Collection[str], schema: Schema) -> str:
    """Return the warning about needed fields that cannot be read, with what to do.

    Args:
        sobject: The object.
        missing: The fields; those that the schema has are deselected, the others hidden.
        schema: The stream's.
    """
    steps = []
    if hidden := [path for path in missing if not has_path(schema, path)]:
        names = ", ".join(f"{sobject}.{path}" for path in hidden)
        steps.append(f"give the integration user's permission set field-level security on {names}")
    if deselected := [path for path in missing if path not in hidden]:
        steps.append(f"select {', '.join(deselected)} in the catalog")
    advice = ", and ".join(steps)
    return (
        f"Left out of {sobject}: {', '.join(missing)}, without which its rows cannot be "
        f"understood. {advice[:1].upper()}{advice[1:]}: what was read without is then read again "
        "by itself."
    )
