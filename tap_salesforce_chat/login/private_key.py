"""The private key of the JWT bearer flow: PEM text, or the path of a PEM file."""

from __future__ import annotations

import re
import textwrap
from base64 import b64decode
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_PEM_MARK = "-----BEGIN"
_KEY = re.compile(r"(-----BEGIN [A-Z ]+-----)(.*?)(-----END [A-Z ]+-----)", re.DOTALL)
_LINE_BREAK = re.compile(r"(?:\r|\\+r)?(?:\n|\\+n)|\r")
_LINE_LENGTH = 64


def read_private_key(setting: str) -> RSAPrivateKey:
    """Return the key.

    Raises:
        ValueError: The setting holds none. The message quotes nothing of it.
    """
    pem = _pem(setting)
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        msg = "is a key with a passphrase: give it without one (openssl pkey -in ... -out ...)."
        raise ValueError(msg) from None
    except (ValueError, UnsupportedAlgorithm):
        msg = "holds no private key in PEM form, a text between '-----BEGIN' and '-----END' lines."
        raise ValueError(msg) from None
    if not isinstance(key, RSAPrivateKey):
        msg = "is not an RSA key, and Salesforce takes RS256 only."
        raise ValueError(msg)  # noqa: TRY004 - the wrong kind of value, not of argument
    return key


def _pem(setting: str) -> bytes:
    """Return a key as PEM, whose line breaks settings and secret stores may have changed."""
    text = _unwrapped(setting)
    if text is None:
        try:
            text = _unwrapped(Path(setting.strip()).expanduser().read_bytes().decode("utf-8-sig"))
        except (OSError, ValueError, RuntimeError):
            msg = "is neither a private key in PEM form nor the path of a file that can be read."
            raise ValueError(msg) from None
    return (text or "").encode()


def _unwrapped(text: str) -> str | None:
    """Return the PEM text in a setting, plain or in base64; None if there is none."""
    if _PEM_MARK not in text:
        try:
            text = b64decode("".join(text.split()), validate=True).decode()
        except ValueError:
            return None
        if _PEM_MARK not in text:
            return None
    # An environment variable often holds a key in one line, with line breaks escaped.
    text = _LINE_BREAK.sub("\n", text)
    return _KEY.sub(_in_lines, text)


def _in_lines(key: re.Match[str]) -> str:
    """Break a key into lines again; a key with headers stays as it is."""
    begin, body, end = key.groups()
    if ":" in body:
        return key[0]
    return "\n".join([begin, *textwrap.wrap("".join(body.split()), _LINE_LENGTH), end, ""])
