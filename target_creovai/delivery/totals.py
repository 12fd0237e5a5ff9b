"""Adds to a run's summary how many conversations of the whole store have which outcome."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from target_creovai.model.outcomes import Outcome

if TYPE_CHECKING:
    from target_creovai.store import Store
    from target_creovai.watch.summary import Summary


def add_totals(summary: Summary, store: Store, rules: str) -> None:
    """Count what earlier runs left: delivered, waiting, set aside.

    `rules` is the fingerprint of settings and version, see `assemble.fingerprint`.
    """
    for kind, outcome, reason, count, oldest in store.ledger.outcome_counts():
        if outcome == Outcome.SENT:
            summary.unchanged[kind] += count
        elif outcome == Outcome.WAITING and reason:
            summary.add_waiting(kind, reason, oldest, count)
        elif outcome == Outcome.SET_ASIDE:
            summary.set_aside_before[kind] += count
    summary.unchanged -= summary.sent + summary.metadata_sent
    summary.of_other_settings = store.ledger.of_other_settings(rules)
    summary.set_aside_before -= Counter(one.kind for one in summary.set_aside)
