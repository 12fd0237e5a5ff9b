"""The right words in the right mouth: bodies, each with what a person makes of it.

A case has a class, of which it is one member of many. `messages` are role, name (or null), clock
(or null) and words, in order of time; `outcome` says what else than "sent" is right.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import pytest

from target_creovai.assemble import Ready
from target_creovai.model.verdicts import Skipped
from tests.target.rows import Record
from tests.target.support import verdict_on

CASES: Final = json.loads((Path(__file__).parent / "data" / "chat_cases.json").read_text("utf-8"))
ROW: Final[dict[str, Any]] = {
    "Id": "570000000000001AAA",
    "Status": "Completed",
    "StartTime": "2024-05-06T07:00:00Z",
    "RequestTime": "2024-05-06T06:59:30Z",
    "EndTime": "2024-05-06T09:00:00Z",
    "CreatedDate": "2024-05-06T06:59:30Z",
    "SystemModstamp": "2024-05-06T09:05:00Z",
    "IsDeleted": False,
    "OwnerId": "005000000000001AAA",
    "Owner": {
        "Name": "Omar Ortiz",
        "FirstName": "Omar",
        "LastName": "Ortiz",
        "Email": "omar@x.example",
        "Type": "User",
    },
    "IsChatbotSession": False,
    "LiveChatVisitorId": "571000000000001AAA",
    "ContactId": None,
    "Contact": None,
    "LeadId": None,
    "CaseId": None,
    "OperatorMessageCount": None,
    "VisitorMessageCount": None,
}


def row_of(case: dict[str, Any]) -> Record:
    """Return the row of a case."""
    return Record("LiveChatTranscript", {**ROW, "Body": case["body"], **case["row"]})


def spoken(payload: dict[str, Any]) -> list[tuple[str, set[str], str, str]]:
    """Return role, names, clock and words of each message, in order of time."""
    said = [
        (message["utcTimestamp"], person, message["content"])
        for person in payload["participants"]
        for message in person["messages"]
    ]
    return [
        (person["type"].lower(), names_of(person), at[11:19], text)
        for at, person, text in sorted(said, key=lambda each: each[0])
    ]


def names_of(person: dict[str, Any]) -> set[str]:
    """Return what somebody may be called by."""
    name = f"{person.get('firstName', '')} {person.get('lastName', '')}".strip()
    return {name, person["referenceId"]}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['class']}: {case['id']}")
def test_the_words_are_in_the_right_mouth(case: dict[str, Any]) -> None:
    """Or the chat goes nowhere, where two readers would disagree."""
    expected = case["expect"]
    verdict = verdict_on(row_of(case))
    if not isinstance(verdict, Ready):
        outcome = "skipped" if isinstance(verdict, Skipped) else "set aside"
        assert outcome in expected.get("outcome", ()), verdict
        return
    assert expected.get("messages") or "sent" in expected["outcome"]
    addresses = {person.get("email") for person in verdict.payload["participants"]}
    assert addresses.isdisjoint(expected.get("never_email", ()))
    for got, want in zip(spoken(verdict.payload), expected.get("messages", ()), strict=False):
        role, names, clock, text = got
        assert (role, text) == (want[0], want[3])
        assert want[1] is None or want[1] in names
        assert want[2] in {None, clock}
    if expected.get("messages"):
        assert len(spoken(verdict.payload)) == len(expected["messages"])
