"""The private key that stands for the integration user: PEM text, or the path of a PEM file."""

from __future__ import annotations

from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

_PEM_MARK = "-----BEGIN"


def read_private_key(setting: str) -> RSAPrivateKey:
    """Return the key.

    Raises:
        ValueError: There is none. The message says what is wrong and repeats nothing of it.
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
    if _PEM_MARK in setting:
        # An environment variable often holds a key in one line.
        return setting.replace("\\n", "\n").encode()
    try:
        return Path(setting).expanduser().read_bytes()
    except (OSError, ValueError, RuntimeError):
        msg = "is neither a private key in PEM form nor the path of a file that can be read."
        raise ValueError(msg) from None
