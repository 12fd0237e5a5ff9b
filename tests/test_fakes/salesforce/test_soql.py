"""The simulated Salesforce reads SOQL as the real one does, and refuses what that refuses."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.salesforce import SalesforceOrg
from tests.fakes.salesforce.evaluate import evaluate, projection
from tests.fakes.salesforce.soql import parse

NOW = datetime(2024, 3, 10, 12, tzinfo=UTC)
ALL_SUBJECTS = "SELECT Subject FROM Case"
ALL_IDS = "SELECT Id FROM Case"


def query(org: SalesforceOrg, statement: str, *, deleted: bool = False) -> list[dict[str, Any]]:
    """Return the records of a query over all its pages."""
    result = evaluate(parse(statement), org, include_deleted=deleted)
    write = projection(result, org, "/services/data/v62.0")
    return [write(row) for row in map(org.find, result.ids) if row is not None]


def subjects(org: SalesforceOrg, tail: str) -> list[str]:
    """Return the Subjects of the cases that a query finds."""
    return [record["Subject"] for record in query(org, f"{ALL_SUBJECTS} {tail}")]


@pytest.fixture(name="org", scope="module")
def make_org() -> SalesforceOrg:
    """Four cases of one kind each; the tests of this module only read them."""
    org = SalesforceOrg()
    org.now = lambda: NOW
    org.add_field("Case", "Score__c", "double")
    org.add_field("Case", "Due__c", "date")
    queue = org.add("Group", Name="Support Queue")
    account = org.add("Account", Name="Acme")
    ada = org.add(
        "Contact", FirstName="Ada", LastName="Byron", Email="ada@x.test", AccountId=account
    )
    org.add(
        "Case",
        Subject="alpha",
        ContactId=ada,
        Priority="High",
        Score__c=1.5,
        Due__c="2024-03-10",
        SystemModstamp="2024-03-10T08:00:00Z",
    )
    org.add(
        "Case",
        Subject="Beta 100%",
        OwnerId=queue,
        Priority="Low",
        Score__c=-2,
        IsClosed=True,
        Due__c="2024-03-09",
        SystemModstamp="2024-03-09T23:59:59Z",
    )
    org.add("Case", Subject="gam_ma", Priority=None, SystemModstamp="2024-03-01T00:00:00Z")
    org.add(
        "Case",
        Subject="it's",
        Priority="high",
        Score__c=7,
        Due__c="2024-03-12",
        SystemModstamp="2023-12-31T23:59:59Z",
    )
    return org


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        pytest.param("Subject = 'ALPHA'", ["alpha"], id="text-ignores-case"),
        pytest.param("Priority = 'high'", ["alpha", "it's"], id="picklist-ignores-case"),
        pytest.param("Subject = 'it\\'s'", ["it's"], id="escaped-quote"),
        pytest.param("Priority = null", ["gam_ma"], id="null"),
        pytest.param("Priority = ''", ["gam_ma"], id="empty-is-null"),
        pytest.param("Priority != 'High'", ["Beta 100%", "gam_ma"], id="unequal-finds-null"),
        pytest.param("Priority <> 'High'", ["Beta 100%", "gam_ma"], id="other-unequal"),
        pytest.param("Subject > 'b' AND Subject < 'h'", ["Beta 100%", "gam_ma"], id="text-order"),
        pytest.param("Subject LIKE 'b%'", ["Beta 100%"], id="like-ignores-case"),
        pytest.param("Subject LIKE '_lpha'", ["alpha"], id="like-one"),
        pytest.param("Subject LIKE '%\\%'", ["Beta 100%"], id="like-percent-sign"),
        pytest.param("Subject LIKE 'gam\\_%'", ["gam_ma"], id="like-underscore-sign"),
        pytest.param("Subject LIKE 'alph'", [], id="like-whole-value"),
        pytest.param("Priority LIKE '%'", ["alpha", "Beta 100%", "it's"], id="like-never-null"),
        pytest.param("Subject IN ('Alpha', 'it\\'s')", ["alpha", "it's"], id="in"),
        pytest.param("Priority NOT IN ('High')", ["Beta 100%", "gam_ma"], id="not-in"),
        pytest.param("Priority IN ('Low', null)", ["Beta 100%", "gam_ma"], id="in-with-null"),
        pytest.param("IsClosed = true", ["Beta 100%"], id="true"),
        pytest.param("IsClosed != TRUE", ["alpha", "gam_ma", "it's"], id="not-true"),
        pytest.param("Score__c >= 1.5", ["alpha", "it's"], id="number"),
        pytest.param("Score__c < -1", ["Beta 100%"], id="negative-number"),
        pytest.param("Due__c = 2024-03-10", ["alpha"], id="date"),
        pytest.param("Due__c > TODAY", ["it's"], id="date-after-today"),
        pytest.param("Due__c IN (YESTERDAY, 2024-03-12)", ["Beta 100%", "it's"], id="in-a-day"),
        pytest.param("SystemModstamp = TODAY", ["alpha"], id="today"),
        pytest.param("SystemModstamp < TODAY", ["Beta 100%", "gam_ma", "it's"], id="before-today"),
        pytest.param("SystemModstamp <= YESTERDAY", ["Beta 100%", "gam_ma", "it's"], id="up-to"),
        pytest.param("SystemModstamp > YESTERDAY", ["alpha"], id="after-yesterday"),
        pytest.param("SystemModstamp != TODAY", ["Beta 100%", "gam_ma", "it's"], id="not-today"),
        pytest.param("SystemModstamp = LAST_N_DAYS:9", ["alpha", "Beta 100%", "gam_ma"], id="n"),
        pytest.param("SystemModstamp = LAST_N_DAYS:8", ["alpha", "Beta 100%"], id="n-less-one"),
        pytest.param("SystemModstamp >= 2024-03-10T08:00:00Z", ["alpha"], id="inclusive"),
        pytest.param("SystemModstamp > 2024-03-10T08:00:00.000Z", [], id="exclusive"),
        pytest.param("SystemModstamp = 2024-03-10T09:30:00+01:30", ["alpha"], id="offset"),
        pytest.param("Contact.Email = 'ada@x.test'", ["alpha"], id="parent"),
        pytest.param("Contact.Account.Name = 'acme'", ["alpha"], id="grandparent"),
        pytest.param("Contact.Name = null", ["Beta 100%", "gam_ma", "it's"], id="no-parent"),
        pytest.param("Owner.Type = 'Queue'", ["Beta 100%"], id="polymorphic-type"),
        pytest.param("ContactEmail LIKE 'ada%'", ["alpha"], id="read-through"),
        pytest.param("Case.Subject = 'alpha'", ["alpha"], id="object-prefix"),
        pytest.param("NOT Subject = 'alpha'", ["Beta 100%", "gam_ma", "it's"], id="not"),
        pytest.param("IsClosed = false AND (NOT Score__c > 2)", ["alpha", "gam_ma"], id="and-not"),
        pytest.param(
            "(Subject = 'alpha' OR Subject = 'it\\'s') AND Score__c > 2", ["it's"], id="nested"
        ),
        pytest.param("subject = 'x' OR SUBJECT = 'alpha'", ["alpha"], id="names-ignore-case"),
    ],
)
def test_a_condition_keeps_the_rows_it_describes(
    org: SalesforceOrg, condition: str, expected: list[str]
) -> None:
    """Every comparison means in here what it means in Salesforce."""
    assert subjects(org, f"WHERE {condition}") == expected


@pytest.mark.parametrize(
    ("tail", "expected"),
    [
        pytest.param("Subject", ["alpha", "Beta 100%", "gam_ma", "it's"], id="ignores-case"),
        pytest.param("Score__c, Subject", ["gam_ma", "Beta 100%", "alpha", "it's"], id="null-1st"),
        pytest.param("Score__c DESC", ["gam_ma", "it's", "alpha", "Beta 100%"], id="desc-null-1st"),
        pytest.param(
            "Score__c ASC NULLS LAST", ["Beta 100%", "alpha", "it's", "gam_ma"], id="nulls-last"
        ),
        pytest.param(
            "Score__c DESC NULLS LAST", ["it's", "alpha", "Beta 100%", "gam_ma"], id="desc-last"
        ),
        pytest.param(
            "Priority DESC NULLS LAST, Subject DESC",
            ["Beta 100%", "it's", "alpha", "gam_ma"],
            id="second-key",
        ),
        pytest.param("Contact.Name NULLS LAST LIMIT 1", ["alpha"], id="parent"),
        pytest.param("Id LIMIT 2 OFFSET 1", ["Beta 100%", "gam_ma"], id="limit-and-offset"),
    ],
)
def test_rows_come_in_the_order_asked_for(
    org: SalesforceOrg, tail: str, expected: list[str]
) -> None:
    """Nulls first unless told otherwise, in either direction."""
    assert subjects(org, f"ORDER BY {tail}") == expected


def test_parents_are_nested_and_carry_attributes(org: SalesforceOrg) -> None:
    """A record looks like one of the REST API, null for a parent that is not there."""
    first, second = query(
        org, "SELECT owner.name, Contact.Account.Name, Id, Contact.Email FROM Case LIMIT 2"
    )

    assert list(first) == ["attributes", "Id", "Owner", "Contact"]
    assert first["Contact"]["attributes"]["type"] == "Contact"
    assert first["Contact"]["Account"]["Name"] == "Acme"
    assert first["Contact"]["Email"] == "ada@x.test"
    assert first["Owner"]["attributes"] == {
        "type": "Name",
        "url": f"/services/data/v62.0/sobjects/User/{org.user_id}",
    }
    assert second["Owner"]["Name"] == "Support Queue"
    assert second["Contact"] is None


def test_a_deleted_row_is_found_only_by_query_all() -> None:
    """`query` acts as if the row were gone, `queryAll` shows it with its mark."""
    org = SalesforceOrg()
    kept, gone = org.add("Case"), org.add("Case")
    org.delete("Case", gone)

    assert [row["Id"] for row in query(org, "SELECT Id FROM Case")] == [kept]
    everything = query(org, "SELECT Id, IsDeleted FROM Case", deleted=True)
    assert [(row["Id"], row["IsDeleted"]) for row in everything] == [(kept, False), (gone, True)]


def test_field_groups_follow_the_schema(org: SalesforceOrg) -> None:
    """FIELDS() stands for what describe would list."""
    custom = query(org, "SELECT FIELDS(CUSTOM) FROM Case LIMIT 1")[0]
    standard = query(org, "SELECT FIELDS(STANDARD) FROM Case")[0]
    everything = query(org, "SELECT FIELDS(ALL) FROM Case LIMIT 200")[0]

    assert list(custom) == ["attributes", "Score__c", "Due__c"]
    assert custom.keys() | standard.keys() == everything.keys()
    assert standard["ContactEmail"] == "ada@x.test"


def test_an_id_of_15_characters_finds_its_row(org: SalesforceOrg) -> None:
    """Both forms of an id mean the same record."""
    record_id = query(org, "SELECT Id FROM Case LIMIT 1")[0]["Id"]

    assert subjects(org, f"WHERE Id = '{record_id[:15]}'") == ["alpha"]
    assert subjects(org, f"WHERE Id IN ('{record_id}')") == ["alpha"]


def test_ids_are_ordered_with_regard_to_case() -> None:
    """`a` is behind `Z`: a client that sorts without regard to case gets another order."""
    org = SalesforceOrg()
    given = [org.add("Case") for _ in range(70)]
    found = [row["Id"] for row in query(org, "SELECT Id FROM Case ORDER BY Id DESC")]

    assert found == given[::-1]
    assert given == sorted(given)
    assert given != sorted(given, key=str.lower)


@given(text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_an_escaped_string_finds_its_own_row(text: str) -> None:
    """Whatever a Subject holds, a literal with backslash and quote escaped finds it."""
    org = SalesforceOrg()
    org.add("Case", Subject=text)
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")

    assert subjects(org, f"WHERE Subject = '{quoted}'") == [text]


@given(
    stamps=st.lists(st.integers(0, 20), max_size=30),
    cuts=st.lists(st.integers(0, 20), max_size=4),
)
def test_windows_share_the_rows_out(stamps: list[int], cuts: list[int]) -> None:
    """Half-open windows that follow one another return each row once, in one order."""
    org = SalesforceOrg()
    for second in stamps:
        org.add("Case", SystemModstamp=f"2024-01-01T00:00:{second:02}Z")
    edges = [0, *sorted(cuts), 21]
    order = "ORDER BY SystemModstamp, Id"
    found = [
        record["Id"]
        for low, high in pairwise(edges)
        for record in query(
            org,
            f"{ALL_IDS} WHERE SystemModstamp >= 2024-01-01T00:00:{low:02}Z"
            f" AND SystemModstamp < 2024-01-01T00:00:{high:02}Z {order}",
        )
    ]

    assert found == [record["Id"] for record in query(org, f"{ALL_IDS} {order}")]
    assert len(found) == len(stamps)


@pytest.mark.parametrize(
    ("sobject", "fields"),
    [
        pytest.param(
            "LiveChatTranscript",
            "Body, Status, EndedBy, ChatKey, IsChatbotSession, Owner.Username, Owner.Type,"
            " Contact.Email, Account.Name, Lead.FirstName, LiveChatVisitor.SessionKey,"
            " LiveChatButton.MasterLabel, LiveChatDeployment.MasterLabel, Skill.MasterLabel",
            id="chat",
        ),
        pytest.param(
            "Case",
            "CaseNumber, Description, MasterRecordId, SuppliedEmail, ContactEmail, ClosedDate,"
            " Contact.Phone, Owner.FirstName, CreatedBy.UserType, Account.Name, RecordType.Name",
            id="case",
        ),
        pytest.param(
            "CaseComment",
            "ParentId, Parent.CaseNumber, CommentBody, IsPublished, CreatedBy.UserType",
            id="comment",
        ),
        pytest.param(
            "EmailMessage",
            "ParentId, RelatedTo.Name, Incoming, Status, TextBody, HtmlBody, FromAddress,"
            " ToAddress, MessageDate, MessageIdentifier, ReplyToEmailMessage.Subject, ToIds",
            id="mail",
        ),
    ],
)
def test_what_a_conversation_needs_can_be_read(sobject: str, fields: str) -> None:
    """Every stream of the tap finds its fields and parents, null where there is nothing."""
    org = SalesforceOrg()
    record_id = org.add(sobject)
    words = ("SELECT Id,", fields, "FROM", sobject, "ORDER BY SystemModstamp, Id")

    (record,) = query(org, " ".join(words))
    assert record["Id"] == record_id
    parents = {name.strip().partition(".")[0] for name in fields.split(",")}
    assert record.keys() == {"attributes", "Id"} | parents
