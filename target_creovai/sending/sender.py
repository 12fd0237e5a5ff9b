"""Requests to Creovai: made again if they fail, looked up where their answer was lost."""

from __future__ import annotations

import time
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import msgspec

from target_creovai.encoding import encode
from target_creovai.errors import (
    CreovaiError,
    HaltError,
    LateError,
    LostAnswerError,
    RejectedError,
    RetryLaterError,
    WithdrawnError,
)
from target_creovai.http.sessions import creovai_id_of
from target_creovai.kinds import KINDS
from target_creovai.sending.retry_budget import TRIES, R
from target_creovai.store import is_first_post, sent_once

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from target_creovai.assemble import Ready
    from target_creovai.clock import Deadline
    from target_creovai.http.client import CreovaiClient
    from target_creovai.model.conversation import Interface
    from target_creovai.payload.payload import Payload
    from target_creovai.sending.retry_budget import RetryBudget
    from target_creovai.store import LedgerEntry

    Found = Mapping[str, Mapping[str, Any]]
    """Creovai's status of each session that it has, by session id."""

# How soon a look-up finds what Creovai took is not documented: one "not found" proves nothing.
LOOK_AGAIN_SECONDS = 2.0


class Job(msgspec.Struct, frozen=True):
    """One request to make. `changes` is the out-of-band body, None for a whole conversation.

    `send_by`: a job that is later than this needs a new intent before it may be sent.
    """

    entry: LedgerEntry
    ready: Ready
    changes: Payload | None = None
    send_by: Deadline | None = None

    @property
    def interface(self) -> Interface:
        """Which of Creovai's interfaces takes it."""
        return KINDS[self.entry.kind].interface

    @property
    def metadata(self) -> bytes:
        """What Creovai's copy of the metadata is once this is delivered."""
        return encode(self.ready.metadata)

    @property
    def is_first(self) -> bool:
        """Whether a second post of it would be a duplicate, so that it is looked up before one."""
        return self.changes is None and is_first_post(self.entry)


class StatusQuery(msgspec.Struct, frozen=True):
    """Sessions to look up at Creovai; `then` is called with those found, in the outbox's thread.

    Where one of `certain` is not found, it is looked up once more, a moment later.
    """

    session_ids: Sequence[str]
    then: Callable[[Found], None]
    certain: frozenset[str] = frozenset()


class SendConditions(msgspec.Struct, frozen=True):
    """What is checked right before bytes are sent; any thread may call these.

    `lease_lost`: another run may have taken over. `stopping`: this run was asked to end.
    `probing`: so many conversations failed that the next ones are tried once only.
    """

    lease_lost: Callable[[], bool]
    stopping: Callable[[], bool]
    probing: Callable[[], bool]


class Sender:
    """Makes requests; safe to share among threads."""

    def __init__(
        self,
        client: CreovaiClient,
        retry_budget: RetryBudget,
        conditions: SendConditions,
        doubt_minutes: int,
    ) -> None:
        self.client = client
        self.retry_budget = retry_budget
        self._conditions = conditions
        self._doubt_minutes = doubt_minutes

    def work(self, item: Job | StatusQuery) -> str | Found | None:
        """Make a request.

        Returns:
            Creovai's id of a conversation, None for its metadata; for a query, the sessions found.

        Raises:
            CreovaiError: It was not taken, or not answered.
        """
        if isinstance(item, StatusQuery):
            return self.look_up_sessions(item.session_ids, item.certain)
        if item.changes is None:
            return self._post(item)
        self._append(item, item.changes)
        return None

    def stays_in_doubt(self, job: Job) -> bool:
        """Tell whether, after a lost answer, it is looked up while other jobs go on."""
        return job.is_first and sent_once(job.entry.kind) and self._doubt_minutes > 0

    def look_up_sessions(self, session_ids: Sequence[str], certain: frozenset[str]) -> Found:
        """Return those of these sessions that Creovai has.

        Raises:
            HaltError: The look-up failed, however often it was tried.
        """
        try:
            return self.retry_budget.retrying(self._look_up)(session_ids, certain)
        except RetryLaterError as error:
            count = len(session_ids)
            msg = f"Creovai does not tell what it has of {count} conversations ({error})."
            raise HaltError(msg) from None

    def _post(self, job: Job) -> str:
        lost = False
        session_id = job.ready.session_id

        def attempt() -> str:
            nonlocal lost
            # A case that Creovai has already is sent again complete: a look-up could not
            # tell the new version from the old one.
            if lost and job.is_first and (known := self._look_for(session_id)) is not None:
                return known
            try:
                return self.client.capture(
                    job.interface, job.ready.payload, partial(self._check_may_send, job)
                )
            except LostAnswerError:
                lost = True
                raise
            except RejectedError as error:
                conflict = error.status == HTTPStatus.CONFLICT and job.is_first
                if conflict and (known := self._look_for(session_id)) is not None:
                    return known
                raise

        try:
            return self._retrying(attempt, lost_too=not self.stays_in_doubt(job))
        except CreovaiError as error:
            error.lost = error.lost or lost
            raise

    def _append(self, job: Job, changes: Payload) -> None:
        before_send = partial(self._check_may_send, job)
        self._retrying(lambda: self.client.append_metadata(job.interface, changes, before_send))

    def _retrying(self, attempt: Callable[[], R], *, lost_too: bool = True) -> R:
        tries = 1 if self._conditions.probing() else TRIES
        return self.retry_budget.retrying(attempt, tries=tries, lost_too=lost_too)()

    def _check_may_send(self, job: Job) -> None:
        """Check right before the bytes are sent that they still may be.

        Raises:
            HaltError: The conversation may be another run's by now.
            WithdrawnError: The run is to end, or the intent is too old.
        """
        if self._conditions.lease_lost():
            msg = (
                "this run could not renew its lease on the store in time: another may deliver in "
                "its place. Look at the connection to the database, or at why this machine slept."
            )
            raise HaltError(msg)
        if self._conditions.stopping():
            raise WithdrawnError
        if job.send_by and job.send_by.passed and self.stays_in_doubt(job):
            raise LateError

    def _look_for(self, session_id: str) -> str | None:
        """Return Creovai's id of a session; None if two look-ups do not find it."""
        session = self._look_up([session_id], frozenset([session_id])).get(session_id)
        return None if session is None else creovai_id_of(session)

    def _look_up(self, session_ids: Sequence[str], certain: frozenset[str]) -> Found:
        found = dict(self.client.statuses(session_ids))
        missing = [one for one in session_ids if one in certain and one not in found]
        if missing:
            time.sleep(LOOK_AGAIN_SECONDS)
            found |= self.client.statuses(missing)
        return found
