"""Is there a proxy between here and Creovai, and does it answer?"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies, select_proxy

from target_creovai.commands.support.check import Check, CheckStatus, judged

if TYPE_CHECKING:
    from collections.abc import Iterator

SECONDS_TO_ANSWER = 5
PORTS = {"http": 80, "https": 443}
_ADVICE = "Set the proxy's right address, or name Creovai's host in NO_PROXY."


def check_proxy(api_url: str) -> Iterator[Check]:
    """Judge the proxy that the environment names for this address, if it names one."""
    proxy = select_proxy(api_url, get_environ_proxies(api_url))
    if proxy is None:
        return
    name = _variable(urlsplit(api_url).scheme)
    address = _address(proxy)
    if address is None:
        says = f"{name} is no address such as http://proxy.example:3128."
        yield Check("proxy", CheckStatus.FAILED, says, _ADVICE)
        return
    host, port = address
    answers = _answers(host, port)
    result = "answers" if answers else "does not answer"
    yield judged("proxy", f"{host}:{port}, which {name} names, {result}.", _ADVICE, ok=answers)


def _variable(scheme: str) -> str:
    """Return the name of the variable that counts; say so where only the system has it."""
    names = (f"{scheme}_proxy", f"{scheme}_PROXY".upper(), "all_proxy", "ALL_PROXY")
    return next((name for name in names if os.environ.get(name)), "the system")


def _address(proxy: str) -> tuple[str, int] | None:
    """Return host and port, never user or password; None where it is no proxy's address."""
    # As for requests: without a scheme it is http.
    parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    try:
        port = parts.port or PORTS.get(parts.scheme)
    except ValueError:
        return None
    return (parts.hostname, port) if parts.hostname and port else None


def _answers(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=SECONDS_TO_ANSWER):
            return True
    except (OSError, UnicodeError):
        return False
