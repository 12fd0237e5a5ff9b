"""CSV to rows: whatever Salesforce's people have written, Bulk gives it as REST does."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tap_salesforce_chat.reading.bulk_csv import Body, RowMaker, cells, columns
from tap_salesforce_chat.reading.rows import plain
from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
from tests.tap.support import Clock, catalog_of, run_tap, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXT = {"type": ["string", "null"]}
SCHEMAS: dict[str, Any] = {
    "Id": {"type": "string"},
    "Text": TEXT,
    "Flag": {"type": ["boolean", "null"]},
    "Count": {"type": ["integer", "null"]},
    "Sum": {"type": ["number", "null"]},
    "Owner": {"type": ["object", "null"], "properties": {"Name": TEXT, "Email": TEXT}},
}


def rows(content: bytes, size: int = 7) -> list[dict[str, Any]]:
    """Read content that comes in chunks of a size."""
    chunks = (content[start : start + size] for start in range(0, len(content), size))
    records = cells(Body(iter(chunks)))
    make = RowMaker(next(records), SCHEMAS)
    return [plain(make(record)) for record in records]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 4096])
def test_chunks_may_cut_anything(size: int) -> None:
    """Characters of four bytes, quotes, line ends: the network knows nothing of them."""
    text = 'a "b", \U0001f600\r\nc\rd\0e\n\u2028'
    quoted = text.replace('"', '""')

    (row,) = rows(f'"Id","Text"\n"1","{quoted}"\n'.encode(), size)

    assert row == {"Id": "1", "Text": text}


# All that CSV gives a meaning to, and what looks like it.
lookalikes = st.text(st.sampled_from('",\n\r\0a \u00e9'), max_size=12)


@given(
    table=st.integers(1, 4).flatmap(
        lambda width: st.lists(st.lists(lookalikes, min_size=width, max_size=width), min_size=1)
    ),
    size=st.integers(1, 40),
)
@hypothesis_settings(max_examples=300)
def test_no_text_looks_like_the_end_of_a_cell(table: list[list[str]], size: int) -> None:
    """However its quotes, commas and line ends stand, and wherever chunks cut it."""
    text = io.StringIO(newline="")
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerows(table)
    content = text.getvalue().encode()

    chunks = [content[start : start + size] for start in range(0, len(content), size)]

    assert list(cells(chunks)) == table


@pytest.mark.parametrize("content", [b'"Id","Text"\n"1","cut o', b"<html></html>", b'"Id'])
def test_half_a_document_is_an_error(content: bytes) -> None:
    """The end of somebody's text must not get lost."""
    with pytest.raises(csv.Error):
        list(cells([content]))


def test_cells_without_quotes_are_read() -> None:
    """Salesforce quotes all of them; it does not promise to."""
    assert list(cells([b'"Id",Count,"Text"\n"1",7,"a"",""b"\n'])) == [
        ["Id", "Count", "Text"],
        ["1", "7", 'a","b'],
    ]


def test_a_cell_of_the_greatest_length_is_read() -> None:
    """Python's own limit is the very number of characters that a long text may have."""
    text = "\U0001f600" * 131_072

    (row,) = rows(f'"Id","Text"\n"1","{text}"\n'.encode(), 65_536)

    assert row["Text"] == text


def test_types_are_the_schemas() -> None:
    """Digits in a text stay a text, and a number keeps all its digits."""
    content = (
        '"Id","Text","Flag","Count","Sum"\n"1","01234","true","-7","9999999999999999.99"\n'
        '"2","","false","",""\n'
    )

    first, second = rows(content.encode())

    assert first["Text"] == "01234"
    assert first["Flag"] is True
    assert first["Count"] == -7
    assert str(first["Sum"]) == "9999999999999999.99"
    assert second == {"Id": "2", "Text": None, "Flag": False, "Count": None, "Sum": None}


def test_parents_are_objects() -> None:
    """Without an Id there is none; with one, it is there however empty."""
    header = ",".join(f'"{path}"' for path in columns(["Id", "Owner.Name", "Owner.Email"]))

    found = rows(f'{header}\n"1","005","Jo",""\n"2","","",""\n"3","006","",""\n'.encode())

    assert [row["Owner"] for row in found] == [
        {"Name": "Jo", "Email": None},
        None,
        {"Name": None, "Email": None},
    ]


@pytest.mark.parametrize(
    "line", ['"1"', '"1","x","true","","","more"', '"1","x","maybe","",""', '"1","x","","1x",""']
)
def test_a_record_that_cannot_be_is_an_error(line: str) -> None:
    """Shifted cells must not become somebody's data."""
    header = '"Id","Text","Flag","Count","Sum"'

    with pytest.raises((ValueError, KeyError, ArithmeticError)):
        rows(f"{header}\n{line}\n".encode())


@pytest.fixture(name="served", scope="module")
def serve() -> Iterator[SalesforceServer]:
    """A server for all examples, with pages that each of them fills."""
    org = SalesforceOrg()
    org.now = Clock()
    with SalesforceServer(org, page_size=3) as server:
        server.bulk.largest_page = 4
        yield server


# Lone surrogates are no Unicode text, and none can be sent.
any_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.lists(st.tuples(any_text, any_text), min_size=1, max_size=8))
@hypothesis_settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_rest_and_bulk_give_the_same_rows(
    served: SalesforceServer, texts: list[tuple[str, str]]
) -> None:
    """Whatever is in a text, and in the name of a parent."""
    org = served.org
    for table in ("Case", "Contact"):
        org._rows[table].clear()
    for text, name in texts:
        contact = org.add("Contact", LastName=name or None)
        org.add("Case", Description=text, ContactId=contact)
    catalog = catalog_of(served, "Case")

    runs = [run_tap(settings(served, api_type=api), catalog) for api in ("REST", "BULK2")]

    assert [run.error for run in runs] == [None, None]
    rest, bulk = (
        {row["Id"]: json.dumps(row, sort_keys=True) for row in run.rows()} for run in runs
    )
    assert rest == bulk
    assert {row["Description"] for row in runs[0].rows()} == {text or None for text, _ in texts}
