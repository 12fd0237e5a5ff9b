"""Requests to Creovai as delivery makes them: made again, and looked up where one was lost."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from target_creovai.errors import HaltError, LostAnswerError, RetryLaterError
from target_creovai.kinds import KINDS
from target_creovai.payload import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from target_creovai.assemble import Ready
    from target_creovai.client import CreovaiClient
    from target_creovai.delivery.patience import Patience
    from target_creovai.model import Interface
    from target_creovai.payload import Payload
    from target_creovai.store import Entry

# How soon Creovai can tell of what it took is not documented: one "not found" proves nothing.
LOOK_AGAIN_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Job:
    """One request to make. `changes` is the out-of-band body, None for a whole conversation."""

    entry: Entry
    ready: Ready
    changes: Payload | None = None

    @property
    def interface(self) -> Interface:
        """Which of Creovai's interfaces takes it."""
        return KINDS[self.entry.kind].interface

    @property
    def metadata(self) -> bytes:
        """What Creovai's copy of the metadata is once this is delivered."""
        return encode(self.ready.metadata)


class Sender:
    """Makes requests; safe to share among threads."""

    def __init__(
        self, client: CreovaiClient, patience: Patience, may_send: Callable[[], bool]
    ) -> None:
        """`may_send` tells, right before a conversation goes, whether it still is this run's."""
        self.client = client
        self.patience = patience
        self._may_send = may_send

    def send(self, job: Job) -> str | None:
        """Deliver one conversation or its changed metadata; return Creovai's id of the former.

        Raises:
            CreovaiError: It was not taken.
        """
        if job.changes is not None:
            return self.patience.retrying(self._append)(job)
        first_time = job.entry.content_hash is None
        lost = False

        def attempt() -> str:
            nonlocal lost
            # A case that Creovai has already is sent again complete: a look-up could not
            # tell the new version from the old one.
            if lost and first_time and (found := self._look_up([job.ready.session_id])):
                return str(found[job.ready.session_id].get("id") or "")
            self._insist_on_lease()
            try:
                return self.client.capture(job.interface, job.ready.payload)
            except LostAnswerError:
                lost = True
                raise

        return self.patience.retrying(attempt)()

    def what_arrived(self, session_ids: Sequence[str]) -> dict[str, Any]:
        """Return what Creovai has of these sessions; "not found" counts when it is said twice.

        Raises:
            HaltError: Creovai does not tell.
        """
        try:
            return self.patience.retrying(self._look_up)(session_ids)
        except RetryLaterError as error:
            count = len(session_ids)
            msg = f"Creovai does not tell what became of {count} conversations ({error})."
            raise HaltError(msg) from None

    def _append(self, job: Job) -> None:
        self._insist_on_lease()
        self.client.append_metadata(job.interface, job.changes or {})

    def _insist_on_lease(self) -> None:
        if not self._may_send():
            msg = (
                "this run could not renew its lease on the store in time: another may deliver in "
                "its place. Look at the connection to the database, or at why this machine slept."
            )
            raise HaltError(msg)

    def _look_up(self, session_ids: Sequence[str]) -> dict[str, Any]:
        found = dict(self.client.statuses(session_ids))
        missing = [session_id for session_id in session_ids if session_id not in found]
        if missing:
            time.sleep(LOOK_AGAIN_SECONDS)
            found |= self.client.statuses(missing)
        return found
