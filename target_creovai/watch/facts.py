"""What a run records in the history of its store when it ends."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from target_creovai.model.history import RunFacts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_creovai.model.outcomes import Reason
    from target_creovai.watch.metrics import Metrics
    from target_creovai.watch.summary import Summary


def facts_of(
    summary: Summary, metrics: Metrics, salesforce_requests: int | None = None
) -> RunFacts:
    """Return a run in numbers, without the Ids that its summary names."""
    # Dictionaries, as nothing else counts as empty to what leaves out what is empty.
    now = Counter(one.kind for one in summary.set_aside)
    return RunFacts(
        counts=_counts(summary),
        stopped=summary.stopped,
        rows=dict(+summary.rows),
        changed_rows=dict(+summary.changed_rows),
        sent=dict(+summary.sent),
        updates=dict(+summary.metadata_sent),
        held=dict(+summary.held),
        aside=dict(summary.set_aside_before + now),
        set_aside=_by_code((one.kind, one.reason, 1) for one in summary.set_aside),
        waiting=_by_code(
            (kind, reason, queue.count) for (kind, reason), queue in summary.waiting.items()
        ),
        requests=metrics.requests(),
        retries=metrics.retries,
        salesforce_requests=salesforce_requests,
    )


def _counts(summary: Summary) -> dict[str, int]:
    """Return the sums over all streams and kinds: the numbers that `status` prints."""
    return {
        "rows": summary.rows.total(),
        "changed_rows": summary.changed_rows.total(),
        "sent": summary.sent.total(),
        "metadata_sent": summary.metadata_sent.total(),
        "written": summary.written.total(),
        "held": summary.held.total(),
        "set_aside": len(summary.set_aside),
        "pending": len(summary.pending),
        "unusable_rows": len(summary.unusable_rows),
        "incomplete": sum(queue.count for queue in summary.incomplete.values()),
    }


def _by_code(found: Iterable[tuple[str, Reason, int]]) -> dict[str, dict[str, int]]:
    """Count by kind and code: what else a reason names differs from one to the next."""
    counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for kind, reason, number in found:
        counts[kind][reason.code] += number
    return {kind: dict(codes) for kind, codes in counts.items()}
