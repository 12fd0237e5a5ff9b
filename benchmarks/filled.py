"""Stores of any size, as if runs had filled them: their rows go in by the thousand."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from target_creovai.assemble import fingerprint
from target_creovai.encoding import encode
from target_creovai.input.staging import staged_row
from target_creovai.model.outcomes import Code, Outcome, Reason
from target_creovai.settings.checks import assembly_settings, delivery_policy
from target_creovai.settings.config import CONFIG_SCHEMA
from target_creovai.store import Store, opening_of
from target_creovai.store.database.tables import LEDGER, ROWS, SPEAKERS
from tests.target.rows import Record, at, case, case_id, chat, chat_id, transcript

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

LINES_PER_COMMIT = 5_000
# 3 KB, as a chat of twenty messages has.
BODY = transcript(*(f"( {n}s ) Nora V: {'word ' * 28}" for n in range(18)))
METADATA = encode({"Owner.Name": "Nora Vance", "Status": "Completed", "Notes__c": "word " * 90})


def fill_delivered(store: Store, number: int, rules: str, *, first: int = 1) -> None:
    """Add so many chats that were delivered under these rules, a fingerprint, and rest."""
    _fill(store, chat(first, Body=BODY), chat_id, range(first, first + number), _delivered(rules))


def fill_waiting(store: Store, number: int, rules: str, *, first: int = 1) -> None:
    """Add so many open cases, which a run under these rules has found open."""
    waits = {
        "outcome": Outcome.WAITING,
        "reason": Reason(Code.CASE_OPEN),
        "assembled": 1,
        "rules": opening_of(rules),
    }
    record = case(first, IsClosed=False, Description="word " * 400)
    numbers = range(first, first + number)
    _fill(store, record, case_id, numbers, lambda each: waits | {"number": str(each)})


def _delivered(rules: str) -> Callable[[int], dict[str, Any]]:
    def line(number: int) -> dict[str, Any]:
        digest = hashlib.sha256(str(number).encode()).hexdigest()
        return {
            "outcome": Outcome.SENT,
            "assembled": 1,
            "rules": rules,
            "sent_at": at("19:00"),
            "creovai_id": f"{digest[:8]}-{digest[8:12]}-4000-8000-{digest[12:24]}",
            "content_hash": digest,
            "metadata": METADATA,
        }

    return line


def _fill(
    store: Store,
    like: Record,
    ids: Callable[[int], str],
    numbers: range,
    line: Callable[[int], dict[str, Any]],
) -> None:
    row = staged_row(*like)
    old = row.id.encode()
    names = [hashlib.blake2b(b"%d" % n, digest_size=16).digest() for n in range(50)]
    for some in _batches(numbers):
        lines, rows, speakers = [], [], []
        for number in some:
            key = ids(number)
            body = row.body.replace(old, key.encode())
            own = {"kind": row.kind, "id": key}
            lines.append(own | {"revision": 1, "changed_at": at("18:59")} | line(number))
            rows.append(
                own
                | {
                    "stream": row.stream,
                    "conversation": key,
                    "modified": row.modified,
                    "digest": hashlib.blake2b(body, digest_size=16).digest(),
                    "body": body,
                }
            )
            speakers.append({"id": key, "name": names[number % 50], "role": "agent"})
        with store.database.engine.begin() as db:
            db.execute(sa.insert(LEDGER), [each | {"modified": row.modified} for each in lines])
            db.execute(sa.insert(ROWS), rows)
            if row.kind == "chat":
                db.execute(sa.insert(SPEAKERS), speakers)


def _batches(numbers: range) -> Iterator[range]:
    for start in range(0, len(numbers), LINES_PER_COMMIT):
        yield numbers[start : start + LINES_PER_COMMIT]


def settings(store: Path, **changes: Any) -> dict[str, Any]:
    """Return the target's settings, complete, for a store that is a file."""
    defaults = {
        name: one["default"]
        for name, one in CONFIG_SCHEMA["properties"].items()
        if one.get("default") is not None
    }
    given = {"store_url": f"sqlite:///{store}", "api_user": "x", "api_password": "x"}
    return defaults | given | changes


def rules_of(config: Mapping[str, Any]) -> str:
    """Return the fingerprint under which a run with these settings delivers."""
    return fingerprint(assembly_settings(config), delivery_policy(config).on_delete)
