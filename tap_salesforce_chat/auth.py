"""How the tap gets its access token: one class per OAuth flow, and the table of them.

A flow only knows which settings it needs and how to get a token; sending, retrying and
understanding refusals is the connection's business.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from typing_extensions import override

from tap_salesforce_chat.errors import LoginError


@dataclass(frozen=True, slots=True)
class Access:
    """A token and the host that takes it."""

    token: str = field(repr=False)
    instance_url: str


# Posts a form to the token endpoint.
TokenEndpoint = Callable[[Mapping[str, str]], Access]


class AuthFlow(abc.ABC):
    """A way to get a token from the settings."""

    needs: ClassVar[frozenset[str]]
    may_use: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    @abc.abstractmethod
    def log_in(self, endpoint: TokenEndpoint) -> Access:
        """Get the first token."""

    def log_in_again(self, endpoint: TokenEndpoint) -> Access:
        """Get a token after Salesforce said that the last one is not valid any more."""
        return self.log_in(endpoint)


class PasswordFlow(AuthFlow):
    """OAuth username-password flow; `security_token` is not needed from trusted IP addresses."""

    needs = frozenset({"client_id", "client_secret", "username", "password"})
    may_use = frozenset({"security_token"})

    @override
    def log_in(self, endpoint: TokenEndpoint) -> Access:
        config = self._config
        return endpoint(
            {
                "grant_type": "password",
                "client_id": config["client_id"],
                "client_secret": config["client_secret"],
                "username": config["username"],
                "password": config["password"] + (config.get("security_token") or ""),
            }
        )


class AccessTokenFlow(AuthFlow):
    """A token that somebody else obtained: used as it is, and not renewable from here."""

    needs = frozenset({"access_token", "instance_url"})

    @override
    def log_in(self, endpoint: TokenEndpoint) -> Access:
        return Access(self._config["access_token"], self._config["instance_url"].rstrip("/"))

    @override
    def log_in_again(self, endpoint: TokenEndpoint) -> Access:
        msg = (
            "Salesforce does not accept the given access token: it has expired or was revoked, it "
            "belongs to another instance_url, or it lacks the 'api' scope. Set a fresh "
            "access_token, or let the tap log in itself with another auth_flow."
        )
        raise LoginError(msg)


AUTH_FLOWS: dict[str, type[AuthFlow]] = {
    "password": PasswordFlow,
    "access_token": AccessTokenFlow,
}


def choose_flow(config: Mapping[str, Any]) -> type[AuthFlow]:
    """Return the flow that the settings ask for, or else the only one that they allow.

    Raises:
        ValueError: They allow none, or several. The message holds names of settings only.
    """
    given = {setting for setting, value in config.items() if value}
    if wanted := config.get("auth_flow"):
        flow = AUTH_FLOWS[wanted]
        if missing := flow.needs - given:
            msg = f"auth_flow '{wanted}' also needs {_listed(missing)}."
            raise ValueError(msg)
        return flow
    fitting = _fitting_flows(given)
    if len(fitting) != 1:
        raise ValueError(_several_fit(fitting) if fitting else _none_fits(given))
    return AUTH_FLOWS[fitting[0]]


def _fitting_flows(given: set[str]) -> list[str]:
    """Return the flows that have all they need, but for those that would ignore given settings."""
    used = {
        name: (flow.needs | flow.may_use) & given
        for name, flow in AUTH_FLOWS.items()
        if flow.needs <= given
    }
    return [
        name for name, uses in used.items() if not any(uses < others for others in used.values())
    ]


def _several_fit(fitting: list[str]) -> str:
    return f"The settings fit more than one way to log in: set auth_flow to {' or '.join(fitting)}."


def _none_fits(given: set[str]) -> str:
    ways = (f"{name} also needs {_listed(flow.needs - given)}" for name, flow in AUTH_FLOWS.items())
    return f"The settings allow no way to log in: auth_flow {'; '.join(ways)}."


def _listed(settings: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(settings))
