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

from tap_salesforce_chat.reading.bulk.csv_rows import (
    FieldTypeError,
    MeasuredChunks,
    RowMaker,
    cells,
    columns,
)
from tap_salesforce_chat.reading.rows import row_as_dict
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
    "At": {"type": ["string", "null"], "format": "date-time"},
    "Owner": {
        "type": ["object", "null"],
        "properties": {"Name": TEXT, "Email": TEXT, "Age": {"type": ["integer", "null"]}},
    },
}


def rows(content: bytes, size: int = 7, paths: list[str] | None = None) -> list[dict[str, Any]]:
    """Read content that comes in chunks of a size."""
    chunks = (content[start : start + size] for start in range(0, len(content), size))
    records = cells(MeasuredChunks(iter(chunks)))
    header = next(records)
    make = RowMaker(paths or header, SCHEMAS, header)
    return [row_as_dict(make(record)) for record in records]


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


@pytest.mark.parametrize("line", ['"1"', '"1","x","true","","","more"'])
def test_a_record_that_cannot_be_is_an_error(line: str) -> None:
    """Shifted cells must not become somebody's data."""
    header = '"Id","Text","Flag","Count","Sum"'

    with pytest.raises(ValueError, match="cells under a header of 5"):
        rows(f"{header}\n{line}\n".encode())


@pytest.mark.parametrize(
    ("column", "cell", "kind"),
    [
        ("Flag", "maybe", "boolean"),
        ("Flag", "1", "boolean"),
        ("Count", "1x", "integer"),
        ("Count", "9" * 5_000, "integer"),
        ("Sum", "1,5", "number"),
        ("At", "yesterday", "date-time"),
        ("Owner.Age", "old", "integer"),
    ],
)
def test_a_value_that_does_not_fit_names_its_field(column: str, cell: str, kind: str) -> None:
    """Not the value: it may be anybody's. And nothing is wrong with the transfer."""
    header = '"Id","At","Flag","Count","Sum","Owner.Id","Owner.Age"'
    cells = dict.fromkeys(header.replace('"', "").split(","), "")
    line = ",".join(f'"{text}"' for text in (cells | {column: cell}).values())

    with pytest.raises(FieldTypeError, match=f"the field {column} is no {kind}") as caught:
        rows(f"{header}\n{line}\n".encode())
    assert cell not in str(caught.value).replace(column, "")


def test_the_order_of_columns_does_not_matter() -> None:
    """Nor do their names' cases, nor columns that nobody asked for."""
    paths = columns(["Id", "Text", "Count", "Owner.Name", "Owner.Email"])
    content = (
        '"owner.email","More","TEXT","Owner.Name","Id","Owner.Id","Count"\n'
        '"jo@x.test","!","words","Jo","1","005","7"\n'
    )

    (row,) = rows(content.encode(), paths=paths)

    owner = {"Name": "Jo", "Email": "jo@x.test"}
    assert row == {"Id": "1", "Text": "words", "Count": 7, "Owner": owner}


def test_a_header_without_a_column_is_an_error() -> None:
    """What was asked for and did not come is not empty."""
    with pytest.raises(ValueError, match="without 1 of the 2 columns"):
        rows(b'"Id","Else"\n"1","x"\n', paths=["Id", "Text"])


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
