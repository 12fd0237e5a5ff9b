"""Which addresses credentials and customers' words may be sent to."""

from __future__ import annotations

from ipaddress import ip_address
from urllib.parse import urlsplit


def host_root(url: str) -> str:
    """Return scheme and host: like Creovai's own client, paths start at the root."""
    parts = urlsplit(url.strip())
    return f"{parts.scheme}://{parts.netloc}"


def address_problem(url: str) -> str | None:
    """Return what is wrong with an API's address, None if nothing is; the address is not in it."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname or "", parts.port  # a port that is none raises
        odd = not host.encode("idna") or not url.strip().isprintable()
    except ValueError:
        return _NO_ADDRESS
    if odd or parts.scheme not in {"http", "https"} or any(map(str.isspace, url.strip())):
        return _NO_ADDRESS
    if "@" in parts.netloc:
        return "must hold no user name or password: see api_user and api_password."
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
