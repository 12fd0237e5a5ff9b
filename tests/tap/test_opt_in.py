"""What is read only if a setting asks for it, whoever selects what in whatever catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tap_salesforce_chat.settings.config import CONFIG_SCHEMA
from tap_salesforce_chat.settings.opt_in import EXTRA_STREAMS
from tap_salesforce_chat.tap import TapSalesforceChat
from tests.tap.support import catalog_of, queries, run_tap, settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Run

    Catalog = dict[str, Any]

EVERYTHING: dict[str, Any] = {
    "extra_streams": list(EXTRA_STREAMS),
    "supervisor_text": True,
    "viewed_dates": True,
    "mail_without_case": True,
}
PRIVATE_FIELDS = {"SupervisorTranscriptBody", "LastViewedDate", "LastReferencedDate"}


def select_all(catalog: Catalog) -> Catalog:
    """Select all that a catalog has, as Meltano does with `*.*`, and without any pattern."""
    for entry in catalog["streams"]:
        for item in entry["metadata"]:
            item["metadata"]["selected"] = True
    return catalog


def discovered(server: SalesforceServer, **more: Any) -> Catalog:
    """Return the catalog that the tap finds."""
    catalog: Catalog = TapSalesforceChat(config=settings(server, **more)).catalog_dict
    return catalog


CATALOGS: dict[str, Callable[[SalesforceServer], Catalog | None]] = {
    "no catalog": lambda _: None,
    "a catalog as discovered": discovered,
    "a catalog in which everything is selected": lambda server: select_all(discovered(server)),
    "a catalog from when everything was asked for": lambda server: select_all(
        discovered(server, **EVERYTHING)
    ),
}


@pytest.fixture(name="busy")
def make_busy(org: SalesforceOrg) -> dict[str, str]:
    """An org with a row of everything; the Ids of two mails, with a case and without."""
    case = org.add("Case")
    chat = org.add("LiveChatTranscript", Body="Hi", SupervisorTranscriptBody="Offer a voucher")
    org.add("LiveChatTranscriptEvent", LiveChatTranscriptId=chat)
    org.add("Contact", LastName="Doe")
    return {
        "of a case": org.add("EmailMessage", ParentId=case, TextBody="Where is it?"),
        "of nobody": org.add("EmailMessage", TextBody="Our offer"),
    }


def streams_in(run: Run) -> set[str]:
    """Return the streams that a run announces."""
    return {message["stream"] for message in run.messages if message["type"] == "SCHEMA"}


def asked_fields(server: SalesforceServer) -> set[str]:
    """Return all fields that any query has asked for."""
    lists = [soql.removeprefix("SELECT ").partition(" FROM ")[0] for soql in queries(server)]
    return {name for fields in lists for name in fields.split(", ")}


@pytest.mark.parametrize("way", CATALOGS)
def test_what_nobody_asked_for_is_not_read(
    server: SalesforceServer, busy: dict[str, str], way: str
) -> None:
    """Not by a query, not in a SCHEMA, not in a row, and not a row of it."""
    run = run_tap(settings(server), CATALOGS[way](server))

    assert run.error is None
    assert streams_in(run).isdisjoint(EXTRA_STREAMS)
    assert PRIVATE_FIELDS.isdisjoint(asked_fields(server))
    assert "voucher" not in str(run.messages)
    names = {name for item in run.messages for name in item.get("schema", {}).get("properties", ())}
    assert PRIVATE_FIELDS.isdisjoint(names)
    assert run.column("Id", "EmailMessage") == [busy["of a case"]]
    assert run.column("Body", "LiveChatTranscript") == ["Hi"]


@pytest.mark.parametrize("way", ["no catalog", "a catalog from when everything was asked for"])
def test_what_is_asked_for_is_read(
    server: SalesforceServer, busy: dict[str, str], way: str
) -> None:
    """Each by its setting; the tap serves other targets as well."""
    run = run_tap(settings(server, **EVERYTHING), CATALOGS[way](server))

    assert run.error is None
    assert streams_in(run).issuperset(EXTRA_STREAMS)
    assert asked_fields(server) >= PRIVATE_FIELDS
    assert run.column("SupervisorTranscriptBody", "LiveChatTranscript") == ["Offer a voucher"]
    assert "LastViewedDate" in run.rows("Case")[0]
    assert sorted(run.column("Id", "EmailMessage")) == sorted(busy.values())
    assert run.column("Name", "Contact") == ["Doe"]
    assert run.bookmark("Contact") == "2024-05-01T12:00:00Z"


def test_a_stream_that_is_asked_for_can_be_deselected(
    server: SalesforceServer, busy: dict[str, str]
) -> None:
    """The setting lets it be found; what is read is the catalog's business."""
    more = {"extra_streams": ["User", "Contact"]}
    catalog = catalog_of(server, "User", **more)

    run = run_tap(settings(server, **more), catalog)

    assert streams_in(run) == {"User"}


