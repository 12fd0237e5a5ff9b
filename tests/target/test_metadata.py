"""What travels beside the words: fields under Salesforce's names, and never the words."""

from __future__ import annotations

from typing import Any

import pytest

from target_creovai.model.conversation import Interface
from target_creovai.payload.payload import build_outofband, changed_metadata
from tests.target.rows import CONTACT_ID, at, case, chat
from tests.target.support import NOW, payload_of


def metadata(**fields: Any) -> dict[str, Any]:
    """Return the metadata of a case with these fields."""
    found: dict[str, Any] = payload_of(case(Description="secret words", **fields))["metadata"]
    return found


@pytest.mark.parametrize("value", ["text", 0, 7, 2.5, True, False, ""])
def test_json_types_are_kept(value: Any) -> None:
    """Creovai's typed fields are filled from metadata: `7` must not become `"7"`."""
    found = metadata(Custom__c=value)["Custom__c"]

    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize("value", [None, [1, 2], {"deep": {"er": 1}}])
def test_nulls_and_lists_are_left_out(value: Any) -> None:
    """All other scalar fields that are not null."""
    assert not [name for name in metadata(Custom__c=value) if name.startswith("Custom__c")]


def test_parents_become_flat_names() -> None:
    """`Owner.Name`, and nothing of `attributes`."""
    found = metadata(Account={"Name": "Acme", "attributes": {"type": "Account"}}, attributes={})

    assert found["Account.Name"] == "Acme"
    assert found["Owner.Email"] == "nora@desk.example"
    assert not [name for name in found if "attributes" in name]


@pytest.mark.parametrize("name", ["Description", "Comments"])
def test_a_cases_message_text_is_no_metadata(name: str) -> None:
    """It is sent as a message, or not at all."""
    assert name not in metadata() | metadata(Comments="secret words")


@pytest.mark.parametrize("name", ["Body", "SupervisorTranscriptBody"])
def test_a_chats_message_text_is_no_metadata(name: str) -> None:
    """Whispers of a supervisor least of all."""
    assert name not in payload_of(chat(SupervisorTranscriptBody="secret words"))["metadata"]


def test_what_moves_by_looking_is_no_metadata() -> None:
    """LastViewedDate differs for every user who reads."""
    assert "LastViewedDate" not in metadata(LastViewedDate=at("19:00"))


def test_what_a_tap_added_is_no_metadata() -> None:
    """`_sdc_` columns are the loader's."""
    assert "_sdc_batched_at" not in metadata(_sdc_batched_at="now")


@pytest.mark.parametrize(
    ("exclude", "gone", "kept"),
    [
        ("Tier__c", {"Tier__c"}, {"Owner.Name", "Owner.Email"}),
        ("Owner.Email", {"Owner.Email"}, {"Owner.Name", "Contact.Email"}),
        ("Owner", {"Owner.Email", "Owner.Name"}, {"OwnerId", "Contact.Email"}),
    ],
)
def test_metadata_exclude_takes_out_fields_and_parents(
    exclude: str, gone: set[str], kept: set[str]
) -> None:
    """Fields that must not leave do not leave."""
    names = set(
        payload_of(case(Description="x", Tier__c="1"), metadata_exclude=frozenset({exclude}))[
            "metadata"
        ]
    )

    assert names.isdisjoint(gone)
    assert kept <= names


def test_only_changed_fields_are_appended() -> None:
    """What Creovai has it need not get again."""
    sent = {"Status": "Open", "Priority": "Low", "Gone": 1}
    now = {"Status": "Closed", "Priority": "Low", "New": CONTACT_ID}

    assert changed_metadata(sent, now) == {"Status": "Closed", "New": CONTACT_ID}


def test_bookkeeping_alone_is_no_change() -> None:
    """SystemModstamp moves with every save, whoever saves what."""
    sent = {"SystemModstamp": 1, "LastModifiedDate": 1, "LastModifiedById": 1, "Status": "x"}
    moved = dict.fromkeys(sent, 2) | {"Status": "x"}

    assert changed_metadata(sent, moved) == {}
    assert changed_metadata(sent, moved | {"Status": "y"}) == moved | {"Status": "y"}


@pytest.mark.parametrize(("kind", "key"), [("chat", "sessionId"), ("case", "caseReferenceId")])
def test_a_change_is_dated_by_the_record(kind: str, key: str) -> None:
    """Creovai lets the last eventTime win: a repeated post changes nothing."""
    assert build_outofband(Interface(kind), "id-1", NOW, {"a": 1}) == {
        key: "id-1",
        "eventTime": "2024-06-01T00:00:00Z",
        "metadata": {"a": 1},
    }
