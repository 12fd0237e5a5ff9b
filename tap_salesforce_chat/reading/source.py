"""Read the queries of one stream by the API that the settings name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.errors import BulkUnsupportedError
from tap_salesforce_chat.reading.query_client import QueryClient
from tap_salesforce_chat.reading.rest import RestSource
from tap_salesforce_chat.state.keys import BULK_JOB

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator, Mapping, MutableMapping

    from tap_salesforce_chat.http.client import SalesforceClient
    from tap_salesforce_chat.reading.bulk.source import BulkSource
    from tap_salesforce_chat.reading.prefetch import PrefetchedQuery, Prefetcher
    from tap_salesforce_chat.reading.rows import Schemas
    from tap_salesforce_chat.reading.tasks import Batch
    from tap_salesforce_chat.soql import Query

# `api_type` AUTO reads more rows by Bulk: by REST they would take 50 requests or more.
_BULK_FROM = 100_000


@dataclass(frozen=True, slots=True)
class QuerySource:
    """Reads queries of one stream by REST or Bulk.

    Args:
        client: Sends the requests.
        prefetcher: Reads windows in threads.
        config: The settings.
        sobject: The object.
        schemas: The schema of each field.
        progress: The stream's part of STATE, which keeps an unfinished Bulk job.
        write_state: Writes a STATE message.
        logger: Gets warnings.
    """

    client: SalesforceClient
    prefetcher: Prefetcher
    config: Mapping[str, Any]
    sobject: str
    schemas: Schemas
    progress: MutableMapping[str, Any]
    write_state: Callable[[], None]
    logger: logging.Logger

    def batches(self, query: Query, prefetched: PrefetchedQuery | None) -> Iterator[Batch]:
        """Yield the rows of a query.

        Args:
            query: The query.
            prefetched: The same query, if the prefetcher has it already.
        """
        api = self._api(query)
        if api == "REST":
            self.progress.pop(BULK_JOB, None)
            yield from self.prefetcher.batches(prefetched or self.rest.prefetch(query))
            return
        try:
            yield from self._bulk().batches(query)
        except BulkUnsupportedError as exc:
            if self.config["api_type"] != "AUTO":
                raise
            self.logger.warning("%s Reading by REST instead.", exc)
            yield from self.rest.batches(query)

    @property
    def rest(self) -> RestSource:
        """The same by REST, whatever the settings say."""
        client = QueryClient(
            self.client,
            self._operation,
            page_size=self.config["page_size"],
            subject=f"Query of {self.sobject}",
        )
        return RestSource(
            client,
            self.schemas,
            clock=lambda: self.client.clock,
            prefetcher=self.prefetcher,
            verify=self.config["verify_counts"],
            logger=self.logger,
        )

    def _api(self, query: Query) -> str:
        api: str = self.config["api_type"]
        if api != "AUTO":
            return api
        rows = self.rest.count(query)
        return "REST" if rows is not None and rows < _BULK_FROM else "BULK2"

    @property
    def _operation(self) -> str:
        return "queryAll" if self.config["include_deleted"] else "query"

    def _bulk(self) -> BulkSource:
        from tap_salesforce_chat.reading.bulk.jobs import BulkJobs
        from tap_salesforce_chat.reading.bulk.source import BulkSource

        jobs = BulkJobs(
            self.client,
            self.sobject,
            self._operation,
            progress=self.progress,
            write_state=self.write_state,
            deadline=self.config["bulk_timeout_minutes"] * 60,
            logger=self.logger,
        )
        return BulkSource(jobs, self.rest, self.schemas)
