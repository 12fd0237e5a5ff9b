"""Fields without which a row cannot be understood: named while missing, made good when back."""

from __future__ import annotations

from copy import deepcopy
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tap_salesforce_chat.streams.base import SalesforceStream
from tap_salesforce_chat.streams.declarations import STREAMS
from tests.fakes.salesforce import Fault
from tests.fakes.salesforce.matching import is_query
from tests.tap.support import NOON, Run, catalog_of, deselect, run_tap, settings

if TYPE_CHECKING:
    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock

APIS = pytest.mark.parametrize("api_type", ["REST", "BULK2"])
# Whatever can be hidden in a live org, a catalog or a stream map can leave out all of them.
NEEDED = [
    (stream.sobject, path)
    for stream in STREAMS
    for path in stream.needed
    if stream.sobject != "ConversationEntry"
]


def add_rows(org: SalesforceOrg, clock: Clock, sobject: str, count: int = 4) -> list[str]:
    """Add rows an hour apart."""
    ids = []
    for _ in range(count):
        needed: dict[str, Any] = {}
        if sobject in {"CaseComment", "EmailMessage"}:
            needed["ParentId"] = org.add("Case")
        if sobject == "LiveChatTranscript":
            needed["LiveChatVisitorId"] = org.add("LiveChatVisitor", SessionKey="key")
        if sobject == "MessagingSession":
            needed["MessagingEndUserId"] = org.add("MessagingEndUser", Name="Jo")
        ids.append(org.add(sobject, **needed))
        clock.tick(3600)
    return ids


def place_of(sobject: str, path: str) -> tuple[str, str]:
    """Return the object and the field that a path leads to."""
    return ("User", path.removeprefix("CreatedBy.")) if "." in path else (sobject, path)


def has(row: dict[str, Any], path: str) -> bool:
    """Tell whether a row has a field, or a parent's."""
    relationship, _, name = path.rpartition(".")
    return name in (row[relationship] if relationship else row)


def go(server: SalesforceServer, catalog: Any, state: Any = None, **more: Any) -> Run:
    """Sync, and insist that it goes well."""
    run = run_tap(settings(server, **more), deepcopy(catalog), deepcopy(state))
    assert run.error is None
    return run


def said(caplog: pytest.LogCaptureFixture, stream: str) -> list[str]:
    """Return the warnings of needed fields of a stream, and forget them."""
    found = [text for text in caplog.messages if f"Left out of {stream}: " in text]
    caplog.clear()
    return found


@pytest.mark.parametrize(
    ("sobject", "path", "api_type"),
    [(*item, "REST") for item in NEEDED] + [(*item, "BULK2") for item in dict(NEEDED).items()],
)
def test_a_hidden_field_is_named_at_every_sync_and_made_good_when_it_is_back(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    sobject: str,
    path: str,
    api_type: str,
) -> None:
    """A grant moves no row, and the catalog is the one from before it."""
    ids = add_rows(org, clock, sobject)
    owner, field = place_of(sobject, path)
    org.hide(owner, field)
    catalog = catalog_of(server, sobject)

    without = [go(server, catalog, api_type=api_type)]
    without.append(go(server, catalog, without[0].states[-1], api_type=api_type))
    warnings = said(caplog, sobject)
    org.show(owner, field)
    back = go(server, catalog, without[1].states[-1], api_type=api_type)
    after = go(server, catalog, back.states[-1], api_type=api_type)

    for run in without:
        assert run.states[0]["sync_reads"][sobject]["without"] == [path]
        assert not any(has(row, path) for row in run.rows(sobject))
        assert not in_schema(run, sobject, path)
    assert len(warnings) == len(without)
    assert all(path in text and "field-level security" in text for text in warnings)
    assert sorted(back.column("Id", sobject)) == ids
    assert all(has(row, path) for row in back.rows(sobject))
    assert in_schema(back, sobject, path)
    assert "without" not in back.states[0]["sync_reads"][sobject]
    assert back.states[0]["sync_reads"][sobject]["since"] is None
    assert back.bookmark(sobject) == without[1].bookmark(sobject)
    assert set(after.column("Id", sobject)) <= {ids[-1]}
    assert said(caplog, sobject) == []


