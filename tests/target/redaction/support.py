"""Redacting a text by itself, with the rules in the form of the setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.target.rows import case
from tests.target.support import payload_of, texts

if TYPE_CHECKING:
    from collections.abc import Mapping

BUILT_IN = {"card": "[card]", "email": "[email]", "phone": "[phone]", "iban": "[iban]"}


def redact(text: str, rules: Mapping[str, str] = BUILT_IN, region: str | None = None) -> str:
    """Return a message's text as it would leave."""
    record = case(Description=text, Origin="Web")
    payload = payload_of(record, redact=tuple(rules.items()), redact_region=region)
    (found,) = texts(payload)
    return found
