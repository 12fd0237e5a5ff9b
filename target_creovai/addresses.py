"""Which addresses credentials and customers' words may be sent to."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def address_problem(url: str) -> str | None:
    """Return what is wrong with an API's address, None if nothing is; the address is not in it."""
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname
    except ValueError:
        return _NO_ADDRESS
    if parts.scheme not in {"http", "https"} or not host or any(map(str.isspace, url.strip())):
        return _NO_ADDRESS
    if parts.scheme == "http" and not _is_here(host):
        return (
            "must be an https:// address: credentials and customers' words would travel in clear. "
            "(http:// is for servers on this machine alone.)"
        )
    return None


_NO_ADDRESS = "must be an address such as https://example.api.tethr.com."


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost" or host.lower().endswith(".localhost")
