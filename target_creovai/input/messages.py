"""What a Singer message must hold, by its type."""

from __future__ import annotations

from typing import Any

from target_creovai.salesforce.forms import kind_of

# By type of message: what it must hold, and as what. Everything else is as it may be.
SHAPES: dict[str, dict[str, type]] = {
    "RECORD": {"stream": str, "record": dict},
    "SCHEMA": {"stream": str, "schema": dict},
    "STATE": {"value": dict},
    "BATCH": {"stream": str, "encoding": dict, "manifest": list},
    "ACTIVATE_VERSION": {"stream": str},
}

# What a run can do without: it loses that line, not what comes behind it.
_EXPENDABLE = frozenset({"record", "value"})


def missing_in(message: dict[str, Any]) -> str | None:
    """Return what a message lacks that it cannot be understood without."""
    kind = message["type"]
    if missing := SHAPES[kind].keys() - message.keys():
        return f"A {kind} of the input lacks {', '.join(sorted(missing))}."
    wrong = _wrong(message, SHAPES[kind].keys() - _EXPENDABLE)
    return f"A {kind} of the input has {wrong}." if wrong else _wrong_in_schema(message)


def useless_in(message: dict[str, Any]) -> str | None:
    """Return why a message that is understood has nothing to offer."""
    wrong = _wrong(message, SHAPES[message["type"]].keys() & _EXPENDABLE)
    return f"a {message['type']} has {wrong}" if wrong else None


def _wrong(message: dict[str, Any], names: set[str]) -> str | None:
    shape = SHAPES[message["type"]]
    for name in sorted(names):
        if not isinstance(message[name], shape[name]):
            return f"{kind_of(message[name])} as its {name}"
    return None


def _wrong_in_schema(message: dict[str, Any]) -> str | None:
    if message["type"] != "SCHEMA":
        return None
    schema, keys = message["schema"], message.get("key_properties")
    if "properties" not in schema:
        return "A SCHEMA of the input lacks properties."
    properties = schema["properties"]
    if not isinstance(properties, dict):
        return f"A SCHEMA of the input has {kind_of(properties)} as its properties."
    if not all(isinstance(field, dict | bool) for field in properties.values()):
        return "A SCHEMA of the input has a property that is no schema."
    if keys is not None and not _are_names(keys):
        return "A SCHEMA of the input has key_properties that are no list of names."
    return None


def _are_names(keys: object) -> bool:
    return isinstance(keys, list) and all(isinstance(key, str) for key in keys)
