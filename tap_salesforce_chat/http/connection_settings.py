"""The settings that a client needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from tap_salesforce_chat.login.hosts import login_url

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ConnectionSettings:
    """Where to connect to, and how long and how often."""

    login_url: str  # without a slash at its end
    api_version: str  # such as `62.0`
    timeout_seconds: int  # of waiting in all, after which a request has failed
    quota_percent: int  # share of the org's daily requests beyond which none is sent
    run_percent: int | None  # share of them that this run may use; None: any

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Self:
        """Return those of the tap's settings."""
        return cls(
            login_url=login_url(config),
            api_version=config["api_version"],
            timeout_seconds=config["request_timeout_seconds"],
            quota_percent=config["quota_percent_total"],
            run_percent=config.get("quota_percent_per_run"),
        )
