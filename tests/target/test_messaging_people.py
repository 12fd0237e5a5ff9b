"""Who speaks in an enhanced chat, and what is for colleagues alone."""

from __future__ import annotations

from typing import Any

import pytest

from target_creovai.model.findings import Finding
from target_creovai.model.participants import Role
from tests.target.messaging_rows import (
    ALL_TYPES,
    BOT,
    NO_CONTACT,
    answer,
    enhanced,
    entry,
    joined,
    says,
    session_id,
    talk,
)
from tests.target.rows import AGENT, AGENT_ID, CONTACT_ID, Record, at
from tests.target.support import dialogue, findings, payload_of, spoken


def participants(*rows: Record, **rules: Any) -> dict[tuple[str, str], tuple[Any, Any]]:
    """Return the names of the participants by type and referenceId."""
    return {
        (who["type"], who["referenceId"]): (who.get("firstName"), who.get("lastName"))
        for who in payload_of(*rows, **rules)["participants"]
    }


# Roles


@pytest.mark.parametrize(
    ("role", "kind"),
    [
        ("EndUser", "Customer"),
        ("END_USER", "Customer"),
        ("Agent", "Agent"),
        ("Chatbot", "Bot"),
        ("CHATBOT", "Bot"),
        ("System", "System"),
        ("Supervisor", None),
        ("Router", None),
        (None, None),
    ],
)
def test_roles_are_salesforces(role: str | None, kind: str | None) -> None:
    """Compared without case and underscores; nobody is guessed to be someone."""
    other = answer(9, SenderRole=role, SenderId="005000000000002AAA")
    heard = spoken(*talk(entry(1), other), participant_types=ALL_TYPES)

    assert heard[1:] == ([(kind, "words 9")] if kind else [])


def test_words_of_no_known_role_are_counted_or_sent_under_a_type_of_their_own() -> None:
    """They are not lost in silence, and do not cost the others."""
    rows = talk(entry(1), answer(9, SenderRole="Router"))

    assert findings(*rows) == {Finding.NOBODYS: 1}
    types = {**ALL_TYPES, Role.UNKNOWN.value: "Agent"}
    assert spoken(*rows, participant_types=types)[1] == ("Agent", "words 9")
    assert findings(*rows, participant_types=types) == {}


def test_the_systems_words_are_left_out_and_counted() -> None:
    """As in cases: what no person wrote goes only where it has a type."""
    system: dict[str, Any] = {"SenderRole": "System", "SenderId": None, "SenderName": None}
    rows = talk(entry(1), entry(2, **system), entry(3, **BOT))

    assert spoken(*rows) == [("Customer", "words 1"), ("Bot", "words 3")]
    assert findings(*rows) == {Finding.AUTOMATIC: 1}
    assert ("System", "System") in participants(*rows, participant_types=ALL_TYPES)


@pytest.mark.parametrize(
    "hidden",
    [
        pytest.param({"EntryType": "Note"}, id="agents-whisper"),
        pytest.param({"EntryType": "NOTE", "SenderRole": "Supervisor"}, id="supervisors-whisper"),
        pytest.param({"EntryType": "FlagRaise"}, id="call-for-a-supervisor"),
        pytest.param({"SenderRole": "Supervisor"}, id="supervisor"),
        pytest.param({"SenderRole": "SUPERVISOR", "EntryType": "MESSAGE"}, id="upper-case"),
    ],
)
def test_whispers_stay_unless_internal_comments_go(hidden: dict[str, Any]) -> None:
    """The customer never saw them."""
    boss = {"SenderId": "005000000000007AAA", "SenderName": "Bo Boss"} | hidden
    rows = talk(entry(1), answer(2), answer(3, Payload=says("be kind"), **boss))

    assert "be kind" not in str(payload_of(*rows))
    shown = payload_of(*rows, include_internal_comments=True)
    assert (at("10:00:03"), "Agent", "be kind") in dialogue(shown)


@pytest.mark.parametrize(
    ("fields", "key", "name"),
    [
        ({}, CONTACT_ID, ("Ada", "Quill")),
        ({"EndUserContact": None}, CONTACT_ID, ("Ada", "from the web")),
        (NO_CONTACT | {"LeadId": "00Q1"}, "00Q1", ("Ada", "from the web")),
        (NO_CONTACT, "0PA000000000001AAA", ("Ada", "from the web")),
        (
            NO_CONTACT | {"MessagingEndUserId": None, "MessagingEndUser": None},
            f"visitor-{session_id()}",
            (None, None),
        ),
    ],
    ids=["contact", "contact-without-parent", "lead", "messaging-user", "nobody"],
)
def test_the_customers_key_is_contact_else_lead_else_messaging_user(
    fields: dict[str, Any], key: str, name: tuple[str | None, str | None]
) -> None:
    """The same person has the same key in cases, chats and enhanced chats."""
    assert participants(*enhanced(**fields))["Customer", key] == name


def test_a_messaging_user_who_is_a_number_has_a_number_and_no_name() -> None:
    """Creovai finds customers by it when they are to be forgotten."""
    row = NO_CONTACT | {"MessagingEndUser": {"Name": "+1 (555) 010-0199"}}
    (customer, _) = payload_of(*enhanced(**row))["participants"]

    assert customer["phoneNumber"] == "+1 (555) 010-0199"
    assert "firstName" not in customer


@pytest.mark.parametrize(
    ("agent_id", "owner", "key"),
    [
        ("Email", AGENT, "nora@desk.example"),
        ("Username", AGENT, "nora@desk.example.prod"),
        ("Id", AGENT, AGENT_ID),
        ("Email", None, AGENT_ID),
    ],
)
@pytest.mark.parametrize("sender", [AGENT_ID, AGENT_ID[:15]])
def test_the_owner_is_keyed_by_agent_id(
    agent_id: str, owner: dict[str, Any] | None, key: str, sender: str
) -> None:
    """The same key as in cases and calls, whichever length of Id the entry has."""
    rows = talk(entry(1), answer(2, SenderId=sender), Owner=owner)

    assert ("Agent", key) in participants(*rows, agent_id=agent_id)


def test_other_agents_are_keyed_by_their_id_and_called_by_their_display_name() -> None:
    """Only the owner's user is known; a transfer leaves the words with whoever said them."""
    said = [answer(3, SenderId="005000000000002AAA"), answer(4, SenderId="005000000000003AAA")]
    rows = talk(entry(1), joined(2, "005000000000002", "Max Power"), *said)

    assert participants(*rows) == {
        ("Customer", CONTACT_ID): ("Ada", "Quill"),
        ("Agent", "005000000000002AAA"): ("Max", "Power"),
        ("Agent", "005000000000003AAA"): ("Nora", None),
    }


def test_a_queue_is_no_agent_and_bots_go_by_their_name() -> None:
    """Their Ids change with every version."""
    rows = talk(
        *(
            entry(1),
            entry(2, **BOT),
            entry(3, **BOT | {"SenderId": "a-long-bot-name-2", "SenderName": None}),
        ),
        joined(4, "a-long-bot-name-2", "Robi"),
        joined(5, "a-long-bot-name-1", "Not Robi"),
        OwnerId="00G000000000001AAA",
        Owner={"Name": "Queue", "Type": "Queue"},
    )

    assert list(participants(*rows)) == [("Customer", CONTACT_ID), ("Bot", "Robi")]
