"""`reconcile`: does Creovai have what the ledger says it has?"""

from __future__ import annotations

import sys
import time
from collections import Counter
from typing import TYPE_CHECKING

import click
import msgspec

from target_creovai.commands.support.command import (
    Settings,
    alone,
    format_option,
    open_store,
    operator_command,
    show,
)
from target_creovai.errors import HaltError, RetryLaterError
from target_creovai.http.client import connect
from target_creovai.http.sessions import EXCLUDED
from target_creovai.kinds import KINDS
from target_creovai.model.outcomes import Code, Reason
from target_creovai.sending.retry_budget import RetryBudget
from target_creovai.sending.sender import LOOK_AGAIN_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from target_creovai.store import LedgerEntry
    from target_creovai.store.operator.store import OperatorStore

    LookUp = Callable[[Sequence[str]], Mapping[str, Mapping[str, Any]]]

NOT_FOUND, COMPLETE = "NotFound", "Complete"
STATUSES = frozenset({COMPLETE, EXCLUDED, "InProgress", "Concluded"})
OTHER = "another status"
REQUEUED = Reason(Code.REQUEUED)
IDS_SHOWN = 20


class Difference(msgspec.Struct, frozen=True):
    """A conversation that did not come through to the end."""

    kind: str
    id: str
    status: str
    sent_at: str | None = None

    def __str__(self) -> str:
        when = f", sent at {self.sent_at}" if self.sent_at else ""
        return f"{self.kind} {self.id}{when}"


class Reconciliation(msgspec.Struct):
    """Counts by kind, side by side, and who makes the differences between them.

    `not_sent` is what the store has beyond what was sent, by outcome and reason; it is of the
    whole store, as is `stored`. All else is of what was sent since the given date.
    """

    stored: Counter[str] = msgspec.field(default_factory=Counter)
    sent: Counter[str] = msgspec.field(default_factory=Counter)
    accepted: Counter[str] = msgspec.field(default_factory=Counter)
    complete: Counter[str] = msgspec.field(default_factory=Counter)
    statuses: Counter[str] = msgspec.field(default_factory=Counter)
    differences: list[Difference] = msgspec.field(default_factory=list)
    not_sent: list[Difference] = msgspec.field(default_factory=list)

    @property
    def lost(self) -> list[Difference]:
        """What was sent, and Creovai does not know."""
        return [one for one in self.differences if one.status == NOT_FOUND]

    def add(self, entry: LedgerEntry, status: str) -> None:
        """Count one conversation that was sent."""
        self.statuses[status] += 1
        self.sent[entry.kind] += 1
        self.accepted[entry.kind] += status != NOT_FOUND
        self.complete[entry.kind] += status == COMPLETE
        if status != COMPLETE:
            self.differences.append(Difference(entry.kind, entry.id, status, entry.sent_at))

    def lines(self) -> Iterator[str]:
        """Yield the report for people; what is lost comes last."""
        columns = (self.stored, self.sent, self.accepted, self.complete)
        yield f"{'':<10} {'stored':>9} {'sent':>9} {'accepted':>9} {'complete':>9}"
        for kind in KINDS:
            yield f"{kind:<10} " + " ".join(f"{counts[kind]:>9}" for counts in columns)
        yield from _by_status("not sent", self.not_sent, shown=IDS_SHOWN)
        kept = [one for one in self.differences if one.status != NOT_FOUND]
        yield from _by_status("at Creovai", kept, shown=IDS_SHOWN)
        yield from (f"LOST       {one}" for one in self.lost)


def _by_status(word: str, found: Sequence[Difference], *, shown: int) -> Iterator[str]:
    for status, count in sorted(Counter(one.status for one in found).items()):
        yield f"{word:<10} {status}: {count}"
        same = [one for one in found if one.status == status]
        yield from (f"             {one}" for one in same[:shown])
        if count > shown:
            yield f"             {count - shown} more: `--format json` names all"


def status_of(session: Mapping[str, Any] | None) -> str:
    """Return Creovai's word for where a session stands, if it is one that we know."""
    if session is None:
        return NOT_FOUND
    status = session.get("status")
    return status if status in STATUSES else OTHER


def compare(store: OperatorStore, look_up: LookUp, *, prefix: str, since: str) -> Reconciliation:
    """Ask for everything that was sent since then; "not found" counts when it is said twice."""
    report = Reconciliation()
    missing: list[LedgerEntry] = []
    for kind, _outcome, _reason, count, *_ in store.ledger.outcome_counts():
        report.stored[kind] += count
    for page in _pages(store, since):
        found = look_up([prefix + entry.id for entry in page])
        for entry in page:
            if session := found.get(prefix + entry.id):
                report.add(entry, status_of(session))
            else:
                missing.append(entry)
    if missing:
        time.sleep(LOOK_AGAIN_SECONDS)
        found = look_up([prefix + entry.id for entry in missing])
        for entry in missing:
            report.add(entry, status_of(found.get(prefix + entry.id)))
    for entry in store.queries.never_sent():
        why = f"{entry.outcome}: {entry.reason}" if entry.reason else entry.outcome
        report.not_sent.append(Difference(entry.kind, entry.id, why))
    return report


def _pages(store: OperatorStore, since: str) -> Iterator[list[LedgerEntry]]:
    for kind in KINDS:
        after = ""
        while page := store.queries.sent(kind, since, after=after):
            yield page
            after = page[-1].id


@operator_command()
@click.option(
    "--since",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%SZ"]),
    help="Only what was sent at this time (UTC) or later.",
)
@click.option("--requeue", is_flag=True, help="Let the next run send again what is lost.")
@format_option
def reconcile(settings: Settings, since: datetime | None, output: str, *, requeue: bool) -> None:
    """Ask Creovai for all that was sent, and name what did not come through.

    The exit code is 1 if Creovai does not know something that was sent.
    """
    if not settings.get("api_url"):
        msg = "Without api_url nothing is sent, and nobody can be asked."
        raise click.ClickException(msg)
    client = connect(settings)
    with open_store(settings) as store:
        try:
            report = compare(
                store,
                RetryBudget(settings["retry_budget_seconds"]).retrying(client.statuses),
                prefix=settings["session_id_prefix"],
                since=since.isoformat() if since else "",
            )
        except RetryLaterError as error:
            msg = f"Creovai does not tell what it has ({error}): try again later."
            raise HaltError(msg) from None
        requeued = _requeue(store, report) if requeue else 0
    counts = msgspec.to_builtins(report) | {"lost": len(report.lost), "requeued": requeued}
    show(output, [*report.lines(), *_to_do(report, requeued)], counts)
    if report.lost:
        sys.exit(1)


def _requeue(store: OperatorStore, report: Reconciliation) -> int:
    with alone(store):
        return store.repairs.requeue(report.lost, REQUEUED)


def _to_do(report: Reconciliation, requeued: int) -> Iterator[str]:
    if requeued:
        yield f"TO DO      lost: run again. {requeued} are looked up once more, then sent."
    elif report.lost:
        yield (
            "TO DO      lost: `target-creovai reconcile --requeue` lets the next run send them "
            "again."
        )
