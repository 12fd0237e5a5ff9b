"""The simulated org keeps rows as Salesforce does, and shows the API user what it may see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.fakes.salesforce import SalesforceError, SalesforceOrg
from tests.fakes.salesforce.describe import describe, global_describe
from tests.fakes.salesforce.evaluate import evaluate
from tests.fakes.salesforce.ids import long_id, make_id
from tests.fakes.salesforce.soql import parse

NOON = datetime(2024, 3, 10, 12, 0, 0, 999_999, tzinfo=UTC)


@pytest.fixture(name="org")
def make_org() -> SalesforceOrg:
    """An org whose clock stands still until a test moves it."""
    org = SalesforceOrg()
    org.now = lambda: NOON
    return org


def described(org: SalesforceOrg, sobject: str) -> dict[str, dict[str, Any]]:
    """Return the fields that describe shows, by name."""
    definition = org.sobject(sobject)
    assert definition is not None
    document = describe(definition, org.visible_objects().values(), "/services/data/v62.0")
    return {field["name"]: field for field in document["fields"]}


def refusal(org: SalesforceOrg, statement: str) -> tuple[str, str]:
    """Return code and last line of the refusal of a query."""
    with pytest.raises(SalesforceError) as caught:
        evaluate(parse(statement), org, include_deleted=False)
    return caught.value.code, caught.value.message.rpartition("\n")[2]


@pytest.mark.parametrize(
    ("short", "complete"),
    [
        pytest.param("500000000000000", "500000000000000AAA", id="no-capitals"),
        pytest.param("001A0000006Vm9u", "001A0000006Vm9uIAC", id="capitals-in-two-blocks"),
        pytest.param("ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO555", id="all-capitals"),
    ],
)
def test_the_checksum_of_an_id_tells_its_capitals(short: str, complete: str) -> None:
    """Each of the last three characters stands for five of the others."""
    assert long_id(short) == complete
    assert long_id(complete) == complete


@pytest.mark.parametrize("text", ["", "500", "500000000000000AAB", "50000000000000é", "x" * 16])
def test_what_is_no_id_is_refused(text: str) -> None:
    """Neither a wrong length nor a wrong checksum passes."""
    with pytest.raises(ValueError, match="record id"):
        long_id(text)


def test_ids_of_one_object_never_repeat_and_keep_their_prefix() -> None:
    """The counter rolls over into the next digit."""
    ids = [make_id("500", number) for number in range(1, 5_000)]

    assert len(set(ids)) == len(ids)
    assert ids == sorted(ids)
    assert {record_id[:3] for record_id in ids} == {"500"}


def test_a_new_row_is_filled_as_salesforce_fills_it(org: SalesforceOrg) -> None:
    """System fields, the running number and defaults come by themselves."""
    row = org.get("Case", org.add("Case", Subject="Hello"))

    noon = "2024-03-10T12:00:00.000+0000"
    assert (row["CreatedDate"], row["LastModifiedDate"], row["SystemModstamp"]) == (noon,) * 3
    assert (row["CreatedById"], row["OwnerId"]) == (org.user_id,) * 2
    assert (row["CaseNumber"], row["Status"], row["IsDeleted"]) == ("00001001", "New", False)
    assert (row["Subject"], row["Description"]) == ("Hello", None)


@pytest.mark.parametrize(
    ("sobject", "values"),
    [
        pytest.param("Nope", {}, id="object"),
        pytest.param("Case", {"Nope": 1}, id="field"),
        pytest.param("Case", {"Subject": "x" * 256}, id="too-long"),
        pytest.param("Case", {"ContactId": "nobody"}, id="no-id"),
        pytest.param("Case", {"ClosedDate": "yesterday"}, id="no-date"),
        pytest.param("Case", {"Id": "001A0000006Vm9u"}, id="prefix-of-another-object"),
    ],
)
def test_a_row_that_salesforce_could_not_hold_is_refused(
    org: SalesforceOrg, sobject: str, values: dict[str, Any]
) -> None:
    """A slip in a fixture fails there, and not as a riddle in a test."""
    with pytest.raises(ValueError, match=r"\w"):
        org.add(sobject, **values)


def test_an_update_moves_the_modification_times_alone(org: SalesforceOrg) -> None:
    """Also a change of one field makes the row come again, but it was not created again."""
    case_id = org.add("Case")
    org.now = lambda: NOON + timedelta(hours=1)
    org.update("Case", case_id, Status="Closed", ClosedDate=NOON)

    row = org.get("Case", case_id)
    assert row["SystemModstamp"] == row["LastModifiedDate"] == "2024-03-10T13:00:00.000+0000"
    assert row["CreatedDate"] == row["ClosedDate"] == "2024-03-10T12:00:00.000+0000"

    org.update("Case", case_id, SystemModstamp="2024-03-10T13:30:00+01:00")
    assert row["SystemModstamp"] == "2024-03-10T12:30:00.000+0000"


def test_a_deletion_moves_the_row_behind_every_bookmark(org: SalesforceOrg) -> None:
    """A tap that reads on from its bookmark meets the deletion."""
    case_id = org.add("Case")
    org.now = lambda: NOON + timedelta(hours=1)
    org.delete("Case", case_id)

    row = org.get("Case", case_id)
    assert (row["IsDeleted"], row["SystemModstamp"]) == (True, "2024-03-10T13:00:00.000+0000")


def test_people_are_named_by_their_parts(org: SalesforceOrg) -> None:
    """Name follows FirstName and LastName."""
    contact_id = org.add("Contact", FirstName="Ada", LastName="Byron")
    assert org.get("Contact", contact_id)["Name"] == "Ada Byron"

    org.update("Contact", contact_id, LastName="Lovelace")
    assert org.get("Contact", contact_id)["Name"] == "Ada Lovelace"


@pytest.mark.parametrize(
    ("sobject", "name", "facts"),
    [
        pytest.param(
            "Case", "Id", {"type": "id", "soapType": "tns:ID", "nillable": False}, id="id"
        ),
        pytest.param(
            "Case",
            "OwnerId",
            {
                "referenceTo": ["Group", "User"],
                "relationshipName": "Owner",
                "namePointing": True,
                "polymorphicForeignKey": True,
                "length": 18,
            },
            id="polymorphic",
        ),
        pytest.param(
            "Case", "ContactId", {"referenceTo": ["Contact"], "namePointing": False}, id="lookup"
        ),
        pytest.param(
            "Case",
            "Description",
            {"type": "textarea", "length": 32_000, "filterable": False, "sortable": False},
            id="long-text",
        ),
        pytest.param("Case", "RecordTypeId", {"filterable": True, "sortable": False}, id="no-sort"),
        pytest.param(
            "Case", "CaseNumber", {"autoNumber": True, "createable": False}, id="running-number"
        ),
        pytest.param(
            "CaseComment", "CommentBody", {"length": 4_000, "filterable": True}, id="comment"
        ),
        pytest.param(
            "EmailMessage",
            "ToIds",
            {"type": "reference", "soapType": "urn:JunctionIdListNames", "relationshipName": None},
            id="list-of-ids",
        ),
        pytest.param("EmailMessage", "IsDeleted", {"sortable": False}, id="email-is-deleted"),
        pytest.param("EmailMessage", "ParentId", {"nillable": True}, id="mail-without-case"),
        pytest.param(
            "LiveChatTranscript", "Body", {"length": 131_072, "filterable": False}, id="body"
        ),
        pytest.param(
            "LiveChatTranscript",
            "SystemModstamp",
            {"type": "datetime", "soapType": "xsd:dateTime", "filterable": True, "sortable": True},
            id="date-time",
        ),
    ],
)
def test_describe_tells_what_clients_rely_on(
    org: SalesforceOrg, sobject: str, name: str, facts: dict[str, Any]
) -> None:
    """Types, lengths and flags are those of the object reference."""
    field = described(org, sobject)[name]

    assert {fact: field[fact] for fact in facts} == facts


def test_a_custom_field_is_there_at_once(org: SalesforceOrg) -> None:
    """Describe, rows that were there before and SOQL know it."""
    case_id = org.add("Case")
    org.add_field("Case", "Tier__c", "picklist", label="Tier", values=("Gold", "Silver"))
    org.add_field("Case", "Note__c", "textarea", length=32_768)
    org.add_field("Case", "Partner__c", "reference", reference_to=("Account",))
    fields = described(org, "Case")

    assert (fields["Tier__c"]["label"], fields["Tier__c"]["custom"]) == ("Tier", True)
    assert [entry["value"] for entry in fields["Tier__c"]["picklistValues"]] == ["Gold", "Silver"]
    assert fields["Note__c"]["filterable"] is False
    assert fields["Partner__c"]["relationshipName"] == "Partner__r"
    statement = "SELECT Tier__c, Partner__r.Name FROM Case WHERE Tier__c = null"
    assert evaluate(parse(statement), org, include_deleted=False).ids == (case_id,)


@pytest.mark.parametrize(
    ("sobject", "field", "statement", "sentence"),
    [
        pytest.param(
            "Case", "Subject", "SELECT Subject FROM Case", "No such column 'Subject'", id="selected"
        ),
        pytest.param(
            "Case",
            "Subject",
            "SELECT Id FROM Case WHERE Subject = 'x'",
            "No such column 'Subject' on entity 'Case'",
            id="filtered",
        ),
        pytest.param(
            "Contact",
            "Email",
            "SELECT Contact.Email FROM Case",
            "No such column 'Email' on entity 'Contact'",
            id="of-a-parent",
        ),
        pytest.param(
            "Case",
            "ContactId",
            "SELECT Contact.Email FROM Case",
            "Didn't understand relationship 'Contact'",
            id="the-way-to-the-parent",
        ),
    ],
)
def test_a_hidden_field_does_not_exist_for_the_api_user(
    org: SalesforceOrg, sobject: str, field: str, statement: str, sentence: str
) -> None:
    """Neither describe nor SOQL knows it; the org itself still does."""
    org.hide(sobject, field)

    code, problem = refusal(org, statement)
    assert (code, problem[: len(sentence)]) == ("INVALID_FIELD", sentence)
    assert field not in described(org, sobject)
    assert field in org.get(sobject, org.add(sobject))


def test_hiding_what_is_not_there_is_an_error(org: SalesforceOrg) -> None:
    """A misspelt field in a test must not pass for a hidden one."""
    with pytest.raises(ValueError, match="subject"):
        org.hide("Case", "subject")


def test_a_forbidden_object_does_not_exist_for_the_api_user(org: SalesforceOrg) -> None:
    """It is gone from describe, from SOQL and from what references point to."""
    org.forbid("Contact")
    listed = global_describe(org.visible_objects().values(), "/services/data/v62.0")["sobjects"]

    assert refusal(org, "SELECT Id FROM Contact")[0] == "INVALID_TYPE"
    assert refusal(org, "SELECT Contact.Name FROM Case")[0] == "INVALID_FIELD"
    assert "Contact" not in {item["name"] for item in listed}
    assert described(org, "Case")["ContactId"]["referenceTo"] == []


def test_a_case_shows_the_contact_as_it_is_now(org: SalesforceOrg) -> None:
    """ContactEmail is read through: the case row itself does not change."""
    contact_id = org.add("Contact", LastName="Byron", Email="old@x.test")
    case_id = org.add("Case", ContactId=contact_id)
    before = dict(org.get("Case", case_id))
    org.update("Contact", contact_id, Email="new@x.test")

    statement = "SELECT Id FROM Case WHERE ContactEmail = 'new@x.test'"
    assert evaluate(parse(statement), org, include_deleted=False).ids == (case_id,)
    assert org.get("Case", case_id) == before
