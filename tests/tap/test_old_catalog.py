"""A catalog from before the org's fields got other types: rows are as the SCHEMA before them."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from tests.fakes.salesforce.matching import is_page
from tests.tap.support import catalog_of, run_tap, settings

if TYPE_CHECKING:
    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock, Run

API_TYPES = ("REST", "BULK2")
FIELD = "Custom__c"
# Conversions that Setup offers: Salesforce Help, Change the Custom Field Type.
CHANGES: dict[str, tuple[str, Any, str, Any]] = {
    "number to text": ("double", 5, "string", str),
    "text to number": ("string", "7", "double", float),
    "checkbox to picklist": ("boolean", True, "picklist", lambda value: "Yes" if value else "No"),
    "picklist to checkbox": ("picklist", "Yes", "boolean", bool),
    "date to date-time": ("date", "2024-05-01", "datetime", lambda day: f"{day}T00:00:00+00:00"),
    "date-time to date": ("datetime", "2024-05-01T10:00:00+00:00", "date", lambda text: text[:10]),
    "currency to text": ("currency", 12.5, "string", str),
    "text to long text": ("string", "words", "textarea", str),
}


# What also fits the type of before stays as it came.
FITS = {
    *((change, api) for change in ("text to long text", "date-time to date") for api in API_TYPES),
    *((f"{kind} to text", "BULK2") for kind in ("number", "currency")),
    ("text to number", "BULK2"),
    ("picklist to checkbox", "BULK2"),
}
FORMATS = FormatChecker(())
FORMATS.checks("date")(lambda text: text is None or len(text) == 10)
FORMATS.checks("date-time")(lambda text: text is None or "T" in text)


def contradictions(run: Run, stream: str = "Case") -> list[str]:
    """Return what of the rows is not as the last SCHEMA before them says."""
    found: list[str] = []
    validator: Any = None
    for message in run.messages:
        if message.get("stream") != stream:
            continue
        if message["type"] == "SCHEMA":
            validator = Draft202012Validator(message["schema"], format_checker=FORMATS)
        else:
            found += [error.message for error in validator.iter_errors(message["record"])]
    return found


@pytest.mark.parametrize("api_type", API_TYPES)
@pytest.mark.parametrize("change", CHANGES)
def test_a_field_of_another_type_is_read_as_the_org_has_it(
    server: SalesforceServer,
    org: SalesforceOrg,
    caplog: pytest.LogCaptureFixture,
    change: str,
    api_type: str,
) -> None:
    """Or else a database would refuse the rows, or take the wrong thing."""
    before, value, after, convert = CHANGES[change]
    org.add_field("Case", FIELD, before)
    ids = [org.add("Case"), org.add("Case", **{FIELD: value}), org.add("Case")]
    catalog = catalog_of(server, "Case")
    org.retype("Case", FIELD, after, convert)

    run = run_tap(settings(server, api_type=api_type), deepcopy(catalog))
    fresh = run_tap(settings(server, api_type=api_type), catalog_of(server, "Case"))

    assert run.error is fresh.error is None
    assert set(run.column("Id")) == set(ids)
    assert contradictions(run) == []
    values = {row["Id"]: row[FIELD] for row in run.rows()}
    expected = {row["Id"]: row[FIELD] for row in fresh.rows()}
    if (change, api_type) not in FITS:
        assert values == expected
        (warning,) = [text for text in caplog.messages if "another type" in text]
        assert FIELD in warning


def test_a_type_that_changes_in_the_middle_is_taken_from_there_on(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
) -> None:
    """The rows before it went out under the old SCHEMA."""
    org.add_field("Case", FIELD, "double")
    ids = []
    for number in range(8):
        ids.append(org.add("Case", **{FIELD: number}))
        clock.tick()
    catalog = catalog_of(server, "Case")
    server.interceptors.add(
        is_page, before=lambda: org.retype("Case", FIELD, "string", str), skip=2, times=1
    )

    run = run_tap(settings(server, max_workers=1), catalog)

    assert run.error is None
    assert run.column("Id") == ids
    assert contradictions(run) == []
    assert [type(value) for value in run.column(FIELD)] == [float] * 4 + [str] * 4


def test_a_catalog_that_is_right_costs_no_describe(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """Values tell; nobody has to ask each hour."""
    org.add_field("Case", FIELD, "double")
    org.add("Case", **{FIELD: 5})
    catalog = catalog_of(server, "Case", "EmailMessage")
    before = len(server.calls)

    run_tap(settings(server), catalog)

    assert not any("describe" in call.path for call in server.calls[before:])
