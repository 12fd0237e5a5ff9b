"""Whichever tap wrote the rows, and whatever they went through: the same conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.target.other_taps import (
    PORTAL,
    PORTAL_ID,
    SHAPES,
    WORLD,
    contact,
    dlt,
    fivetran,
    singer_io,
    user,
)
from tests.target.rows import Record, at, case, case_id, chat, chat_id, comment, mail
from tests.target.support import TargetRunner

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.creovai import CreovaiServer
    from tests.target.other_taps import Shape


def written(run_dry: TargetRunner) -> dict[str, Any]:
    """Return all payloads of a dry run."""
    return run_dry.payloads("case") | run_dry.payloads("chat")


def words(payload: dict[str, Any]) -> dict[str, Any]:
    """Return a payload without what is known of the conversation besides."""
    return {name: value for name, value in payload.items() if name != "metadata"}


@pytest.fixture
def ours(tmp_path: Path) -> dict[str, Any]:
    """What the rows of our own tap come to."""
    folder = tmp_path / "ours"
    folder.mkdir()
    run = TargetRunner(folder)
    assert run(*WORLD).exit_code == 0
    return written(run)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.__name__)
def test_another_shape_makes_the_same_conversations(
    run_dry: TargetRunner, ours: dict[str, Any], shape: Shape
) -> None:
    """Down to the metadata: names, types and parents are Salesforce's."""
    outcome = run_dry(*map(shape, WORLD))

    assert outcome.says("UNUSABLE") == []
    assert written(run_dry) == ours
    assert outcome.exit_code == 0


def test_objects_without_parents_find_them_in_other_streams(
    run_dry: TargetRunner, ours: dict[str, Any]
) -> None:
    """singer-io's tap and MeltanoLabs' read objects one by one."""
    people = [user(), user(PORTAL_ID, **PORTAL), contact()]
    run_dry(*people, *map(singer_io, WORLD))

    found = written(run_dry)
    del found["0Mw000000000001AAA"], ours["0Mw000000000001AAA"]  # its parents are other objects
    assert {key: words(payload) for key, payload in found.items()} == {
        key: words(payload) for key, payload in ours.items()
    }


@pytest.mark.parametrize("shape", [fivetran, dlt], ids=lambda shape: shape.__name__)
def test_columns_of_loaders_are_no_metadata(
    run_target: TargetRunner, creovai: CreovaiServer, shape: Shape
) -> None:
    """They tell of a pipeline, and change with every load."""
    run_target(shape(chat(Tier__c="gold")))

    metadata = creovai.metadata(chat_id())
    assert not [name for name in metadata if name.startswith("_")]
    assert metadata["tier__c"] == "gold"


@pytest.mark.parametrize(
    "mark",
    [
        pytest.param({"_sdc_deleted_at": at("21:00")}, id="tap-postgres"),
        pytest.param({"_fivetran_deleted": True}, id="fivetran"),
        pytest.param({"_ab_cdc_deleted_at": "2024-05-06T21:00:00.000Z"}, id="airbyte"),
        pytest.param({"__deleted": "true"}, id="debezium"),
        pytest.param({"_SDC_DELETED_AT": "2024-05-06 21:00:00"}, id="snowflake"),
    ],
)
def test_a_row_that_a_loader_saw_vanish_is_deleted(
    run_target: TargetRunner, creovai: CreovaiServer, mark: dict[str, Any]
) -> None:
    """Databases mark deletions so; the row itself looks as before."""
    gone = mail(2, TextBody="taken back")
    run_target(case(), mail(1), Record(gone.stream, gone.row | mark))

    assert [said["content"] for said in creovai.cases[case_id()]["messages"]] == ["mail 1"]


def test_a_deletion_may_come_with_the_key_alone(run_target: TargetRunner) -> None:
    """A database logs no more of it; the time of the deletion is the version."""
    run_target(chat(Status="InProgress"))
    run_target(Record("LiveChatTranscript", {"Id": chat_id(), "_sdc_deleted_at": at("21:00")}))

    assert run_target.ledger() == {chat_id(): ("skipped", "deleted in Salesforce")}


