"""The catalog: what the org has and shows, no more, no less.

The goldens in `data/catalog/` are what a full org gives. After a wanted change, make them again
with

    python -m tests.tap.test_discovery

and read the diff: it is what every user's warehouse will see.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tap_salesforce_chat.discovery import describe
from tap_salesforce_chat.discovery.describe import TYPES
from tap_salesforce_chat.errors import NotFoundError, UnreadableObjectError
from tap_salesforce_chat.settings.opt_in import EXTRA_STREAMS
from tap_salesforce_chat.streams import declarations
from tap_salesforce_chat.streams.declarations import CONTACT
from tap_salesforce_chat.tap import TapSalesforceChat
from tests.fakes.salesforce import Fault, SalesforceOrg, SalesforceServer
from tests.tap.support import catalog_of, queries, run_tap, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

GOLDENS = Path(__file__).parent / "data" / "catalog"
STREAMS = sorted({stream.sobject for stream in declarations.STREAMS} - set(EXTRA_STREAMS))


def discover(server: SalesforceServer, **more: Any) -> dict[str, dict[str, Any]]:
    """Return the catalog's entries by stream."""
    catalog = TapSalesforceChat(config=settings(server, **more)).catalog_dict
    return {entry["tap_stream_id"]: entry for entry in catalog["streams"]}


def golden_text(entry: dict[str, Any]) -> str:
    """Return an entry as its golden file holds it."""
    return json.dumps(entry, indent=1, default=list) + "\n"


def properties(entry: dict[str, Any]) -> dict[str, Any]:
    """Return the schemas of an entry's fields."""
    found: dict[str, Any] = entry["schema"]["properties"]
    return found


@pytest.fixture(scope="module")
def full_org() -> Iterator[dict[str, dict[str, Any]]]:
    """The entries of an org that shows everything."""
    with SalesforceServer(SalesforceOrg()) as server:
        yield discover(server, extra_streams=list(EXTRA_STREAMS))


@pytest.mark.parametrize("stream", [*STREAMS, *EXTRA_STREAMS])
def test_the_catalog_of_a_full_org_is_the_golden_one(
    full_org: dict[str, dict[str, Any]], stream: str
) -> None:
    """A change of the schema must show up in a diff."""
    assert golden_text(full_org[stream]) == (GOLDENS / f"{stream}.json").read_text()


@pytest.mark.parametrize("stream", [*STREAMS, *EXTRA_STREAMS])
def test_the_keys_are_in_the_catalog(full_org: dict[str, dict[str, Any]], stream: str) -> None:
    """Targets and Meltano read them from there; they cannot be deselected."""
    entry = full_org[stream]
    metadata = {tuple(item["breadcrumb"]): item["metadata"] for item in entry["metadata"]}

    assert entry["key_properties"] == ("Id",)
    assert entry["replication_key"] == "SystemModstamp"
    assert metadata[()]["table-key-properties"] == ("Id",)
    assert metadata[()]["replication-key"] == "SystemModstamp"
    for key in ("Id", "SystemModstamp"):
        assert metadata["properties", key]["inclusion"] == "automatic"


@pytest.mark.parametrize("stream", [*STREAMS, *EXTRA_STREAMS])
def test_everything_but_the_key_may_be_null(
    full_org: dict[str, dict[str, Any]], stream: str
) -> None:
    """Describe's `nillable` binds people who edit rows, not rows that are there."""
    schemas = properties(full_org[stream])
    nested = [sub for schema in schemas.values() for sub in schema.get("properties", {}).values()]

    assert schemas.pop("Id") == {"type": "string"}
    assert all("null" in schema["type"] for schema in [*schemas.values(), *nested])


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_a_custom_field_has_the_type_of_its_declaration(
    server: SalesforceServer, org: SalesforceOrg, kind: str
) -> None:
    """Never that of its values: an account number is text, though it looks like a number."""
    org.add_field("Case", "Extra__c", kind)

    schema = properties(discover(server)["Case"])["Extra__c"]

    assert schema == TYPES[kind] | {"type": [TYPES[kind]["type"], "null"]}


@pytest.mark.parametrize("kind", ["address", "location", "base64", "complexvalue"])
def test_what_is_no_plain_value_is_left_out(
    server: SalesforceServer, org: SalesforceOrg, kind: str
) -> None:
    """The parts of a compound field are fields of their own."""
    org.add_field("Case", "Extra__c", kind)

    assert "Extra__c" not in properties(discover(server)["Case"])


def test_lists_of_ids_are_left_out(full_org: dict[str, dict[str, Any]]) -> None:
    """They call themselves references, but queries limit them and Bulk refuses them."""
    assert not {"ToIds", "CcIds", "BccIds"} & properties(full_org["EmailMessage"]).keys()


def test_each_object_is_described_once(server: SalesforceServer) -> None:
    """Four streams share most of their parents."""
    discover(server)

    described = [call.path for call in server.calls if call.path.endswith("/describe")]
    assert len(described) == len(set(described))
    assert not any("/Name/" in path for path in described)


