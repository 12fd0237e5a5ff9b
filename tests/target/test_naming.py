"""Nobody's words in somebody else's mouth, however the speakers of a chat are called."""

from __future__ import annotations

from collections import Counter
from random import Random
from typing import TYPE_CHECKING

from target_creovai.assemble import Ready
from tests.target.naming import combinations, random_chat, sides
from tests.target.support import verdict_on

if TYPE_CHECKING:
    from tests.target.rows import Record


def is_sent(row: Record) -> bool:
    """Tell whether a chat goes; on the wrong side, nobody's words do."""
    verdict = verdict_on(row)
    if not isinstance(verdict, Ready):
        return False
    assert all(said == really for said, really in sides(verdict.payload)), row.row["Body"]
    return True


def test_of_a_thousand_chats_none_is_on_the_wrong_side() -> None:
    """Record and transcript agree or not, name everybody or hardly anybody."""
    random = Random(12)  # noqa: S311 -- the same chats in every run
    sent = sum(is_sent(random_chat(random)) for _ in range(1000))

    assert sent >= 850


def test_hardly_a_naming_leaves_open_who_speaks() -> None:
    """Two names that nobody knows, and neither headers nor counts: two readers would disagree."""
    outcomes = Counter((kind, is_sent(row)) for kind, row in combinations())
    aside = {kind: count for (kind, sent), count in outcomes.items() if not sent}

    assert outcomes.total() == 768
    assert aside == {"plain": 4, "bot_alone": 16, "conference": 16}
