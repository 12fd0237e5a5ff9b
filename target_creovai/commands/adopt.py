"""`adopt`: a ledger that was lost, made anew from Creovai and the rows at hand."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click
import msgspec

from target_creovai.commands.reconcile import status_of
from target_creovai.commands.support.command import (
    Settings,
    format_option,
    operator_command,
    show,
    store_for_repair,
)
from target_creovai.delivery.existing import adopted_from
from target_creovai.errors import HaltError, RetryLaterError
from target_creovai.http.client import IDS_PER_LOOK_UP, connect
from target_creovai.kinds import KINDS
from target_creovai.sending.retry_budget import RetryBudget
from target_creovai.store import in_doubt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_creovai.commands.reconcile import LookUp
    from target_creovai.store import LedgerEntry
    from target_creovai.store.operator.store import OperatorStore


class Adoption(msgspec.Struct):
    """Counts by kind: what was asked for, and what Creovai has of it; `statuses` in its words."""

    asked: Counter[str] = msgspec.field(default_factory=Counter)
    found: Counter[str] = msgspec.field(default_factory=Counter)
    statuses: Counter[str] = msgspec.field(default_factory=Counter)
    in_doubt: int = 0

    def lines(self) -> Iterator[str]:
        """Yield the report for people."""
        yield f"{'':<10} {'asked':>9} {'found':>9} {'not there':>9}"
        for kind in KINDS:
            asked, found = self.asked[kind], self.found[kind]
            yield f"{kind:<10} {asked:>9} {found:>9} {asked - found:>9}"
        for status, count in sorted(self.statuses.items()):
            yield f"at Creovai {status}: {count}"
        if self.in_doubt:
            yield f"in doubt   {self.in_doubt}: the next run looks for these"
        if self.found:
            yield (
                "TO DO      run: no chat that was found is sent again; cases that were found go "
                "once more, complete, unless case_updates is `once`."
            )


def adopt_all(store: OperatorStore, look_up: LookUp, prefix: str) -> Adoption:
    """Ask for all that was never sent from this store; write receipts for what Creovai has."""
    report = Adoption()
    some: list[LedgerEntry] = []
    for entry in list(store.queries.never_sent()):
        if entry.erased_at:
            continue
        if in_doubt(entry):
            report.in_doubt += 1
            continue
        some.append(entry)
        if len(some) == IDS_PER_LOOK_UP:
            _adopt(store, look_up, prefix, some, report)
            some = []
    _adopt(store, look_up, prefix, some, report)
    return report


def _adopt(
    store: OperatorStore, look_up: LookUp, prefix: str, entries: list[LedgerEntry], report: Adoption
) -> None:
    sessions = look_up([prefix + entry.id for entry in entries])
    report.asked.update(entry.kind for entry in entries)
    found = {
        entry: sessions[prefix + entry.id] for entry in entries if prefix + entry.id in sessions
    }
    report.found.update(entry.kind for entry in found)
    report.statuses.update(status_of(session) for session in found.values())
    now = datetime.now(UTC)
    adopted = {entry: adopted_from(session, now) for entry, session in found.items()}
    store.repairs.record_adoptions(adopted)


@operator_command()
@format_option
def adopt(settings: Settings, output: str) -> None:
    """Write receipts for what Creovai has already, sent by a store that is gone.

    Rows have to be here: let the tap read first, with `dry_run` if nothing shall go yet.
    """
    if not settings.get("api_url"):
        msg = "Without api_url nobody can be asked."
        raise click.ClickException(msg)
    client = connect(settings)
    prefix = settings["session_id_prefix"]
    with store_for_repair(settings) as store:
        store.ledger.require_prefix(prefix)
        try:
            look_up = RetryBudget(settings["retry_budget_seconds"]).retrying(client.statuses)
            report = adopt_all(store, look_up, prefix)
        except RetryLaterError as error:
            msg = f"Creovai does not tell what it has ({error}): try again later."
            raise HaltError(msg) from None
    show(output, report.lines(), msgspec.to_builtins(report))