def test_a_hidden_field_is_left_out(server: SalesforceServer, org: SalesforceOrg) -> None:
    """What field-level security hides, describe does not mention."""
    org.hide("Case", "Description")
    org.add("Case", Description="not for us")

    assert "Description" not in properties(discover(server)["Case"])
    assert "Description" not in run_tap(settings(server)).rows()[0]


def test_what_is_missing_of_parents_is_named_once_with_the_permission(
    server: SalesforceServer, org: SalesforceOrg, caplog: pytest.LogCaptureFixture
) -> None:
    """An administrator can work the one warning off; everything else is read."""
    org.hide("Contact", "Email", "Phone")
    org.hide("Case", "RecordTypeId")
    org.forbid("Account")

    entry = discover(server)["Case"]

    (warning,) = [text for text in caplog.messages if "catalog of Case " in text]
    for permission in (
        "field-level security on Contact.Email",
        "field-level security on Contact.Phone",
        "field-level security on Case.RecordTypeId",
        "Read on object Account",
    ):
        assert permission in warning
    assert list(properties(entry)["Contact"]["properties"]) == ["FirstName", "LastName", "Name"]
    assert not {"Account", "RecordType"} & properties(entry).keys()


def test_a_parent_that_cannot_be_described_is_asked_for_all_the_same() -> None:
    """The way to it is visible, and a query may see more than describe does."""
    document = {
        "name": "Case",
        "fields": [
            {"name": "Id", "type": "id"},
            {
                "name": "ContactId",
                "type": "reference",
                "relationshipName": "Contact",
                "referenceTo": ["Contact"],
            },
        ],
    }

    discovery = describe.discover(document, [CONTACT], lambda _: None)

    assert list(discovery.schema["properties"]["Contact"]["properties"]) == list(CONTACT.fields)
    assert discovery.missing == ()


def test_an_object_that_cannot_be_read_leaves_the_others_alone(
    server: SalesforceServer, org: SalesforceOrg, caplog: pytest.LogCaptureFixture
) -> None:
    """Its entry is there, so that it can be deselected."""
    org.forbid("LiveChatTranscript")

    entries = discover(server)

    assert list(entries) == STREAMS
    assert list(properties(entries["LiveChatTranscript"])) == ["Id", "SystemModstamp"]
    assert "Subject" in properties(entries["Case"])
    assert any("Read on object LiveChatTranscript" in text for text in caplog.messages)


def test_a_selected_object_that_cannot_be_read_ends_the_run(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """Zero rows and success would be the worst answer; what was read before is kept."""
    case = org.add("Case")
    org.forbid("LiveChatTranscript")

    run = run_tap(settings(server))

    assert isinstance(run.error, UnreadableObjectError)
    for words in ("Read on object LiveChatTranscript", "deselect the stream LiveChatTranscript"):
        assert words in str(run.error)
    assert run.column("Id") == [case]
    assert run.bookmark("Case") == "2024-05-01T12:00:00Z"
    assert "sync_completed_at" not in run.states[-1]


def test_a_deselected_object_that_cannot_be_read_is_no_problem(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """That is the way to do without it."""
    org.forbid("LiveChatTranscript")

    run = run_tap(settings(server), catalog_of(server, "Case"))

    assert run.error is None
    assert "sync_completed_at" in run.states[-1]


def test_an_api_version_that_does_not_exist_is_not_an_empty_org(server: SalesforceServer) -> None:
    """Nothing at all to be read is more likely a wrong setting than a wish."""
    with pytest.raises(NotFoundError, match="api_version"):
        discover(server, api_version="99.0")


def test_a_failure_of_describe_is_not_a_missing_object(
    server: SalesforceServer, waits: list[float]
) -> None:
    """A catalog without fields that are there would silently lose them."""
    server.faults.add(Fault("500", path="/describe", times=2))
    entry = discover(server, cache_dir="/dev/null/nowhere")["Case"]
    server.faults.add(Fault("500", path="/describe", times=100))
    run = run_tap(settings(server))

    assert "Subject" in properties(entry)
    assert len(waits) == 2 + 6
    assert "Describe of Case" in str(run.error)


def test_a_catalog_spares_all_describes(server: SalesforceServer, org: SalesforceOrg) -> None:
    """Discovery and sync are two processes under Meltano; one of them has to ask."""
    org.add("Case")
    catalog = catalog_of(server, *STREAMS)
    before = len(server.calls)

    run = run_tap(settings(server), catalog)

    paths = [call.path for call in server.calls[before:]]
    assert run.error is None
    assert not any("describe" in path for path in paths)
    # Sessions are counted before their entries are read: there are none.
    assert len(queries(server)) == len(STREAMS) - 1


def remake_goldens() -> None:
    """Write the goldens anew."""
    GOLDENS.mkdir(parents=True, exist_ok=True)
    with SalesforceServer(SalesforceOrg()) as server:
        for stream, entry in discover(server, extra_streams=list(EXTRA_STREAMS)).items():
            (GOLDENS / f"{stream}.json").write_text(golden_text(entry))


if __name__ == "__main__":
    remake_goldens()
