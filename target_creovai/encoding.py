"""JSON as it is stored and sent, and the hash of it."""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec


def encode(value: object, order: Literal["deterministic"] | None = None) -> bytes:
    """Return JSON in UTF-8; lone surrogates, which UTF-8 cannot carry, become U+FFFD."""
    try:
        return msgspec.json.encode(value, order=order)
    except UnicodeEncodeError:
        return msgspec.json.encode(_scrubbed(value), order=order)


def json_hash(value: object) -> str:
    """Return the SHA-256 of a value's JSON, whatever the order of its keys."""
    return hashlib.sha256(encode(value, order="deterministic")).hexdigest()


def _scrubbed(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, dict):
        return {_scrubbed(name): _scrubbed(member) for name, member in value.items()}
    return [_scrubbed(item) for item in value] if isinstance(value, list) else value
