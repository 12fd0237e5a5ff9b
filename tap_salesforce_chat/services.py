"""What all streams of a run share: the client, the describes, and the threads that prefetch."""

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


class Services:
    """Makes each shared object on its first use, so that no request is sent before it is needed.

    Args:
        config: The settings, validated.
        logger: The tap's logger.
    """

    def __init__(self, config: Mapping[str, Any], logger: logging.Logger) -> None:
        self._config = config
        self._logger = logger

    @cached_property
    def client(self) -> SalesforceClient:
        """The client for the org that the settings name."""
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
        """The describes of the org's objects."""
        return Describer(self.client, self.describe_cache)

    @cached_property
    def describe_cache(self) -> DescribeCache:
        """The file that keeps describes for later runs; logs in, as it is named after the user."""
        return DescribeCache(self._config.get("cache_dir"), self.client.identity)

    @cached_property
    def lanes(self) -> Lanes:
        """The threads that send the requests of all streams."""
        return Lanes(self._config["max_workers"])
