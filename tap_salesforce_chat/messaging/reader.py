"""Reads conversations one after the other, and stops where a limit does not let it go on."""

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
    from tap_salesforce_chat.messaging.rate_limits import Budget

# A slot that is nearer than this is waited for. A limit per minute alone so never ends a run, and
# one that starts an hour after the last, when calls are just being free again, does not miss them.
_PATIENCE = timedelta(minutes=5)
# Cases wait for the end of a run, so one that has much to read leaves it to the next ones.
_LONGEST_READING = timedelta(minutes=30)
# What says that Salesforce's own limit is reached; asking again would only cost another call.
_LIMIT_STATUSES = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
# The wait where Salesforce tells none: as long as a call makes a conversation active.
_REST = timedelta(minutes=30)

_SUBJECT = "Conversation entries"


class Reader:
    """Calls an interface within a budget.

    Args:
        interface: What to ask.
        client: The way to it.
        budget: Says when it may be called.
        now: Tells the time, by Salesforce's clock.
        save: Puts the budget's memory where the next run finds it; called before each call.
    """

    def __init__(
        self,
        interface: type[Interface],
        client: SalesforceClient,
        budget: Budget,
        now: Callable[[], datetime],
        save: Callable[[], None],
    ) -> None:
        self._interface = interface
        self._client = client
        self._budget = budget
        self._now = now
        self._save = save
        self._began = now()
        self.proven = False  # that conversations can be read at all

    def entries(self, identifier: str, since: int) -> list[Entry]:
        """Return the entries of a conversation, those before `since` (milliseconds) perhaps not.

        Raises:
            RateLimitReachedError: They cannot be read now, or not to their end.
            UnreadableConversationError: Salesforce does not have the conversation, or its answer
                is not understood.
            SalesforceError: Salesforce refuses.
        """
        pages = self._interface.pages(self._ask, identifier, since)
        try:
            entries = in_order(chain.from_iterable(pages))
        except NotFoundError as exc:
            raise UnreadableConversationError(str(exc)) from exc
        self.proven = True
        return entries

    def _ask(self, path: str, params: dict[str, str]) -> dict[str, Any]:
        self._client.check_quota()
        options: dict[str, Any] = {"params": params, "each_try": self._one_call}
        try:
            answer = self._client.send("GET", path, subject=_SUBJECT, **options)
        except (SessionExpiredError, HostMovedError) as exc:
            raise self.advised(exc) from exc
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
            raise self.advised(exc) from exc

    def _wait_for_slot(self) -> None:
        now = self._now()
        if now - self._began >= _LONGEST_READING:
            msg = f"the {_LONGEST_READING.seconds // 60} minutes of a run"
            raise RateLimitReachedError(msg)
        slot = self._budget.next_slot(now)
        if slot.at - now > _PATIENCE:
            raise RateLimitReachedError(slot.because)
        if slot.at > now:
            time.sleep((slot.at - now).total_seconds())
        self._budget.spend(slot.at)
        # Before the call, so that not even a killed run forgets one.
        self._save()

    def _refused(self, exc: RetryLaterError) -> RateLimitReachedError:
        wait = timedelta(seconds=exc.retry_after) if exc.retry_after else _REST
        self._budget.rest_until = self._now() + wait
        self._save()
        return RateLimitReachedError(f"Salesforce's own limit (status {exc.status})")

    def advised(self, exc: SalesforceError) -> SalesforceError:
        """Return a refusal with what to change so that it is none."""
        return SalesforceError(f"{exc} {self._interface.advice}")
