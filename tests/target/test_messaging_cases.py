"""Enhanced chats that were once read wrongly, each with the class of fault that it stands for.

Shapes: the public schema of Salesforce's Interaction Service; `why` of each case tells the rule.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.target.messaging_rows import BOT, answer, entry, talk
from tests.target.support import spoken

CASES = json.loads((Path(__file__).parent / "data" / "messaging_cases.json").read_text())
SENDERS = {"EndUser": (entry, {}), "Agent": (answer, {}), "Chatbot": (entry, BOT)}


def rows_of(case: dict[str, Any]) -> list[Any]:
    """Return the session that a case describes."""
    entries = []
    for number, said in enumerate(case["entries"], 1):
        make, fields = SENDERS[said.get("role", "EndUser")]
        kind = {"EntryType": said.get("type", "Message"), "Payload": said["payload"]}
        entries.append(make(number, **fields | kind))
    return talk(*entries)


@pytest.mark.parametrize("case", [pytest.param(case, id=case["id"]) for case in CASES])
def test_everyone_says_what_they_said(case: dict[str, Any]) -> None:
    """Nothing that was not shown to both sides is among it."""
    heard = [(who.lower(), " ".join(words.split())) for who, words in spoken(*rows_of(case))]

    for role, words in case["expect"]["contains"]:
        assert any(who == role and words in text for who, text in heard), (role, words)
    for words in case["expect"]["lacks"]:
        assert words not in str(heard)