def test_what_is_selected_in_vain_is_named_with_its_setting(
    server: SalesforceServer, busy: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    """Whoever has read users so far learns in one line what has to be set."""
    catalog = CATALOGS["a catalog from when everything was asked for"](server)

    run_tap(settings(server), catalog)

    (line,) = [text for text in caplog.messages if "only read if the setting asks" in text]
    for name in (*EXTRA_STREAMS, *PRIVATE_FIELDS, "extra_streams", "supervisor_text"):
        assert name in line


def test_what_is_not_selected_is_left_out_without_a_word(
    server: SalesforceServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Nothing has changed for who never read it."""
    run_tap(settings(server), catalog_of(server, "CaseComment", extra_streams=["User"]))

    assert not any("asks for it" in text for text in caplog.messages)


def test_objects_that_nobody_asked_for_cost_no_describe(server: SalesforceServer) -> None:
    """A describe is a request of the org's daily ones."""
    discovered(server)

    assert not any("LiveChatTranscriptEvent" in call.path for call in server.calls)


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_hidden_parent_of_mails_does_not_end_the_run(
    server: SalesforceServer, org: SalesforceOrg, busy: dict[str, str], when: str
) -> None:
    """Whether a mail has a case can then not be asked; the sync says that the field is needed."""
    catalog = None if when == "before" else discovered(server)
    org.hide("EmailMessage", "ParentId")

    run = run_tap(settings(server), catalog)

    assert run.error is None
    assert run.states[-1]["sync_reads"]["EmailMessage"]["without"] == ["ParentId"]
    assert len(run.rows("EmailMessage")) == len(busy)


def test_the_condition_on_mails_is_no_filter_of_the_users(
    server: SalesforceServer, busy: dict[str, str]
) -> None:
    """No conversation has other mail, so a consumer need not hear of a part that is missing."""
    wish = {"EmailMessage": "Incoming = false"}

    plain = run_tap(settings(server))
    filtered = run_tap(settings(server, filters=wish))

    assert "filter" not in plain.states[-1]["sync_reads"]["EmailMessage"]
    assert "filter" in filtered.states[-1]["sync_reads"]["EmailMessage"]
    assert any("(ParentId != null) AND (Incoming = false)" in soql for soql in queries(server))


@pytest.mark.parametrize("api", ["REST", "BULK2"])
def test_mail_of_no_case_is_left_out_by_every_interface(
    server: SalesforceServer, busy: dict[str, str], api: str
) -> None:
    """Bulk has queries of its own."""
    run = run_tap(settings(server, api_type=api), catalog_of(server, "EmailMessage"))

    assert run.column("Id", "EmailMessage") == [busy["of a case"]]


@pytest.mark.parametrize("setting", EVERYTHING)
def test_nothing_is_asked_for_by_default(setting: str) -> None:
    """`--about` shows it, and with it every definition that is made of it."""
    assert not CONFIG_SCHEMA["properties"][setting]["default"]
