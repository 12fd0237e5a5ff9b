"""Rows as structs: what was asked for leaves as it came, and nothing else does."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tap_salesforce_chat.errors import SalesforceError
from tap_salesforce_chat.reading.rows import RowFormat, row_as_dict, row_format

STAMP = "2024-05-01T12:00:00.000+0000"
SCHEMAS: dict[str, Any] = {
    "SystemModstamp": {"format": "date-time"},
    "CreatedDate": {"format": "date-time"},
    "Body": {},
    "Owner": {"properties": {"Name": {}}},
}
FORMAT = row_format(("Id", "SystemModstamp", "CreatedDate", "Body", "Owner.Name"), SCHEMAS)


def read(document: str, rows: RowFormat = FORMAT) -> Any:
    """Read one row."""
    row = msgspec.json.decode(document, type=rows.type)
    rows.normalize([row])
    return row


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(body=values, name=st.none() | st.text(), more=st.dictionaries(st.text(), values, max_size=3))
@hypothesis_settings(max_examples=200)
def test_what_was_asked_for_leaves_and_nothing_else(
    body: Any, name: str | None, more: dict[str, Any]
) -> None:
    """Whatever its value is; what describes the answer, or was deselected, stays behind."""
    row = {"Id": "500x", "SystemModstamp": STAMP, "CreatedDate": None, "Body": body}
    parent = {"Name": name}
    extra = {key: value for key, value in more.items() if key not in {*row, *parent, "Owner"}}
    document = {"attributes": {"type": "Case"}, **extra, **row, "Owner": {**extra, **parent}}

    found = row_as_dict(read(json.dumps(document)))

    assert found == {**row, "SystemModstamp": "2024-05-01T12:00:00Z", "Owner": parent}


@pytest.mark.parametrize(
    "number", ["9999999999999999.99", "1.10", "0.0", "-7", "123456789012345678"]
)
def test_a_number_keeps_its_digits(number: str) -> None:
    """It is not read at all."""
    row = read(f'{{"Id": "500x", "SystemModstamp": "{STAMP}", "Body": {number}}}')

    assert f'"Body":{number}' in msgspec.json.encode(row).decode()


def test_a_field_that_does_not_come_is_not_made_up() -> None:
    """A null would be a value that Salesforce has not sent."""
    row = read(f'{{"Id": "500x", "SystemModstamp": "{STAMP}", "Owner": null}}')

    assert row_as_dict(row) == {
        "Id": "500x",
        "SystemModstamp": "2024-05-01T12:00:00Z",
        "Owner": None,
    }


@pytest.mark.parametrize("text", ["\\ud83d", "a \\uDE00 b", "\\ud83d\\ud83d\\ude00"])
def test_half_a_character_is_noticed(text: str) -> None:
    """Though text is not read: a target would not know what to do with it."""
    document = f'{{"Id": "500x", "SystemModstamp": "{STAMP}", "Body": "{text}"}}'

    with pytest.raises(msgspec.DecodeError):
        read(document)


def test_a_date_time_that_is_none_names_its_field() -> None:
    """Not the value: it may be anybody's."""
    row = f'{{"Id": "500x", "SystemModstamp": "{STAMP}", "CreatedDate": "hush"}}'

    with pytest.raises(SalesforceError, match="A value of the field CreatedDate") as caught:
        read(row)
    assert "hush" not in str(caught.value)
