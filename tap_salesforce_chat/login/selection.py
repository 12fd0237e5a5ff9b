"""Which OAuth flow the settings select."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.login.flows import AUTH_FLOWS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_salesforce_chat.login.flows import AuthFlow


def choose_flow(config: Mapping[str, Any]) -> type[AuthFlow]:
    """Return the flow of `auth_flow`, or else the only one whose settings are given.

    Raises:
        ValueError: There is none, or several. The message holds names of settings only.
    """
    given = {setting for setting, value in config.items() if value}
    if wanted := config.get("auth_flow"):
        flow = AUTH_FLOWS[wanted]
        if missing := flow.required_settings - given:
            msg = f"auth_flow '{wanted}' also needs {_listed(missing)}."
            raise ValueError(msg)
        return flow
    candidates = [
        name
        for name, flow in AUTH_FLOWS.items()
        if flow.required_settings <= given and flow.conflicting_settings.isdisjoint(given)
    ]
    if len(candidates) != 1:
        raise ValueError(_ambiguous(candidates) if candidates else _impossible(given))
    return AUTH_FLOWS[candidates[0]]


def flow_name(config: Mapping[str, Any]) -> str:
    """Return the value of `auth_flow` that the settings amount to."""
    chosen = choose_flow(config)
    return next(name for name, flow in AUTH_FLOWS.items() if flow is chosen)


def _ambiguous(candidates: list[str]) -> str:
    return (
        f"The settings fit more than one way to log in: set auth_flow to {' or '.join(candidates)}."
    )


def _impossible(given: set[str]) -> str:
    ways = (
        f"{name} also needs {_listed(missing)}"
        if (missing := flow.required_settings - given)
        else f"{name} goes without {_listed(flow.conflicting_settings & given)}"
        for name, flow in AUTH_FLOWS.items()
    )
    return f"The settings allow no way to log in: auth_flow {'; '.join(ways)}."


def _listed(settings: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(settings))
