"""What is in the body of an answer: text and JSON, but for sure."""

from __future__ import annotations

import codecs
import re
from contextlib import suppress
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from tap_salesforce_chat.errors import RetryLaterError, UnexpectedResponseError

if TYPE_CHECKING:
    from typing_extensions import Buffer

# Salesforce's numbers have up to 18 digits, more than a float keeps.
DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_ANYTHING = msgspec.json.Decoder()
# An escape in JSON: a pair of surrogates, one without the other, or anything else.
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)", re.DOTALL)
# Bytes: what the processor's cache holds is checked three times as fast as a whole page.
_CHECKED_AT_ONCE = 2**16


def as_utf8(content: bytes) -> bytes:
    """Return content that is UTF-8 for sure, with U+FFFD for what was not.

    Texts are not decoded before they leave, and one wrong byte would make a target refuse the line.
    """
    rest = memoryview(content)
    try:
        while rest:
            part = rest[:_CHECKED_AT_ONCE]
            _, length = codecs.utf_8_decode(part, "strict", len(part) == len(rest))
            rest = rest[length:]
    except UnicodeDecodeError:
        return content.decode("utf-8", "replace").encode()
    return content


def decoded_as(decoder: msgspec.json.Decoder[Any], content: Buffer, subject: str) -> Any:
    """Return an answer made into what is wanted.

    Raises:
        RetryLaterError: It is no JSON object, but a proxy's or a maintenance page, say, which
            Salesforce's edge serves with status 200.
        UnexpectedResponseError: It is one, but of something else.
    """
    with suppress(msgspec.DecodeError):
        return _lenient(decoder, content)
    if isinstance(decoded(content), dict):
        msg = f"{subject}: Salesforce's answer is not in the form that its documentation gives."
        raise UnexpectedResponseError(msg)
    msg = f"{subject}: Salesforce answered 200, but with something else than a JSON object."
    raise RetryLaterError(msg)


def decoded(content: Buffer) -> Any:
    """Return the JSON document, or None if it is none."""
    with suppress(msgspec.DecodeError):
        return _lenient(_ANYTHING, content)
    return None


def _lenient(decoder: msgspec.json.Decoder[Any], content: Buffer) -> Any:
    """Decode text that Salesforce may have cut in the middle of a surrogate pair.

    Long text ends at a number of UTF-16 units. Half an emoji is no Unicode text; it becomes `?`.
    A byte order mark, which a proxy may put in front, is none of JSON's.
    """
    try:
        return decoder.decode(content)
    except msgspec.DecodeError:
        text = bytes(content).removeprefix(codecs.BOM_UTF8)
        return decoder.decode(_ESCAPE.sub(lambda found: b"?" if found[1] else found[0], text))
