"""What all streams and commands of a run share: settings, client, describes, prefetch."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.discovery.describe_cache import DescribeCache, DescribeClient
from tap_salesforce_chat.http.client import SalesforceClient
from tap_salesforce_chat.http.connection_settings import ConnectionSettings
from tap_salesforce_chat.login.selection import choose_flow
from tap_salesforce_chat.reading.prefetch import Prefetcher

if TYPE_CHECKING:
    import logging
    from collections.abc import Mapping


class Services:
    """Makes each shared object on its first use, so that no request is sent before it is needed.

    Args:
        config: The settings, which are valid.
        logger: The tap's logger.
    """

    def __init__(self, config: Mapping[str, Any], logger: logging.Logger) -> None:
        self.config = config
        self._logger = logger

    @cached_property
    def client(self) -> SalesforceClient:
        """The client for the org that the settings name."""
        settings = ConnectionSettings.from_config(self.config)
        return SalesforceClient(settings, choose_flow(self.config)(self.config), self._logger)

    @cached_property
    def describe(self) -> DescribeClient:
        """The describes of the org's objects."""
        return DescribeClient(self.client, self.describe_cache)

    @cached_property
    def describe_cache(self) -> DescribeCache:
        """The file that keeps describes for later runs; logs in, as it is named after the user."""
        key = f"{self.client.session.owner} {self.config['api_version']}"
        return DescribeCache(self.config.get("cache_dir"), key)

    @cached_property
    def prefetcher(self) -> Prefetcher:
        """The threads that send the requests of all streams."""
        return Prefetcher(self.config["max_workers"])
