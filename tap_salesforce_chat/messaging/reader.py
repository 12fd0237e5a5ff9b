"""Read conversations one after the other within the rate limits."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from itertools import chain
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.errors import (
    HostMovedError,
    NotFoundError,
    QuotaError,
    RateLimitReachedError,
    RetryLaterError,
    SalesforceError,
    SessionExpiredError,
    UnreadableConversationError,
)
from tap_salesforce_chat.messaging.entries import in_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tap_salesforce_chat.http.client import SalesforceClient
    from tap_salesforce_chat.messaging.entries import Entry
    from tap_salesforce_chat.messaging.interfaces import Interface
    from tap_salesforce_chat.messaging.rate_limits import RateLimits

# The reader waits for a slot that is nearer. So a limit per minute never ends a run, and a run that
# starts an hour after the last one does not end just before calls become free again.
_MAX_WAIT = timedelta(minutes=5)
# The target delivers at the end of a run, so a long backlog is spread over several runs.
_MAX_DURATION = timedelta(minutes=30)
# Salesforce's own limit is reached: a retry would only cost another call.
_LIMIT_STATUSES = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
# The wait if Salesforce names none: as long as a call keeps a conversation active.
_DEFAULT_WAIT = timedelta(minutes=30)

_SUBJECT = "Conversation entries"


class EntryReader:
    """Calls an API within rate limits.

    Args:
        interface: The API.
        client: Sends the requests.
        rate_limits: Decide when the next call may be made.
        now: Returns Salesforce's time.
        save: Writes the recorded calls into STATE; called before each call.
    """

    def __init__(
        self,
        interface: type[Interface],
        client: SalesforceClient,
        rate_limits: RateLimits,
        now: Callable[[], datetime],
        save: Callable[[], None],
    ) -> None:
        self._interface = interface
        self._client = client
        self._rate_limits = rate_limits
        self._now = now
        self._save = save
        self._began = now()
        self.has_read = False  # any conversation

    def entries(self, identifier: str, since: int) -> list[Entry]:
        """Return the entries of a conversation, those before `since` (milliseconds) perhaps not.

        Raises:
            RateLimitReachedError: They cannot be read now, or not all of them.
            UnreadableConversationError: Salesforce does not have the conversation, or its answer
                is not understood.
            SalesforceError: Salesforce refuses.
        """
        pages = self._interface.pages(self._get, identifier, since)
        try:
            entries = in_order(chain.from_iterable(pages))
        except NotFoundError as exc:
            raise UnreadableConversationError(str(exc)) from exc
        self.has_read = True
        return entries

    def _get(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        self._client.check_quota()
        options: dict[str, Any] = {"params": params, "each_try": self._one_call}
        try:
            answer = self._client.send("GET", path, subject=_SUBJECT, **options)
        except (SessionExpiredError, HostMovedError) as exc:
            raise self.with_advice(exc) from exc
        document: dict[str, Any] = answer.document
        return document

    @contextmanager
    def _one_call(self) -> Iterator[None]:
        self._wait_for_slot()
        try:
            yield
        except RetryLaterError as exc:
            if exc.status in _LIMIT_STATUSES:
                raise self._refused(exc) from exc
            raise
        except (NotFoundError, QuotaError, SessionExpiredError, HostMovedError):
            raise
        except SalesforceError as exc:
            raise self.with_advice(exc) from exc

    def _wait_for_slot(self) -> None:
        now = self._now()
        if now - self._began >= _MAX_DURATION:
            msg = f"the {_MAX_DURATION.seconds // 60} minutes of a run"
            raise RateLimitReachedError(msg)
        slot = self._rate_limits.next_slot(now)
        if slot.at - now > _MAX_WAIT:
            raise RateLimitReachedError(slot.reason)
        if slot.at > now:
            time.sleep((slot.at - now).total_seconds())
        self._rate_limits.record_call(slot.at)
        # Before the call, so that STATE counts it even if the run is killed.
        self._save()

    def _refused(self, exc: RetryLaterError) -> RateLimitReachedError:
        wait = timedelta(seconds=exc.retry_after) if exc.retry_after else _DEFAULT_WAIT
        self._rate_limits.blocked_until = self._now() + wait
        self._save()
        return RateLimitReachedError(f"Salesforce's own limit (status {exc.status})")

    def with_advice(self, exc: SalesforceError) -> SalesforceError:
        """Return an error with the advice of the API on what to change."""
        return SalesforceError(f"{exc} {self._interface.advice}")
