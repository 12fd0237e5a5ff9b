"""SOQL text, for every shape of query."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_salesforce_chat.soql import Position, Query, quote

SINCE = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
UNTIL = datetime(2024, 2, 1, 2, tzinfo=timezone(timedelta(hours=2)))
START = "SELECT Id FROM Case "
ORDER = "ORDER BY SystemModstamp ASC, Id ASC"


@pytest.mark.parametrize(
    ("query", "where"),
    [
        pytest.param(Query("Case", ("Id",)), "", id="everything"),
        pytest.param(
            Query("Case", ("Id",), since=SINCE),
            "WHERE SystemModstamp >= 2024-01-02T03:04:05Z ",
            id="since",
        ),
        pytest.param(
            Query("Case", ("Id",), since=SINCE, until=UNTIL),
            "WHERE SystemModstamp >= 2024-01-02T03:04:05Z"
            " AND SystemModstamp < 2024-02-01T00:00:00Z ",
            id="window",
        ),
        pytest.param(
            Query("Case", ("Id",), since=SINCE, condition="A = 1 OR B = 2"),
            "WHERE SystemModstamp >= 2024-01-02T03:04:05Z AND (A = 1 OR B = 2) ",
            id="condition-in-parentheses",
        ),
        pytest.param(
            Query("Case", ("Id",), since=SINCE, after=Position(SINCE, "500x")),
            "WHERE (SystemModstamp > 2024-01-02T03:04:05Z"
            " OR (SystemModstamp = 2024-01-02T03:04:05Z AND Id > '500x')) ",
            id="behind-a-row",
        ),
    ],
)
def test_conditions(query: Query, where: str) -> None:
    """Bounds are unquoted and in UTC; a condition cannot widen the window."""
    assert str(query) == START + where + ORDER


def test_fields_stay_in_their_order() -> None:
    """Parents are paths."""
    query = Query("Case", ("Id", "SystemModstamp", "Owner.Name"))

    assert str(query) == START.replace("Id", "Id, SystemModstamp, Owner.Name") + ORDER


@given(st.text())
def test_a_literal_cannot_be_left(text: str) -> None:
    """Whatever is quoted, the literal ends with its own last quote."""
    assert re.fullmatch(r"'(?:[^'\\]|\\.)*'", quote(text), re.DOTALL)
