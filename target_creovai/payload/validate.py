"""Whether Creovai would take a payload: its JSON Schema and the rules across fields.

What the rules rest on: the checks that Creovai's own client makes before it
sends, and the annotations on its request models.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import msgspec
from jsonschema import Draft202012Validator

from target_creovai.model.conversation import Interface

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_creovai.payload.payload import Payload


def problems_of(interface: Interface, payload: Payload) -> list[str]:
    """Return what is wrong with a payload, without a word of its content.

    Each problem names the place and the rule: `participants/0/email: pattern`.
    """
    if not _validator(interface).is_valid(payload):
        return _explain(interface, payload)
    return list(_RULES[interface](payload))


@cache
def _schema(interface: Interface) -> dict[str, Any]:
    text = files("target_creovai").joinpath("schemas", f"{interface}.json").read_bytes()
    schema: dict[str, Any] = msgspec.json.decode(text)
    return schema


@cache
def _validator(interface: Interface) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for(_schema(interface))


def _explain(interface: Interface, payload: Payload) -> list[str]:
    """Return why, by the reference implementation: slower, and only for what failed."""
    errors = Draft202012Validator(_schema(interface)).iter_errors(payload)
    # The message of an error quotes the value: only place and rule may be printed.
    found = {f"{'/'.join(map(str, e.absolute_path)) or 'payload'}: {e.validator}" for e in errors}
    return sorted(found) or ["payload: does not fit its schema"]


def _chat_rules(payload: Payload) -> Iterator[str]:
    participants = payload["participants"]
    yield from _window(payload, [m for p in participants for m in p["messages"]])
    if not any(participant["messages"] for participant in participants):
        yield "participants: no message"
    yield from _unique([(p["type"], p["referenceId"]) for p in participants])


def _case_rules(payload: Payload) -> Iterator[str]:
    yield from _window(payload, payload["messages"])
    known = [participant["referenceId"] for participant in payload["participants"]]
    yield from _unique(known)
    for index, message in enumerate(payload["messages"]):
        if message["senderReferenceId"] not in known:
            yield f"messages/{index}/senderReferenceId: not among the participants"


_RULES = {Interface.CHAT: _chat_rules, Interface.CASE: _case_rules}


def _window(payload: Payload, messages: list[Payload]) -> Iterator[str]:
    start, end = _key(payload["utcStart"]), _key(payload["utcEnd"])
    if start > end:
        yield "utcStart: later than utcEnd"
    for index, message in enumerate(messages):
        if not start <= _key(message["utcTimestamp"]) <= end:
            yield f"message {index}: outside utcStart and utcEnd"


def _key(moment: str) -> str:
    """Make UTC times comparable as text: `Z` sorts after a fraction's `.`."""
    return moment.removesuffix("Z")


def _unique(keys: list[Any]) -> Iterator[str]:
    if len(set(keys)) == len(keys):
        return
    for index, count in enumerate(Counter(keys).values()):
        if count > 1:
            yield f"participants: key {index} stands {count} times"
