"""The conversations that Creovai could not take in a run: when to stop, when to set one aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from target_creovai.errors import HaltError
from target_creovai.model.outcomes import Code, Reason
from target_creovai.sending.breaker import Breaker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_creovai.sending.sender import Job
    from target_creovai.store import LedgerEntry

# In so many runs Creovai could not take it and took others: it is this conversation, not the time.
RUNS_UNTIL_SET_ASIDE = 3


class Failure(NamedTuple):
    """A conversation that Creovai could not take, with the reason of the last try."""

    entry: LedgerEntry
    payload_hash: str
    reason: Reason


class Failures:
    """The conversations of a run that Creovai could not take."""

    def __init__(self) -> None:
        self.breaker = Breaker()
        self._failed: dict[tuple[str, str], Failure] = {}

    def __contains__(self, entry: LedgerEntry) -> bool:
        return (entry.kind, entry.id) in self._failed

    def add(self, job: Job, reason: Reason) -> None:
        """Add a conversation that Creovai could not take.

        Raises:
            HaltError: So many failed, and none went in between: Creovai is down.
        """
        key = (job.entry.kind, job.entry.id)
        self._failed[key] = Failure(job.entry, job.ready.payload_hash, reason)
        self.breaker.failed(key)
        if self.breaker.is_open:
            msg = f"Creovai could not take {self.breaker.count} conversations in a row: {reason}."
            raise HaltError(msg)

    def __iter__(self) -> Iterator[Failure]:
        return iter(list(self._failed.values()))

    def forget(self, entry: LedgerEntry) -> None:
        """Remove one: Creovai has it, or it may be tried once more."""
        self._failed.pop((entry.kind, entry.id), None)


def failed_too_often(reason: Reason | None) -> Reason:
    """Return why a conversation is set aside that Creovai never refused."""
    return Reason(Code.TOO_OFTEN, (str(RUNS_UNTIL_SET_ASIDE), str(reason or "no answer")))
