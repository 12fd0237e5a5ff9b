"""From the bytes of a response to valid UTF-8, and to JSON documents."""

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
OBJECT_DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_ANYTHING = msgspec.json.Decoder()
# An escape in JSON: a pair of surrogates, one without the other, or anything else.
_ESCAPE = re.compile(rb"\\(?:u[dD][89abAB]..\\u[dD][c-fC-F]..|(u[dD][89a-fA-F]..)|.)", re.DOTALL)
# What fits in the processor's cache is checked three times as fast as a whole page.
_CHUNK_BYTES = 2**16


def as_utf8(content: bytes) -> bytes:
    """Return content as valid UTF-8, with U+FFFD in the place of invalid bytes.

    Texts leave the tap without being decoded, and one invalid byte would make a target refuse the
    line.
    """
    rest = memoryview(content)
    try:
        while rest:
            chunk = rest[:_CHUNK_BYTES]
            _, length = codecs.utf_8_decode(chunk, "strict", len(chunk) == len(rest))
            rest = rest[length:]
    except UnicodeDecodeError:
        return content.decode("utf-8", "replace").encode()
    return content


def decode(decoder: msgspec.json.Decoder[Any], content: Buffer, subject: str) -> Any:
    """Return the document of a response, in the type of the decoder.

    Raises:
        RetryLaterError: It is no JSON object, but for example a proxy's page, or a maintenance
            page, which Salesforce's edge serves with status 200.
        UnexpectedResponseError: It is a JSON object that does not have the decoder's type.
    """
    with suppress(msgspec.DecodeError):
        return _lenient(decoder, content)
    if isinstance(decode_any(content), dict):
        msg = f"{subject}: Salesforce's answer is not in the form that its documentation gives."
        raise UnexpectedResponseError(msg)
    msg = f"{subject}: Salesforce answered 200, but with something else than a JSON object."
    raise RetryLaterError(msg)


def decode_any(content: Buffer) -> Any:
    """Return the JSON document of a response, None if it is not JSON."""
    with suppress(msgspec.DecodeError):
        return _lenient(_ANYTHING, content)
    return None


def _lenient(decoder: msgspec.json.Decoder[Any], content: Buffer) -> Any:
    """Decode JSON whose text Salesforce may have cut in the middle of a surrogate pair.

    Salesforce limits text by UTF-16 code units. A surrogate without its other half becomes `?`. A
    byte order mark, which a proxy may put in front, is removed.
    """
    try:
        return decoder.decode(content)
    except msgspec.DecodeError:
        text = bytes(content).removeprefix(codecs.BOM_UTF8)
        return decoder.decode(_ESCAPE.sub(lambda found: b"?" if found[1] else found[0], text))
