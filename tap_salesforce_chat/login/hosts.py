"""The login host, the audience of an assertion, and which addresses and tokens are valid."""

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
    """Return whether the login host is the org's own, not one that all orgs share."""
    return login_url(config) not in {PRODUCTION_LOGIN_URL, SANDBOX_LOGIN_URL}


def audience(config: Mapping[str, Any]) -> str:
    """Return the audience of an assertion: the login host or the test host, as fits the org."""
    if given := config.get("jwt_audience"):
        return str(given).rstrip("/")
    url = login_url(config)
    host = urlsplit(url).hostname or ""
    if config["is_sandbox"] or url == SANDBOX_LOGIN_URL or _SANDBOX_MARK in host:
        return SANDBOX_LOGIN_URL
    return PRODUCTION_LOGIN_URL


def address_problem(url: str) -> str | None:
    """Return why no credentials may be sent to an address, None if they may, without quoting it."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port  # a port that is none raises
    except ValueError:
        return _INVALID_ADDRESS
    if not host or parts.scheme not in {"http", "https"}:
        return _INVALID_ADDRESS
    if "@" in parts.netloc:
        return "must hold no user name or password: there are settings for them."
    if parts.scheme == "http" and not _is_loopback(host):
        return (
            "must be an https:// address: credentials would travel in clear. (http:// is for "
            "servers on this machine alone.)"
        )
    return None


_INVALID_ADDRESS = "must be an address such as https://acme.my.salesforce.com."


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() in {"localhost", "localhost."} or host.lower().endswith(".localhost")


def is_valid_token(text: str) -> bool:
    """Return whether a text can stand in an HTTP header: printable ASCII without blanks."""
    return re.fullmatch(r"[!-~]+", text) is not None