def in_schema(run: Run, stream: str, path: str) -> bool:
    """Tell whether the last SCHEMA of a stream has a field."""
    schemas = [
        item["schema"]
        for item in run.messages
        if item["type"] == "SCHEMA" and item["stream"] == stream
    ]
    properties = schemas[-1]["properties"]
    relationship, _, name = path.rpartition(".")
    return name in (
        properties.get(relationship, {}).get("properties", {}) if relationship else properties
    )


@pytest.mark.parametrize(("sobject", "path"), dict(NEEDED).items())
def test_a_deselected_field_is_named_and_made_good_when_it_is_selected(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    sobject: str,
    path: str,
) -> None:
    """Nobody has to remember what was read without it."""
    ids = add_rows(org, clock, sobject)
    catalog = catalog_of(server, sobject)
    narrow = deepcopy(catalog)
    deselect(narrow, sobject, *path.split("."))

    without = go(server, narrow)
    (warning,) = said(caplog, sobject)
    back = go(server, catalog, without.states[-1])

    assert without.states[-1]["sync_reads"][sobject]["without"] == [path]
    assert f"Select {path} in the catalog" in warning
    assert sorted(back.column("Id", sobject)) == ids


def test_a_field_that_nobody_needs_changes_nothing(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Old rows are not read again for it."""
    ids = add_rows(org, clock, "Case")
    org.hide("Case", "Subject")
    catalog = catalog_of(server, "Case")
    first = go(server, catalog)
    org.show("Case", "Subject")

    second = go(server, catalog_of(server, "Case"), first.states[-1])

    assert "without" not in first.states[-1]["sync_reads"]["Case"]
    assert second.column("Id") == ids[-1:]


@APIS
def test_only_what_was_read_without_it_is_read_again(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, api_type: str
) -> None:
    """A field that was lost between two syncs was there before."""
    catalog = catalog_of(server, "EmailMessage")
    before = add_rows(org, clock, "EmailMessage")
    first = go(server, catalog, api_type=api_type)
    lost = add_rows(org, clock, "EmailMessage")
    org.hide("EmailMessage", "TextBody", "HtmlBody")
    second = go(server, catalog, first.states[-1], api_type=api_type)
    lost += add_rows(org, clock, "EmailMessage")
    third = go(server, catalog, second.states[-1], api_type=api_type)
    org.show("EmailMessage", "TextBody", "HtmlBody")

    back = go(server, catalog, third.states[-1], api_type=api_type)

    assert sorted(back.column("Id", "EmailMessage")) == [before[-1], *lost]


@APIS
def test_a_field_that_is_lost_in_the_middle_leaves_the_schema_too(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    api_type: str,
) -> None:
    """What lacks it must not look as if it were empty."""
    ids = add_rows(org, clock, "EmailMessage", 8)
    catalog = catalog_of(server, "EmailMessage")
    server.interceptors.add(
        is_query, before=lambda: org.hide("EmailMessage", "TextBody"), skip=1, times=1
    )
    if api_type == "REST":
        server.faults.add(Fault("lost_locator", after=2))
    else:
        org.hide("EmailMessage", "TextBody")

    run = go(server, catalog, api_type=api_type, max_workers=1)
    org.show("EmailMessage", "TextBody")
    back = go(server, catalog, run.states[-1], api_type=api_type)

    schema: dict[str, Any] = {}
    for message in run.messages:
        if message["type"] == "SCHEMA":
            schema = message["schema"]
        if message["type"] == "RECORD":
            assert message["record"].keys() == schema["properties"].keys()
    lacking = [row["Id"] for row in run.rows("EmailMessage") if "TextBody" not in row]
    assert sorted(run.column("Id", "EmailMessage")) == ids
    assert run.states[-1]["sync_reads"]["EmailMessage"]["without"] == ["TextBody"]
    assert set(lacking) <= set(back.column("Id", "EmailMessage"))


@pytest.mark.parametrize("api_type", ["REST", "BULK2"])
def test_reading_again_goes_on_where_it_was_cut_off(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
    api_type: str,
) -> None:
    """However often: with years to read, none of it would ever be read otherwise."""
    monkeypatch.setattr(SalesforceStream, "STATE_MSG_FREQUENCY", 1)
    ids = add_rows(org, clock, "EmailMessage", 6)
    org.hide("EmailMessage", "Incoming")
    catalog = catalog_of(server, "EmailMessage")
    state = go(server, catalog).states[-1]
    org.show("EmailMessage", "Incoming")
    whole = go(server, catalog, state, api_type=api_type, max_workers=1)
    places = [place for place, item in enumerate(whole.messages, 1) if item["type"] == "STATE"]

    for place in places:
        kept = Run([], whole.messages[:place], None)
        rest = go(server, catalog, kept.states[-1], api_type=api_type)

        again = kept.column("Id", "EmailMessage") + rest.column("Id", "EmailMessage")
        assert set(again) == set(ids)
        if api_type == "REST":
            assert len(again) <= len(ids) + 2
        assert "read_again" not in str(rest.states[-1])


def test_older_rows_of_whole_cases_are_read_again_too(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """They were read without the field like all others."""
    clock.moment = NOON - timedelta(days=2)
    case = org.add("Case")
    mail = org.add("EmailMessage", ParentId=case)
    clock.moment = NOON + timedelta(hours=1)
    org.update("Case", case)
    clock.tick(86_400)
    org.hide("EmailMessage", "TextBody")
    streams, start = ("Case", "CaseComment", "EmailMessage"), NOON.isoformat()
    first = go(server, catalog_of(server, *streams), start_date=start)
    clock.tick(86_400)
    org.show("EmailMessage", "TextBody")

    second = go(server, catalog_of(server, *streams), first.states[-1], start_date=start)

    assert mail in first.column("Id", "EmailMessage")
    assert "TextBody" not in first.rows("EmailMessage")[0]
    assert "TextBody" in second.rows("EmailMessage")[0]


def test_older_rows_that_another_stream_called_for_are_read_again_too(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """A case that changed while the field was hidden brought its older mails without it."""
    clock.moment = NOON - timedelta(days=2)
    case = org.add("Case")
    mail = org.add("EmailMessage", ParentId=case)
    clock.moment = NOON
    streams, start = ("Case", "CaseComment", "EmailMessage"), NOON.isoformat()
    catalog, state = catalog_of(server, *streams), None
    org.hide("EmailMessage", "TextBody")
    runs = []
    for touch in (org.add, lambda name: org.update(name, case), org.add, org.add):
        clock.tick(86_400)
        touch("Case")
        org.add("EmailMessage")
        clock.tick(86_400)
        runs.append(go(server, catalog, state, start_date=start))
        state = runs[-1].states[-1]
    org.show("EmailMessage", "TextBody")

    back = go(server, catalog, state, start_date=start)

    assert [mail in run.column("Id", "EmailMessage") for run in runs[1::2]] == [True, False]
    (row,) = [row for row in back.rows("EmailMessage") if row["Id"] == mail]
    assert "TextBody" in row


def test_mails_that_the_org_does_not_have_are_said_to_be_absent(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """Without Email-to-Case there is no such object; a stream that is left out is another thing."""
    org.add("Case")
    some = go(server, catalog_of(server, "Case", "CaseComment"))
    org.forbid("EmailMessage")
    none = go(server, catalog_of(server, "Case", "CaseComment"))

    assert "EmailMessage" not in some.states[0]["sync_reads"]
    assert none.states[0]["sync_reads"]["EmailMessage"] == {"absent": True}
