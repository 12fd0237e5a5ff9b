"""Values as databases and other taps write them, and the Ids of Salesforce."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_creovai.errors import RowError
from target_creovai.salesforce.fields import FIELDS
from target_creovai.salesforce.forms import (
    BOOLEAN,
    INSTANT,
    MAIL_STATUS_CODE,
    NUMBER,
    TEXT,
    FormError,
)
from target_creovai.salesforce.ids import long_id
from target_creovai.salesforce.normal import normal_row
from target_creovai.salesforce.rows import parse_time
from tests.target.rows import case, chat, comment, mail

SPELLINGS: dict[bool | None, list[Any]] = {
    True: [True, 1, 1.0, "true", "True", "TRUE", "t", "T", "yes", "Y", "1", " on "],
    False: [False, 0, 0.0, "false", "False", "f", "no", "N", "0", "OFF"],
    None: [None, "", "  "],
}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        pytest.param(form, value, id=repr(form))
        for value, forms in SPELLINGS.items()
        for form in forms
    ],
)
@pytest.mark.parametrize(
    ("row", "field"),
    [
        pytest.param(record.row, field, id=field)
        for record, field in (
            (case(), "IsClosed"),
            (comment(), "IsPublished"),
            (mail(), "Incoming"),
            (mail(), "IsDeleted"),
            (mail(), "HasAttachment"),
            (chat(), "IsChatbotSession"),
        )
    ],
)
def test_a_boolean_in_any_usual_spelling_is_one(
    row: dict[str, Any], field: str, written: Any, meant: Any
) -> None:
    """Of every field that decides what goes."""
    stream = {
        "IsClosed": "Case",
        "IsPublished": "CaseComment",
        "IsChatbotSession": "LiveChatTranscript",
    }
    found = normal_row(stream.get(field, "EmailMessage"), row | {field: written})

    assert found[field] is meant


@pytest.mark.parametrize(
    "written", [2, -1, 0.5, "maybe", "2", [True], {"value": True}, "Ada Quill"], ids=repr
)
def test_what_is_no_boolean_costs_the_row_and_is_not_told(written: Any) -> None:
    """The field, what it is, and what to send: never the value."""
    with pytest.raises(RowError) as caught:
        normal_row("Case", case(IsClosed=written).row)

    said = str(caught.value)
    assert "Case row 500000000000001AAA has IsClosed as a" in said
    assert "have the tap send true or false" in said
    assert "Ada" not in said
    assert "maybe" not in said


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2024-01-02T03:04:05Z", "2024-01-02T03:04:05Z"),
        ("2024-01-02T03:04:05.000+0000", "2024-01-02T03:04:05.000+0000"),
        ("2024-01-02T03:04:05.123456789Z", "2024-01-02T03:04:05.123456789Z"),
        ("2024-01-02 03:04:05", "2024-01-02T03:04:05Z"),
        ("2024-01-02 03:04:05.250", "2024-01-02T03:04:05.25Z"),
        ("2024-01-02 03:04:05+00", "2024-01-02T03:04:05Z"),
        ("2024-01-02 05:04:05+02:00", "2024-01-02T03:04:05Z"),
        ("2024-01-02 03:04:05 UTC", "2024-01-02T03:04:05Z"),
        ("2024-01-02t03:04:05z", "2024-01-02T03:04:05Z"),
        ("2024-01-02", "2024-01-02T00:00:00Z"),
        (1704164645, "2024-01-02T03:04:05Z"),
        (1704164645.5, "2024-01-02T03:04:05.5Z"),
        (1704164645250, "2024-01-02T03:04:05.25Z"),
        (1704164645000001, "2024-01-02T03:04:05.000001Z"),
        (1704164645000001000, "2024-01-02T03:04:05.000001Z"),
        ("1704164645250", "2024-01-02T03:04:05.25Z"),
        ("1704164645", "2024-01-02T03:04:05Z"),
        ("", None),
        (None, None),
    ],
    ids=repr,
)
def test_a_date_time_in_any_usual_form_is_one(written: Any, meant: str | None) -> None:
    """Without a zone it is UTC; a number counts from 1970 in the unit that makes sense."""
    assert normal_row("Case", case(ClosedDate=written).row)["ClosedDate"] == meant


@pytest.mark.parametrize(
    "written",
    ["soon", "01/02/2024", "20240102", "2024-13-01T00:00:00Z", 17, -1, True, [], 1e300],
    ids=repr,
)
def test_what_is_no_date_time_costs_the_row(written: Any) -> None:
    """A guess at its order of day and month could move a message by months."""
    with pytest.raises(RowError, match=r"has CreatedDate as .* have the tap send a date-time"):
        normal_row("Case", case(CreatedDate=written).row)


@given(
    st.datetimes(datetime(1999, 2, 1), datetime(2990, 1, 1)),  # noqa: DTZ001 -- a zone is added
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from([" ", "T", "t"]),
)
def test_no_form_moves_a_moment(moment: datetime, minutes: int, between: str) -> None:
    """Whatever the zone in which a database prints it."""
    zoned = moment.replace(tzinfo=UTC).astimezone(timezone(timedelta(minutes=minutes)))

    assert parse_time(INSTANT.convert(zoned.isoformat(between))) == zoned


@given(st.datetimes(datetime(1999, 2, 1), datetime(2990, 1, 1)), st.sampled_from([0, 3, 6]))  # noqa: DTZ001 -- a zone is added
def test_no_unit_moves_a_moment(moment: datetime, digits: int) -> None:
    """Seconds, milliseconds, microseconds since 1970."""
    whole = moment.replace(
        microsecond=moment.microsecond // 10 ** (6 - digits) * 10 ** (6 - digits)
    )
    number = (whole - datetime(1970, 1, 1)) // timedelta(microseconds=10 ** (6 - digits))  # noqa: DTZ001

    assert parse_time(INSTANT.convert(number)) == whole.replace(tzinfo=UTC)


@pytest.mark.parametrize("written", ["5", 5, 5.0, "5.0", " 5 ", "Draft", "draft"], ids=repr)
def test_a_draft_is_a_draft(written: Any) -> None:
    """It was never sent."""
    assert normal_row("EmailMessage", mail(Status=written).row)["Status"] == "5"


@pytest.mark.parametrize("written", [True, [5], {"value": 5}], ids=repr)
def test_a_status_that_is_none_costs_the_row(written: Any) -> None:
    """What is not known to be sent must not be."""
    with pytest.raises(RowError, match="has Status as"):
        normal_row("EmailMessage", mail(Status=written).row)


@pytest.mark.parametrize(
    ("written", "meant"),
    [(12345, "12345"), (1.5, "1.5"), (2.0, "2"), (True, "true"), ("x", "x")],
    ids=repr,
)
def test_a_text_that_a_database_took_for_a_number_is_a_text(written: Any, meant: str) -> None:
    """A comment may be an order number and nothing else."""
    assert normal_row("CaseComment", comment(CommentBody=written).row)["CommentBody"] == meant


@pytest.mark.parametrize(
    ("written", "meant"),
    [("3", 3), ("3.0", 3), ("2.5", 2.5), ("", None), (7, 7), ("many", "many")],
    ids=repr,
)
def test_a_number_may_be_a_text(written: Any, meant: Any) -> None:
    """What counts nothing stays as it is."""
    row = chat(OperatorMessageCount=written).row

    assert normal_row("LiveChatTranscript", row)["OperatorMessageCount"] == meant


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(_JSON, st.sampled_from([BOOLEAN, INSTANT, TEXT, NUMBER, MAIL_STATUS_CODE]))
def test_any_value_has_the_form_or_is_refused(value: Any, form: Any) -> None:
    """There is no third way, and no error of another kind."""
    if type(value) in form.types and (form.fits is None or form.fits(value)):
        return
    try:
        found = form.convert(value)
    except FormError:
        return
    assert type(found) in form.types
    assert form.fits is None or form.fits(found) or form is MAIL_STATUS_CODE


@given(st.data())
def test_any_row_is_understood_or_refused_and_once_is_enough(data: st.DataObject) -> None:
    """Whatever its names and values are: no other error, and what is in form stays as it is."""
    stream = data.draw(st.sampled_from(sorted(FIELDS)))
    known = [*sorted(FIELDS[stream]), "CreatedBy__UserType", "Owner.Name", "Contact_Email", "sfid"]
    spelled = st.sampled_from(known).flatmap(
        lambda name: st.sampled_from([name, name.lower(), name.upper(), f"_{name}", f"{name}__c"])
    )
    record = data.draw(st.dictionaries(spelled | st.text(max_size=8), _JSON, max_size=8))
    given_record = deepcopy(record)
    try:
        row = normal_row(stream, record)
    except RowError:
        return

    assert record == given_record or has_nan(record)
    assert normal_row(stream, row) == row or has_nan(row)
    assert not [name for name in row if name.startswith("_")]


def test_a_name_of_any_length_takes_no_time() -> None:
    """What comes from outside is not looked at in every way that it could be cut."""
    record = {"Id": "1", "a_" * 100_000: 1}

    assert normal_row("Case", record) == record


def has_nan(value: Any) -> bool:
    """Tell whether a value is unlike itself."""
    return "NaN" in json.dumps(value)


def test_a_row_that_has_all_forms_is_not_even_copied() -> None:
    """Rows of our own tap cost next to nothing."""
    row = chat().row

    assert normal_row("LiveChatTranscript", row) is row


@pytest.mark.parametrize(
    ("short", "whole"),
    [  # the first two as public documentation shows them
        ("0013h00000BY3bw", "0013h00000BY3bwAAD"),
        ("5003000000D8cuI", "5003000000D8cuIAAR"),
        ("001000000000000", "001000000000000AAA"),
        ("ABCDEFGHIJKLMNO", "ABCDEFGHIJKLMNO555"),
    ],
)
def test_an_id_of_15_characters_has_one_of_18(short: str, whole: str) -> None:
    """Three characters say which letters are capitals."""
    assert long_id(short) == whole
    assert long_id(whole) == whole


@pytest.mark.parametrize("other", ["", "chat-1", "0013h00000BY3b-", "0013h00000BY3b", "é" * 15])
def test_what_is_no_id_stays(other: str) -> None:
    """Entries of chats have other identifiers."""
    assert long_id(other) == other
