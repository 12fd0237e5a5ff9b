"""From what an operator types to the conversation that is meant."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from target_creovai.commands.support.shell import say
from target_creovai.salesforce.ids import long_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_creovai.store import LedgerEntry
    from target_creovai.store.operator.store import OperatorStore

WHY_UNKNOWN = (
    "The Salesforce user may not see it: sharing, or no read access to the object.",
    "The tap leaves it out: `filters`, `start_date`, `end_date`, a stream that is not selected.",
    "The tap has not read it yet: it changed after the last run, or that run did not finish.",
    "It was forgotten here, or the store is another one: see `store_url`.",
)


def spellings(typed: str, prefix: str) -> list[str]:
    """Return the Ids that may be meant: as typed, without our prefix, with 18 characters.

    Salesforce's own pages show 15.
    """
    typed = typed.strip()
    bare = [typed]
    if prefix and typed.startswith(prefix):
        bare.append(typed.removeprefix(prefix))
    return list(dict.fromkeys([*bare, *map(long_id, bare)]))


def find(store: OperatorStore, typed: str, prefix: str) -> list[LedgerEntry]:
    """Return the conversations of an Id, a session id or a case number."""
    return store.queries.find(spellings(typed, prefix)) or store.queries.cases_numbered(
        typed.strip()
    )


def find_all(
    store: OperatorStore, typed: Iterable[str], prefix: str
) -> tuple[list[LedgerEntry], list[str]]:
    """Return the conversations of these Ids, each once, and the Ids that nothing goes by."""
    found: dict[tuple[str, str], LedgerEntry] = {}
    unknown = []
    for one in typed:
        entries = find(store, one, prefix)
        found |= {(entry.kind, entry.id): entry for entry in entries}
        if not entries:
            unknown.append(one)
    return list(found.values()), unknown


def say_unknown(typed: Iterable[str]) -> None:
    """Name the Ids that nothing goes by."""
    for one in typed:
        say(
            f"Not in the store: {one}. `target-creovai explain {shlex.quote(one)}` names possible "
            "reasons."
        )
