"""What Creovai would refuse is refused here, in words that quote nobody."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from target_creovai.model.conversation import Interface
from target_creovai.payload.validate import problems_of
from tests.fakes.creovai.rules import case_problems, chat_problems
from tests.target.rows import at, case, chat, comment, mail
from tests.target.support import payload_of

TYPES = {"Agent", "Customer", "Bot"}
WORDS = "secret words"
GONE = object()

VALID = {
    "chat": payload_of(chat(CaseId="500000000000009AAA")),
    "case": payload_of(case(Description="x"), comment(), mail()),
}

ANY_KIND: list[tuple[str, Any]] = [
    ("sessionId", GONE),
    ("sessionId", ""),
    ("sessionId", WORDS),
    ("sessionId", None),
    ("utcStart", GONE),
    ("utcStart", "2024-05-06 10:00:00"),
    ("utcStart", "2024-05-06T10:00:00+00:00"),
    ("utcStart", "2024-05-06T10:00:00"),
    ("utcStart", "0001-01-01T00:00:00Z"),
    ("utcStart", at("23:59")),
    ("utcEnd", GONE),
    ("utcEnd", at("09:00")),
    ("utcEnd", 5),
    ("participants", []),
    ("participants", GONE),
    ("participants.0.referenceId", GONE),
    ("participants.0.referenceId", "  "),
    ("participants.0.type", GONE),
    ("participants.0.type", ""),
    ("participants.0.email", WORDS),
    ("participants.0.email", f"a@{WORDS}@b"),
    ("participants.0.firstName", None),
    ("participants.0.nosuch", WORDS),
    ("metadata", [WORDS]),
    ("nosuch", WORDS),
]
CHAT_ONLY: list[tuple[str, Any]] = [
    ("caseReferenceId", ""),
    ("participants.0.messages.0.content", GONE),
    ("participants.0.messages.0.content", " \n"),
    ("participants.0.messages.0.utcTimestamp", at("09:59:59.9")),
    ("participants.0.messages.0.utcTimestamp", at("10:05:00.1")),
    ("participants.0.messages.0.utcTimestamp", WORDS),
    ("participants.0.messages.0.channel", WORDS),
]
CASE_ONLY: list[tuple[str, Any]] = [
    ("messages.0.content", GONE),
    ("messages.0.content", ""),
    ("messages.0.channel", GONE),
    ("messages.0.channel", " "),
    ("messages.0.senderReferenceId", GONE),
    ("messages.0.senderReferenceId", WORDS),
    ("messages.0.utcTimestamp", at("09:59:59.999")),
    ("messages.0.utcTimestamp", at("18:00:01")),
    ("messages.0.nosuch", WORDS),
    ("caseReferenceId", "x"),
]
BROKEN = [
    *(("chat", *change) for change in ANY_KIND + CHAT_ONLY),
    *(("case", *change) for change in ANY_KIND + CASE_ONLY),
]


def broken(kind: str, path: str, value: Any) -> dict[str, Any]:
    """Return a valid payload with one member changed or taken out."""
    payload = copy.deepcopy(VALID[kind])
    *steps, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    inner: Any = payload
    for step in steps:
        inner = inner[step]
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    return payload


@pytest.mark.parametrize("kind", ["chat", "case"])
def test_what_creovai_takes_is_taken(kind: str) -> None:
    """Validation must not cost a good conversation."""
    assert problems_of(Interface(kind), VALID[kind]) == []


@pytest.mark.parametrize(("kind", "path", "value"), BROKEN)
def test_each_broken_rule_is_found_and_nobody_is_quoted(kind: str, path: str, value: Any) -> None:
    """Place and rule are named; the value, which may be a customer's, is not."""
    problems = problems_of(Interface(kind), broken(kind, path, value))

    assert problems
    assert WORDS not in " ".join(problems)
    assert "question" not in " ".join(problems)


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    # Ids go into addresses: what may stand in them is a rule of ours alone.
    [each for each in BROKEN if each[1:] != ("sessionId", WORDS)],
)
def test_the_simulated_creovai_refuses_the_same(kind: str, path: str, value: Any) -> None:
    """Its rules were written apart from ours: both must find each of these faults."""
    check = chat_problems if kind == "chat" else case_problems
    assert check(broken(kind, path, value), TYPES)


@pytest.mark.parametrize(("kind", "path", "value"), BROKEN[:1])
def test_a_problem_names_place_and_rule(kind: str, path: str, value: Any) -> None:
    """Someone has to find it."""
    assert problems_of(Interface(kind), broken(kind, path, value)) == ["payload: required"]


def test_two_participants_with_one_key_are_refused() -> None:
    """A chat's key is type and referenceId, a case's the referenceId alone."""
    twins = copy.deepcopy(VALID)
    for payload in twins.values():
        first = payload["participants"][0]
        payload["participants"].append(copy.deepcopy(first))
    assert problems_of(Interface.CHAT, twins["chat"])
    assert problems_of(Interface.CASE, twins["case"])

    twins["chat"]["participants"][-1]["type"] = "Bot"
    twins["case"]["participants"][-1]["type"] = "Bot"
    assert problems_of(Interface.CHAT, twins["chat"]) == []
    assert problems_of(Interface.CASE, twins["case"])


def test_a_chat_in_which_nobody_speaks_is_refused() -> None:
    """Creovai would bill it."""
    silent = copy.deepcopy(VALID["chat"])
    for who in silent["participants"]:
        who["messages"] = []

    assert problems_of(Interface.CHAT, silent) == ["participants: no message"]


@pytest.mark.parametrize("moment", [at("10:00:00.1"), at("10:00:00.1234567"), at("10:05")])
def test_fractions_and_bounds_are_inside(moment: str) -> None:
    """Times are compared as times, not as texts: `Z` sorts after `.`."""
    assert (
        problems_of(
            Interface.CHAT, broken("chat", "participants.0.messages.0.utcTimestamp", moment)
        )
        == []
    )
