"""Config, state and catalog files: JSON objects in UTF-8, UTF-16 or UTF-32."""

from __future__ import annotations

import codecs
import io
import json
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from singer_sdk.exceptions import ConfigValidationError

if TYPE_CHECKING:
    from collections.abc import Callable

    Problem = Callable[[dict[str, Any]], str | None]
    """Returns what is wrong with a document, None if nothing is."""

# UTF-32 first: its byte order mark begins with that of UTF-16.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

_SUMMARY = "A file cannot be used"


def read_object(content: bytes, what: str) -> dict[str, Any]:
    """Return the JSON object in a file; `>` writes UTF-16 in Windows PowerShell.

    Raises:
        ConfigValidationError: There is none. The message has the position, not the content.
    """
    try:
        document = json.loads(content.decode(_encoding_of(content)))
    except json.JSONDecodeError as exc:
        raise _unusable(what, f"no JSON (line {exc.lineno}, column {exc.colno})") from None
    except (UnicodeDecodeError, RecursionError, ValueError) as exc:
        raise _unusable(what, f"no JSON text in UTF-8 or UTF-16 ({type(exc).__name__})") from None
    if not isinstance(document, dict):
        raise _unusable(what, "JSON, but no object")
    return document


def read_config(name: str) -> dict[str, Any]:
    """Return the settings in a config file.

    Raises:
        ConfigValidationError: It cannot be read.
    """
    try:
        content = Path(name).read_bytes()
    except (OSError, ValueError) as exc:
        msg = f"The config file {name} cannot be read ({type(exc).__name__})."
        raise ConfigValidationError(_SUMMARY, errors=[msg]) from None
    return read_object(content, f"config file {name}")


def as_utf8_file(file: IO[Any], what: str, problem: Problem = lambda _: None) -> IO[str]:
    """Return a file that was opened as text, in UTF-8 whatever its encoding was.

    Raises:
        ConfigValidationError: It is no JSON object, or `problem` finds something wrong with it.
    """
    content = getattr(file, "buffer", file).read()
    content = content.encode() if isinstance(content, str) else content
    document = read_object(content, what)
    if found := problem(document):
        raise ConfigValidationError(
            _SUMMARY, errors=[f"The {what} is none ({found}): write it anew."]
        )
    return io.StringIO(json.dumps(document))


def _encoding_of(content: bytes) -> str:
    """Return the encoding by byte order mark, or by the place of the zero bytes (RFC 4627)."""
    for mark, encoding in _BYTE_ORDER_MARKS:
        if content.startswith(mark):
            return encoding
    head = content[:2]
    if len(head) == len("{}") and 0 in head:
        return "utf-16-le" if head[1] == 0 else "utf-16-be"
    return "utf-8"


def _unusable(what: str, problem: str) -> ConfigValidationError:
    msg = f"The {what} is {problem}. Write it again as a JSON object in UTF-8."
    return ConfigValidationError(_SUMMARY, errors=[msg])
