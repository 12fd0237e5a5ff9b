"""What all streams of a run share: the way to one org, and what is known of it."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.discovery.describe_cache import DescribeCache, Describer
from tap_salesforce_chat.http.client import ConnectionSettings, SalesforceClient
from tap_salesforce_chat.login.flows import choose_flow
from tap_salesforce_chat.login.hosts import login_url
from tap_salesforce_chat.reading.prefetch import Lanes

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping


class OrgSession:
    """A session with the org that the settings name; nothing is asked before it is needed.

    Args:
        config: The settings, which are valid.
        logger: Gets what is worth a line.
    """

    def __init__(self, config: Mapping[str, Any], logger: logging.Logger) -> None:
        self._config = config
        self._logger = logger

    @cached_property
    def client(self) -> SalesforceClient:
        """The way to the org."""
        config = self._config
        settings = ConnectionSettings(
            login_url=login_url(config),
            api_version=config["api_version"],
            timeout_seconds=config["request_timeout_seconds"],
            quota_percent=config["quota_percent_total"],
            run_percent=config.get("quota_percent_per_run"),
        )
        return SalesforceClient(settings, choose_flow(config)(config), self._logger)

    @cached_property
    def describe(self) -> Describer:
        """What the org's objects look like."""
        return Describer(self.client, self.describe_cache)

    @cached_property
    def describe_cache(self) -> DescribeCache:
        """Where describe documents are kept for the next runs; logs in."""
        return DescribeCache(self._config.get("cache_dir"), self.client.identity)

    @cached_property
    def lanes(self) -> Lanes:
        """Where the requests of all streams are in flight."""
        return Lanes(self._config["max_workers"])
