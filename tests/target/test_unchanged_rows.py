"""What makes rows cheap that have not changed takes no part of what is read of them away."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_creovai.input.reader import LineReader
from target_creovai.salesforce.rows import parse_time
from target_creovai.wholeness.intervals import moment_of, text_of_moment

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
ODD = [
    "2024-W01-1T10:00:00Z",
    "2024-05-06T100000.1Z",
    "2024-05-06T18:00:00+02:00",
    "2024-05-06T18:00:00.000+0000",
    "2024-05-06T24:00:00Z",
    "2024-02-30T18:00:00Z",
    "2024-05-06T18:00:60Z",
    "٢٠٢٤-05-06T18:00:00Z",
]


@given(st.dictionaries(st.text(), VALUES))
def test_a_record_of_any_shape_is_read_as_json_says(record: dict[str, Any]) -> None:
    """Most have few levels, and are decoded by their shape; the others are decoded as anything."""
    line = json.dumps({"type": "RECORD", "stream": "Case", "record": record, "version": 1}) + "\n"
    found: list[dict[str, Any]] = []

    LineReader().process_lines(io.BytesIO(line.encode("utf-8")), {"RECORD": found.append})

    assert [message["record"] for message in found] == [record]
    assert [message["stream"] for message in found] == ["Case"]


@given(st.datetimes(timezones=st.just(UTC)), st.integers(0, 6))
def test_a_version_is_the_same_moment_however_it_is_written(moment: datetime, digits: int) -> None:
    """Versions are compared as text."""
    timespec = "seconds" if digits == 0 else "microseconds"
    text = moment.isoformat(timespec=timespec).replace("+00:00", "Z")
    parsed = parse_time(text)
    assert parsed is not None

    assert moment_of(text) == text_of_moment(parsed)


@pytest.mark.parametrize("text", ODD)
def test_an_odd_form_is_no_shorter_way(text: str) -> None:
    """ISO 8601 has forms as long as the usual one."""
    parsed = parse_time(text)

    assert moment_of(text) == (None if parsed is None else text_of_moment(parsed))
