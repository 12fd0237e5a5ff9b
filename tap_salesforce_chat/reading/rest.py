"""Read the queries of one stream by REST, and count their rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tap_salesforce_chat.errors import (
    HostMovedError,
    LoginError,
    SalesforceError,
    SessionExpiredError,
)
from tap_salesforce_chat.reading.field_parts import FieldParts
from tap_salesforce_chat.reading.window_reader import QueryReader
from tap_salesforce_chat.reading.windows import Window

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tap_salesforce_chat.reading.prefetch import PrefetchedQuery, Prefetcher
    from tap_salesforce_chat.reading.query_client import QueryClient
    from tap_salesforce_chat.reading.rows import Schemas
    from tap_salesforce_chat.reading.tasks import Batch
    from tap_salesforce_chat.soql import Query


@dataclass(frozen=True, slots=True)
class RestSource:
    """Reads queries of one stream.

    Args:
        query_client: Runs queries.
        schemas: The schema of each field.
        clock: Returns Salesforce's time, None before its first answer.
        prefetcher: Reads windows in threads.
        verify: Whether rows are compared with Salesforce's count.
        logger: Gets warnings.
    """

    query_client: QueryClient
    schemas: Schemas
    clock: Callable[[], datetime | None]
    prefetcher: Prefetcher
    verify: bool
    logger: logging.Logger

    def batches(self, query: Query) -> Iterator[Batch]:
        """Yield the rows of a query.

        Raises:
            RowCountError: They are not as many as Salesforce counts, even when read again.
        """
        yield from self.prefetcher.batches(self.prefetch(query))

    def prefetch(self, query: Query) -> PrefetchedQuery:
        """Have a query read as soon as the queries before it leave workers idle."""
        reader = QueryReader(
            FieldParts(self.query_client, query, self.schemas, self.logger),
            self.count,
            self.clock,
            workers=self.prefetcher.workers,
            verify=self.verify,
            logger=self.logger,
        )
        return self.prefetcher.enqueue(reader.task(Window(query)))

    def count(self, query: Query) -> int | None:
        """Return Salesforce's count of a query, None where Salesforce refuses to count."""
        try:
            return self.query_client.count(query.count())
        except (HostMovedError, LoginError, SessionExpiredError):
            raise
        except SalesforceError as exc:
            # The rows are emitted; they only cannot be verified.
            message = "%s from %s to %s: not compared with Salesforce's count. %s"
            self.logger.warning(message, query.sobject, query.since, query.until, exc)
            return None