@pytest.mark.parametrize("empty", [None, "", False])
def test_a_loaders_mark_that_is_empty_deletes_nothing(
    run_target: TargetRunner, creovai: CreovaiServer, empty: Any
) -> None:
    """Most rows bear the column, and are there."""
    row = chat().row | {"_sdc_deleted_at": empty}
    run_target(Record("LiveChatTranscript", row))

    assert list(creovai.chats) == [chat_id()]


def test_custom_fields_that_look_like_parents_stay_fields(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """`Account_Tier__c` is a field of the chat, not one of its account."""
    custom: dict[str, Any] = {"Account_Tier__c": "a", "Owner_Role__c": "b", "Contact_Email__c": "c"}
    run_target(chat(**custom))

    metadata = creovai.metadata(chat_id())
    assert custom.items() <= metadata.items()


def test_a_field_in_snake_case_is_no_parents(run_dry: TargetRunner) -> None:
    """`contact_email` is a field of the case, unless the contact stands beside it in pieces."""
    row = {name: value for name, value in case(Description="x").row.items() if name != "Contact"}
    run_dry(Record("case", row | {"contact_email": "ada@example.com"}))

    metadata = run_dry.payloads("case")[case_id()]["metadata"]
    assert metadata["ContactEmail"] == "ada@example.com"


def test_a_field_that_is_there_twice_is_taken_under_its_own_name(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A column that only looks like it cannot replace Salesforce's."""
    run_target(case(isclosed="false", Description="x"))

    assert creovai.metadata(case_id())["IsClosed"] is True


# Who wrote it


def test_a_user_who_comes_later_frees_what_waited_for_them(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A stream of users may come behind the comments, or in the next run."""
    bare = singer_io(comment(CreatedById=PORTAL_ID, CreatedBy=PORTAL))
    run_target(case(), bare)
    run_target(user(PORTAL_ID, **PORTAL))

    (participant,) = creovai.cases[case_id()]["participants"]
    assert participant["type"] == "Customer"


def test_of_a_person_only_what_a_parent_shows_is_kept(run_target: TargetRunner) -> None:
    """Nothing else of users and contacts is needed; nothing at all of one who was deleted."""
    run_target(
        user(Phone="+1 555 0100", AboutMe="likes tea"),
        contact(MailingStreet="Elm 1"),
        contact("003000000000002AAA", IsDeleted=True),
    )

    bodies = [bytes(row.body) for row in run_target.query("SELECT body FROM creovai_rows")]
    assert not [body for body in bodies if b"tea" in body or b"Elm" in body or b"0100" in body[:20]]
    assert b'{"Id":"003000000000002AAA"}' in bodies


def test_people_outlive_the_text_of_what_they_said(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """`retention_days` drops conversations; the next comment still has to have an author."""
    bare = singer_io(comment(2, case=2, CreatedById=PORTAL_ID, CreatedBy=PORTAL))
    run_target(user(PORTAL_ID, **PORTAL), chat(), retention_days=0)
    run_target(case(2), bare)

    (participant,) = creovai.cases[case_id(2)]["participants"]
    assert participant["type"] == "Customer"


def test_people_alone_make_no_conversation_and_no_error(run_target: TargetRunner) -> None:
    """A run that brings nothing but users is one that was asked for."""
    outcome = run_target(user(), contact())

    assert outcome.exit_code == 0
    assert outcome.says("staged") == [
        "staged     Contact: 1 rows, 1 new or changed",
        "staged     User: 1 rows, 1 new or changed",
    ]


# Ids


def test_an_id_of_15_characters_is_the_row_of_18(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Whichever comes first: a chat that was sent is not sent once more."""
    run_target(chat(Id=chat_id()[:15], CaseId="5003000000D8cuI"))
    outcome = run_target(chat(CaseId="5003000000D8cuIAAR"))

    assert outcome.says("sent") == ["sent       none"]
    assert list(creovai.chats) == [chat_id()]
    assert creovai.chats[chat_id()]["caseReferenceId"] == "5003000000D8cuIAAR"
