"""Certificate authorities from the environment, and sentences for what TLS fails by."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from target_creovai.errors import HaltError

# In order of precedence; `requests` itself reads the first two.
VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")

# OpenSSL's codes for why a certificate fails (`openssl verify`).
_NOT_YET, _EXPIRED, _OTHER_HOST = 9, 10, (62, 64)
_PROBLEMS = {
    _NOT_YET: "is not valid yet: look at the clock of this machine.",
    _EXPIRED: "has expired: tell who runs that server, or set the clock of this machine.",
} | dict.fromkeys(_OTHER_HOST, "is another host's: check the host name.")
# A connection that was closed in the middle: another try may succeed.
_CUT = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)
_UNKNOWN = (
    "is of an authority that this machine does not know: name a file with the certificate of "
    "that authority in REQUESTS_CA_BUNDLE."
)


def ca_bundle() -> str | None:
    """Return the file or folder of authorities that the environment names, if any.

    Raises:
        HaltError: It is not there, or holds none.
    """
    name = next((name for name in VARIABLES if os.environ.get(name)), None)
    if name is None:
        return None
    path = Path(os.environ[name])
    try:
        if path.is_dir():
            return str(path)
        ssl.create_default_context(cafile=path)
    except FileNotFoundError:
        msg = f"{name} names a file that is not there: correct it, or unset it."
        raise HaltError(msg) from None
    except (OSError, ssl.SSLError):
        msg = f"{name} names a file that cannot be read as certificates (PEM): correct it."
        raise HaltError(msg) from None
    return str(path)


def tls_problem(error: BaseException) -> str | None:
    """Return in a sentence why TLS failed; None if that is not the cause."""
    cause = _cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        problem = _PROBLEMS.get(cause.verify_code, _UNKNOWN)
        return f"The TLS certificate of api_url cannot be verified: it {problem}"
    if isinstance(cause, ssl.SSLError) and not isinstance(cause, _CUT):
        return (
            "TLS cannot be spoken with api_url: check host and port, and whether a proxy is in "
            "between that does not speak it."
        )
    return None


def _cause(error: BaseException) -> BaseException | None:
    """Return the TLS error that the libraries wrapped in errors of their own."""
    found: list[object] = [error]
    while found:
        one = found.pop()
        if isinstance(one, ssl.SSLError):
            return one
        if isinstance(one, BaseException):
            found += [*one.args, getattr(one, "reason", None)]
    return None
