"""Where to log in, who an assertion is for, and what may travel there."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

PRODUCTION_LOGIN_URL = "https://login.salesforce.com"
SANDBOX_LOGIN_URL = "https://test.salesforce.com"

# A sandbox's My Domain is `acme--uat.sandbox.my.salesforce.com`.
_SANDBOX_MARK = "--"


def login_url(config: Mapping[str, Any]) -> str:
    """Return the OAuth host, without a slash at its end."""
    url = str(config["login_url"]).rstrip("/")
    if config["is_sandbox"] and url == PRODUCTION_LOGIN_URL:
        return SANDBOX_LOGIN_URL
    return url


def is_my_domain(config: Mapping[str, Any]) -> bool:
    """Tell whether the login goes to the org's own host rather than to the hosts of all orgs."""
    return login_url(config) not in {PRODUCTION_LOGIN_URL, SANDBOX_LOGIN_URL}


def audience(config: Mapping[str, Any]) -> str:
    """Return who an assertion is for: of the hosts of all orgs the one that knows this org."""
    if given := config.get("jwt_audience"):
        return str(given).rstrip("/")
    url = login_url(config)
    host = urlsplit(url).hostname or ""
    if config["is_sandbox"] or url == SANDBOX_LOGIN_URL or _SANDBOX_MARK in host:
        return SANDBOX_LOGIN_URL
    return PRODUCTION_LOGIN_URL


def address_problem(url: str) -> str | None:
    """Say why nothing may be sent to an address, None if it may; the address is not in it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port  # a port that is none raises
    except ValueError:
        return _NO_ADDRESS
    if not host or parts.scheme not in {"http", "https"}:
        return _NO_ADDRESS
    if "@" in parts.netloc:
        return "must hold no user name or password: there are settings for them."
    if parts.scheme == "http" and not _is_here(host):
        return (
            "must be an https:// address: credentials would travel in clear. (http:// is for "
            "servers on this machine alone.)"
        )
    return None


_NO_ADDRESS = "must be an address such as https://acme.my.salesforce.com."


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() in {"localhost", "localhost."} or host.lower().endswith(".localhost")


def is_token(text: str) -> bool:
    """Tell whether a text can stand in the header of a request: printable ASCII, no blanks."""
    return re.fullmatch(r"[!-~]+", text) is not None
