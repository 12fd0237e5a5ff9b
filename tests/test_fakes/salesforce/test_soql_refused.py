"""The simulated Salesforce refuses the SOQL that the real one refuses, in its words."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.salesforce import SalesforceError, SalesforceOrg
from tests.fakes.salesforce.evaluate import evaluate
from tests.fakes.salesforce.lexer import tokenize
from tests.fakes.salesforce.soql import parse

ALL_IDS = "SELECT Id FROM Case"


@pytest.fixture(name="org", scope="module")
def make_org() -> SalesforceOrg:
    """An org without cases: a refusal never depends on the rows."""
    org = SalesforceOrg()
    org.add_field("Case", "Score__c", "double")
    org.add_field("Case", "Due__c", "date")
    return org


def query(org: SalesforceOrg, statement: str) -> tuple[str, ...]:
    """Return the ids that a query finds."""
    return evaluate(parse(statement), org, include_deleted=False).ids


@pytest.mark.parametrize(
    ("statement", "code", "text"),
    [
        pytest.param("", "MALFORMED_QUERY", "unexpected token: '<EOF>'", id="nothing"),
        pytest.param("SELECT FROM Case", "MALFORMED_QUERY", "unexpected token: 'FROM'", id="no-f"),
        pytest.param("SELECT Id", "MALFORMED_QUERY", "'<EOF>'", id="no-from"),
        pytest.param("SELECT Id, FROM Case", "MALFORMED_QUERY", "'FROM'", id="comma"),
        pytest.param("SELECT Id FROM Case WHERE", "MALFORMED_QUERY", "'<EOF>'", id="no-condition"),
        pytest.param("SELECT Id FROM Case LIMIT x", "MALFORMED_QUERY", "'x'", id="limit-word"),
        pytest.param("SELECT Id FROM Case LIMIT -1", "MALFORMED_QUERY", "'-1'", id="limit-minus"),
        pytest.param("SELECT Id FROM Case c garbage", "MALFORMED_QUERY", "'garbage'", id="rest"),
        pytest.param("SELECT Id FROM Case LIMIT 1 ;", "MALFORMED_QUERY", "';'", id="semicolon"),
        pytest.param("SELECT Id FROM Case GROUP BY Id", "MALFORMED_QUERY", "'GROUP'", id="group"),
        pytest.param("SELECT * FROM Case", "MALFORMED_QUERY", "'*'", id="star"),
        pytest.param("SELECT Nope FROM Case", "INVALID_FIELD", "column 'Nope' on", id="no-field"),
        pytest.param("SELECT Owner FROM Case", "INVALID_FIELD", "column 'Owner'", id="no-leaf"),
        pytest.param(
            "SELECT Owner.UserType FROM Case", "INVALID_FIELD", "on entity 'Name'", id="name-only"
        ),
        pytest.param(
            "SELECT Boss.Name FROM Case", "INVALID_FIELD", "relationship 'Boss'", id="no-relation"
        ),
        pytest.param(
            "SELECT Id FROM Nope", "INVALID_TYPE", "sObject type 'Nope' is not", id="no-object"
        ),
        pytest.param(
            "SELECT Id FROM Name", "INVALID_TYPE_FOR_OPERATION", "support query", id="no-table"
        ),
        pytest.param(
            "SELECT Parent.Parent.Parent.Parent.Parent.Parent.Subject FROM Case",
            "MALFORMED_QUERY",
            "5 levels",
            id="six-up",
        ),
        pytest.param(
            "SELECT Id FROM Case WHERE Parent.Parent.Parent.Parent.Parent.Parent.Subject = 'x'",
            "MALFORMED_QUERY",
            "5 levels",
            id="six-up-in-a-condition",
        ),
        pytest.param("SELECT Id, ID FROM Case", "INVALID_FIELD", "selected: Id", id="twice"),
        pytest.param(
            "SELECT FIELDS(ALL), Id FROM Case LIMIT 9", "INVALID_FIELD", "selected: Id", id="all+id"
        ),
        pytest.param("SELECT FIELDS(ALL) FROM Case", "MALFORMED_QUERY", "most 200", id="no-limit"),
        pytest.param(
            "SELECT FIELDS(CUSTOM) FROM Case LIMIT 201", "MALFORMED_QUERY", "most 200", id="high"
        ),
        pytest.param("SELECT FIELDS(SOME) FROM Case", "MALFORMED_QUERY", "'SOME'", id="group-name"),
        pytest.param("SELECT COUNT(), Id FROM Case", "MALFORMED_QUERY", "','", id="count-and-id"),
        pytest.param(
            "SELECT COUNT() FROM Case ORDER BY Id", "MALFORMED_QUERY", "ORDER BY", id="count-order"
        ),
        pytest.param(
            "SELECT Id FROM Case ORDER BY Description", "INVALID_FIELD", "not be sorted", id="sort"
        ),
        pytest.param(
            "SELECT Id FROM Case ORDER BY RecordTypeId", "INVALID_FIELD", "sorted", id="sort-flag"
        ),
        pytest.param(
            "SELECT Id FROM Case OFFSET 2001", "NUMBER_OUTSIDE_VALID_RANGE", "2000", id="offset"
        ),
    ],
)
def test_a_wrong_statement_is_refused(
    org: SalesforceOrg, statement: str, code: str, text: str
) -> None:
    """The code and the sentence are those that a client of Salesforce looks for."""
    with pytest.raises(SalesforceError, match=re.escape(text)) as caught:
        query(org, statement)

    assert caught.value.code == code


def test_five_levels_of_parents_are_none_too_many(org: SalesforceOrg) -> None:
    """Salesforce's limit, with the object's own name in front, too."""
    assert query(org, "SELECT Case.Parent.Parent.Parent.Parent.Parent.Subject FROM Case") == ()


@pytest.mark.parametrize(
    ("condition", "code", "text"),
    [
        pytest.param("IsClosed", "MALFORMED_QUERY", "'<EOF>'", id="no-operator"),
        pytest.param("Subject = ", "MALFORMED_QUERY", "'<EOF>'", id="no-value"),
        pytest.param("Subject = 'x", "MALFORMED_QUERY", "unterminated", id="open-quote"),
        pytest.param("Subject = 'x' 'y'", "MALFORMED_QUERY", "''y''", id="two-values"),
        pytest.param("Subject = 'a\\q'", "MALFORMED_QUERY", "Illegal character", id="escape"),
        pytest.param("Subject = 'a\\%'", "MALFORMED_QUERY", "Illegal", id="wildcard-escape"),
        pytest.param("Subject LIKE 'a\\q'", "MALFORMED_QUERY", "Illegal", id="like-escape"),
        pytest.param("Subject IN ()", "MALFORMED_QUERY", "')'", id="empty-list"),
        pytest.param("(Subject = 'x'", "MALFORMED_QUERY", "'<EOF>'", id="open-parenthesis"),
        pytest.param(
            "Id = null AND Id = null OR Id = null", "MALFORMED_QUERY", "token: 'OR'", id="and-or"
        ),
        pytest.param(
            "Id = null OR Id = null AND Id = null", "MALFORMED_QUERY", "token: 'AND'", id="or-and"
        ),
        pytest.param(
            "Id != null AND NOT Id = null", "MALFORMED_QUERY", "token: 'NOT'", id="and-not"
        ),
        pytest.param(
            "NOT Id = null AND Id = null", "MALFORMED_QUERY", "token: 'AND'", id="not-and"
        ),
        pytest.param("NOT NOT Id = null", "MALFORMED_QUERY", "token: 'NOT'", id="not-not"),
        pytest.param("Subject NOT LIKE 'x'", "MALFORMED_QUERY", "'LIKE'", id="not-like"),
        pytest.param(
            "Description = 'x'",
            "INVALID_FIELD",
            "field 'Description' can not be filtered in a query call",
            id="long-text",
        ),
        pytest.param("Description != null", "INVALID_FIELD", "can not be filtered", id="not-null"),
        pytest.param("FeedItemId = null", "INVALID_FIELD", "can not be filtered", id="flag"),
        pytest.param(
            "SystemModstamp > '2024-01-01T00:00:00Z'",
            "INVALID_FIELD",
            "value of filter criterion for field 'SystemModstamp' must be of type dateTime"
            " and should not be enclosed in quotes",
            id="quoted-date-time",
        ),
        pytest.param("SystemModstamp > 2024-01-01", "INVALID_FIELD", "type dateTime", id="date"),
        pytest.param(
            "SystemModstamp > 2024-13-01T00:00:00Z", "MALFORMED_QUERY", "dateTime", id="month-13"
        ),
        pytest.param(
            # What a `+` becomes that was not escaped in the URL.
            "SystemModstamp > 2024-01-01T00:00:00 00:00",
            "MALFORMED_QUERY",
            "no viable alternative",
            id="unescaped-plus",
        ),
        pytest.param("Due__c = 2024-01-01T00:00:00Z", "INVALID_FIELD", "type date", id="date-time"),
        pytest.param(
            "Subject = 5", "INVALID_FIELD", "type string and should be enclosed", id="number"
        ),
        pytest.param("Subject = alpha", "MALFORMED_QUERY", "'alpha'", id="unquoted-text"),
        pytest.param("IsClosed = 'true'", "INVALID_FIELD", "not be enclosed", id="quoted-boolean"),
        pytest.param("Score__c = '5'", "INVALID_FIELD", "type double", id="quoted-number"),
        pytest.param("Id = 'abc'", "INVALID_QUERY_FILTER_OPERATOR", "invalid ID", id="no-id"),
        pytest.param("Id LIKE '500%'", "INVALID_QUERY_FILTER_OPERATOR", "id field", id="like-id"),
        pytest.param("IsClosed > false", "INVALID_QUERY_FILTER_OPERATOR", "boolean", id="boolean"),
        pytest.param("Score__c > null", "INVALID_QUERY_FILTER_OPERATOR", "double", id="more-null"),
        pytest.param("Subject LIKE null", "INVALID_QUERY_FILTER_OPERATOR", "string", id="like-nil"),
        pytest.param(f"Subject = '{'x' * 4001}'", "MALFORMED_QUERY", "4000", id="long-literal"),
        pytest.param("(" * 9_000, "QUERY_TOO_COMPLICATED", "nested", id="nested-too-deeply"),
        pytest.param("Contact.Nope = 'x'", "INVALID_FIELD", "entity 'Contact'", id="parent-field"),
    ],
)
def test_a_wrong_condition_is_refused(
    org: SalesforceOrg, condition: str, code: str, text: str
) -> None:
    """A filter that Salesforce would not run does not run here either."""
    with pytest.raises(SalesforceError, match=re.escape(text)) as caught:
        query(org, f"{ALL_IDS} WHERE {condition}")

    assert caught.value.code == code


def test_an_error_points_at_the_place(org: SalesforceOrg) -> None:
    """Row, column and caret name the word, also behind a line break."""
    with pytest.raises(SalesforceError) as caught:
        query(org, "SELECT Id,\n  Nope FROM Case")

    assert caught.value.message.startswith(
        "\n  Nope FROM Case\n  ^\nERROR at Row:2:Column:3\nNo such column 'Nope' on entity 'Case'."
    )


def test_a_statement_of_more_than_100000_characters_is_refused() -> None:
    """The limit is on the statement, not on its parts."""
    statement = "SELECT Id FROM Case WHERE Id != null"
    assert parse(statement.ljust(100_000)).sobject == "Case"

    with pytest.raises(SalesforceError, match="100000 characters"):
        parse(statement.ljust(100_001))


def test_a_literal_of_4000_characters_is_read(org: SalesforceOrg) -> None:
    """The limit itself is allowed."""
    assert query(org, f"{ALL_IDS} WHERE Subject = '{'x' * 4000}'") == ()


@given(text=st.text(max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    """Nothing that a client sends breaks the parser."""
    try:
        assert parse(f"{ALL_IDS} WHERE {text}").sobject == "Case"
    except SalesforceError as error:
        assert error.code == "MALFORMED_QUERY"  # noqa: PT017 - most texts are refused, some are not


def test_tokens_know_where_they_stand() -> None:
    """Positions are what errors point with."""
    statement = "SELECT  Id,\tName"
    tokens = tokenize(statement)

    assert [token.text for token in tokens] == ["SELECT", "Id", ",", "Name", "<EOF>"]
    assert [statement[token.position :][: len(token.text)] for token in tokens[:-1]] == [
        token.text for token in tokens[:-1]
    ]
