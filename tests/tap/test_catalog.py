"""A catalog given to the tap: selections, and an org that has changed since."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_salesforce_chat.discovery.fields import paths_named
from tap_salesforce_chat.errors import MissingFieldError
from tests.tap.support import add_cases, catalog_of, deselect, queries, run_tap, settings

if TYPE_CHECKING:
    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock


def select_list(soql: str) -> list[str]:
    """Return the fields that a query asks for."""
    return soql.removeprefix("SELECT ").partition(" FROM ")[0].split(", ")


def test_what_is_not_selected_is_not_asked_for(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """Not in the query, not in the row, not in the schema."""
    org.add("Case", Subject="x", Description="y")
    catalog = catalog_of(server, "Case")
    deselect(catalog, "Case", "Description")
    deselect(catalog, "Case", "Account")
    deselect(catalog, "Case", "Owner", "Email")

    run = run_tap(settings(server), catalog)

    fields = select_list(queries(server)[-1])
    assert not {"Description", "Account.Name", "Owner.Email"} & set(fields)
    assert {"Subject", "Owner.Name"} <= set(fields)
    (row,) = run.rows()
    schema = next(item["schema"] for item in run.messages if item["type"] == "SCHEMA")
    assert not {"Description", "Account"} & (row.keys() | schema["properties"].keys())
    assert "Email" not in row["Owner"]
    assert "Email" not in schema["properties"]["Owner"]["properties"]


def test_a_row_holds_what_the_schema_holds(server: SalesforceServer, org: SalesforceOrg) -> None:
    """No field more, no field less."""
    org.add("Case")

    run = run_tap(settings(server), catalog_of(server, "Case"))

    schema = next(item["schema"] for item in run.messages if item["type"] == "SCHEMA")
    unselected = {"LastViewedDate", "LastReferencedDate"}
    assert run.rows()[0].keys() == schema["properties"].keys() - unselected


def test_the_keys_cannot_be_deselected(server: SalesforceServer, org: SalesforceOrg) -> None:
    """Not even by a catalog by hand that does not call them automatic."""
    org.add("Case")
    catalog = catalog_of(server, "Case")
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            item["metadata"].pop("inclusion", None)
    deselect(catalog, "Case", "Id")
    deselect(catalog, "Case", "SystemModstamp")

    run = run_tap(settings(server), catalog)

    assert run.error is None
    assert {"Id", "SystemModstamp"} <= run.rows()[0].keys()
    assert run.bookmark() == "2024-05-01T12:00:00Z"


def test_deselected_streams_are_not_read(server: SalesforceServer) -> None:
    """No query, no schema."""
    run = run_tap(settings(server), catalog_of(server, "EmailMessage"))

    assert [item["stream"] for item in run.messages if item["type"] == "SCHEMA"] == ["EmailMessage"]
    assert len(queries(server)) == 1


def test_streams_that_nobody_knows_are_named(
    server: SalesforceServer, caplog: pytest.LogCaptureFixture
) -> None:
    """A catalog may come from another tap, or from a later version of this one."""
    catalog = catalog_of(server, "Case")
    catalog["streams"].append(catalog["streams"][0] | {"tap_stream_id": "Opportunity"})

    run = run_tap(settings(server), catalog)

    assert run.error is None
    assert any("Opportunity" in text for text in caplog.messages)


def test_a_field_that_is_hidden_meanwhile_is_left_out_with_a_warning(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """A catalog may be older than the last change of a permission set."""
    ids = add_cases(org, clock, 3)
    catalog = catalog_of(server, "Case")
    org.hide("Case", "Description")

    run = run_tap(settings(server), catalog)

    assert run.error is None
    assert run.column("Id") == ids
    assert "Description" not in run.rows()[0]
    (warning,) = [text for text in caplog.messages if "Left out of Case" in text]
    assert "Description" in warning
    assert "field-level security" in warning


@pytest.mark.parametrize(
    ("sobject", "field", "lost", "kept"),
    [
        ("Contact", "Email", "Contact.Email", "Contact.Name"),
        ("User", "Email", "CreatedBy.Email", "Contact.Email"),
        ("Case", "ContactId", "Contact.Name", "Account.Name"),
    ],
)
def test_a_hidden_field_of_a_parent_costs_that_field(
    server: SalesforceServer, org: SalesforceOrg, sobject: str, field: str, lost: str, kept: str
) -> None:
    """Parents have fields of the same names: only the one that is meant goes."""
    org.add("Case")
    catalog = catalog_of(server, "Case")
    org.hide(sobject, field)

    run = run_tap(settings(server), catalog)

    fields = select_list(queries(server)[-1])
    assert run.error is None
    assert len(run.rows()) == 1
    assert lost not in fields
    assert kept in fields


def test_a_key_that_is_hidden_ends_the_run(server: SalesforceServer, org: SalesforceOrg) -> None:
    """Without it there is no order and no bookmark."""
    org.add("Case")
    catalog = catalog_of(server, "Case")
    org.hide("Case", "SystemModstamp")

    run = run_tap(settings(server), catalog)

    assert isinstance(run.error, MissingFieldError)
    assert "SystemModstamp" in str(run.error)


def test_a_filter_on_a_hidden_field_ends_the_run(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """Leaving the filter out would let through what it holds back."""
    catalog = catalog_of(server, "Case")
    org.hide("Case", "Origin")

    run = run_tap(settings(server, filters={"Case": "Origin = 'Secret words'"}), catalog)

    assert isinstance(run.error, MissingFieldError)
    assert "filters" in str(run.error)
    assert "Secret words" not in str(run.error)


@pytest.mark.parametrize(
    ("name", "entity", "found"),
    [
        ("Email", "Name", {"Owner.Email"}),
        ("Email", "User", {"CreatedBy.Email"}),
        ("Email", "Case", {"Email"}),
        ("Owner", None, {"Owner.Name", "Owner.Email"}),
        ("Phone", "Case", set()),
        (None, None, set()),
    ],
)
def test_a_complaint_is_about_these_paths(
    name: str | None, entity: str | None, found: set[str]
) -> None:
    """Salesforce names the object, the query the way to it."""
    fields = ("Id", "Email", "Owner.Name", "Owner.Email", "CreatedBy.Email")
    objects = {"": "Case", "Owner": "Name", "CreatedBy": "User"}

    assert paths_named(fields, MissingFieldError("", name, entity), objects) == found


def test_stream_maps_work(server: SalesforceServer, org: SalesforceOrg) -> None:
    """The SDK's own way to hash or drop fields on their way out."""
    org.add("Case", Subject="x", SuppliedEmail="jo@example.test")
    maps = {"Case": {"SuppliedEmail": "md5(SuppliedEmail)", "Description": None}}

    run = run_tap(settings(server, stream_maps=maps), catalog_of(server, "Case"))

    assert run.error is None
    (row,) = run.rows()
    assert "jo@" not in row["SuppliedEmail"]
    assert "Description" not in row
    assert row["Subject"] == "x"
