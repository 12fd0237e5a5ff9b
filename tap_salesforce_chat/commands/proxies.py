"""The proxy that requests to a host go through, as environment variables configure it."""

from __future__ import annotations

import os
import socket
from contextlib import suppress
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from requests.utils import get_environ_proxies, select_proxy

_TIMEOUT_SECONDS = 5
_PORTS = {"http": 80, "https": 443, "socks5": 1080, "socks5h": 1080}


@dataclass(frozen=True, slots=True)
class Proxy:
    """A proxy: the variable that names it, and its address without the login in its URL."""

    variable: str
    host: str
    port: int

    @classmethod
    def for_url(cls, url: str) -> Self | None:
        """Return the proxy for a URL, None if requests go through none.

        Raises:
            ValueError: The variable holds no address. The message names the variable.
        """
        address = select_proxy(url, get_environ_proxies(url))
        if not address:
            return None
        variable = _variable_of(address)
        parts = urlsplit(address if "://" in address else f"http://{address}")
        with suppress(ValueError, KeyError):
            if parts.hostname:
                return cls(variable, parts.hostname, parts.port or _PORTS[parts.scheme])
        msg = f"{variable} names no proxy: write it as http://host:port"
        raise ValueError(msg)

    @property
    def is_reachable(self) -> bool:
        """Whether it accepts connections."""
        try:
            socket.create_connection((self.host, self.port), timeout=_TIMEOUT_SECONDS).close()
        except OSError:
            return False
        return True


def _variable_of(address: str) -> str:
    names = (name for name, value in os.environ.items() if value == address)
    return next((name for name in names if name.lower().endswith("_proxy")), "The system's proxy")
