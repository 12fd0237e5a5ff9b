"""Which addresses may be asked: those that keep what is said to them, and nothing odd."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

NO_ADDRESS = "Setting 'api_url' must be an address such as https://example.api.tethr.com."
IN_CLEAR = (
    "Setting 'api_url' must begin with https://: by http:// the API user's secret and customers' "
    "words would travel in clear. Only this machine itself may be asked so."
)
WITH_LOGIN = "Setting 'api_url' must hold no user name or password: see api_user and api_password."


def host_root(url: str) -> str:
    """Return scheme and host: like Creovai's own client, paths start at the root."""
    parts = urlsplit(url.strip())
    return f"{parts.scheme}://{parts.netloc}"


def problem_of(url: str) -> str | None:
    """Return what is wrong with an API address, without a word of it; None if nothing is."""
    try:
        parts = urlsplit(url.strip())
        host, _ = parts.hostname, parts.port
        odd = not host or not host.encode("idna") or not parts.netloc.isprintable()
    except ValueError:
        return NO_ADDRESS
    if odd or parts.scheme not in {"http", "https"} or any(map(str.isspace, parts.netloc)):
        return NO_ADDRESS
    if "@" in parts.netloc:
        return WITH_LOGIN
    return IN_CLEAR if parts.scheme == "http" and not _is_loopback(host or "") else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
