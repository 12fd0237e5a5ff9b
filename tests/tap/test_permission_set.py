"""`doctor --permission-set`: what the integration user needs, as Setup's tools take it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from click.testing import CliRunner

from tap_salesforce_chat.streams.declarations import QUERY_STREAMS, STREAMS
from tap_salesforce_chat.tap import TapSalesforceChat
from tests.fakes.salesforce.permissions import deploy_permission_set
from tests.tap.support import run_tap, settings
from tests.tap.test_standard import busy_org

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer

# What the user has to see of the objects that a conversation is made of.
NEEDED = {stream.sobject: stream.own_fields() for stream in QUERY_STREAMS if stream.shown}
NAMESPACE = {"m": "http://soap.sforce.com/2006/04/metadata"}


@pytest.fixture(name="org")
def make_org() -> SalesforceOrg:
    """An org with a row in every stream."""
    return busy_org()


@pytest.fixture(name="doctor")
def make_doctor(server: SalesforceServer, tmp_path: Path) -> Any:
    """The command, with the settings of the server in a file."""

    def run(*arguments: str, **more: Any) -> Result:
        file = tmp_path / "config.json"
        file.write_text(json.dumps(settings(server, **more)))
        command = ["doctor", "--config", str(file), *arguments]
        return CliRunner().invoke(TapSalesforceChat.cli, command)

    return run


def granted(xml: str, kind: str, name: str) -> list[str]:
    """Return what a permission set grants of a kind."""
    return [
        str(item.findtext(f"m:{name}", namespaces=NAMESPACE))
        for item in ET.fromstring(xml).findall(f"m:{kind}", NAMESPACE)  # noqa: S314 - our own
    ]


def test_with_what_it_grants_a_sync_reads_everything(
    org: SalesforceOrg, server: SalesforceServer, doctor: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """And the doctor is content: nothing is hidden that a conversation or a parent needs."""
    xml = doctor("--permission-set").stdout
    deploy_permission_set(org, xml)

    run = run_tap(settings(server))
    checks = json.loads(doctor("--format", "json").stdout)["checks"]

    assert run.error is None
    assert not [text for text in caplog.messages if "not complete" in text or "Left out" in text]
    reads = run.states[-1]["sync_reads"]
    assert reads.keys() == {*NEEDED, "ConversationEntry"}
    assert not any("without" in entry for entry in reads.values())
    for stream in (stream for stream in QUERY_STREAMS if stream.sobject in NEEDED):
        row = run.rows(stream.sobject)[0]
        assert set(NEEDED[stream.sobject]) <= row.keys()
        for parent in stream.parents:
            assert row[parent.relationship].keys() == set(parent.fields)
    assert {check["check"]: check["found"] for check in checks if check["status"] != "ok"} == {}


def test_no_field_and_no_object_of_it_can_be_spared(
    org: SalesforceOrg, server: SalesforceServer, doctor: Any
) -> None:
    """Exactly what is needed: without any one of the fields, something is missing."""
    xml = doctor("--permission-set").stdout
    fields = granted(xml, "fieldPermissions", "field")
    wanted = {
        *(f"{sobject}.{name}" for sobject, names in NEEDED.items() for name in names),
        *(f"{stream.sobject}.{name}" for stream in STREAMS for name in stream.needed),
        *(f"{item.sobject}.{p.relationship}Id" for item in QUERY_STREAMS for p in item.parents),
        *(
            f"{p.sobject}.{name}"
            for item in QUERY_STREAMS
            for p in item.parents
            for name in p.fields
        ),
    }

    assert len(fields) == len(set(fields))
    assert set(fields) <= wanted
    assert not any("Supervisor" in field for field in fields)
    assert granted(xml, "userPermissions", "name") == ["ApiEnabled"]
    assert set(granted(xml, "objectPermissions", "object")) == {
        *("Account", "Case", "Contact", "Conversation", "Lead", "LiveChatTranscript"),
        *("LiveChatVisitor", "MessagingChannel", "MessagingEndUser", "MessagingSession"),
    }


def test_it_is_the_same_before_and_after(org: SalesforceOrg, doctor: Any) -> None:
    """A field that is hidden is one that can be granted; so is one of an object not shown."""
    before = doctor("--permission-set").stdout
    org.hide("Case", "Description", "Subject")
    org.hide("Contact", "Email")

    assert doctor("--permission-set").stdout == before


def test_objects_that_the_user_does_not_see_are_granted(org: SalesforceOrg, doctor: Any) -> None:
    """A new integration user sees none of them; fields that have no security are left out."""
    before = doctor("--permission-set").stdout
    org.forbid("LiveChatTranscript", "Contact")

    xml = doctor("--permission-set").stdout

    kinds = ("objectPermissions", "object")
    assert granted(xml, *kinds) == granted(before, *kinds)
    fields = granted(xml, "fieldPermissions", "field")
    assert {"LiveChatTranscript.Body", "Contact.Email", "Contact.Phone"} <= set(fields)
    assert set(fields) <= set(granted(before, "fieldPermissions", "field"))


def test_streams_that_are_asked_for_are_in_it(doctor: Any) -> None:
    """Those of the selected streams, no more and no less."""
    plain = granted(doctor("--permission-set").stdout, "fieldPermissions", "field")
    more = doctor("--permission-set", extra_streams=["Contact"]).stdout

    assert set(granted(more, "fieldPermissions", "field")) - set(plain) == {"Contact.AccountId"}


def test_nothing_may_be_written_or_deleted(doctor: Any) -> None:
    """The tap reads."""
    root = ET.fromstring(doctor("--permission-set").stdout)  # noqa: S314 - our own
    grants = [item for item in root.iter() if item.text == "true"]

    assert {item.tag.partition("}")[2] for item in grants} == {
        *("readable", "allowRead", "viewAllRecords", "enabled"),
    }


def test_a_login_that_fails_says_why(doctor: Any) -> None:
    """On stderr: a file that is made of stdout stays empty."""
    result = doctor("--permission-set", password="wrong")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert "Salesforce refused the login" in result.stderr


def test_wrong_settings_are_named(doctor: Any) -> None:
    """As the doctor does, without their values."""
    result = doctor("--permission-set", page_size=7)

    assert result.exit_code == 1
    assert "'page_size' must be at least 200" in result.stderr


@pytest.mark.parametrize(
    ("wrong", "right"),
    [("Case.Subject", "Case.Id"), ("<object>Case<", "<object>CaseComment<"), ("label", "name")],
)
def test_the_simulated_org_refuses_what_salesforce_refuses(
    org: SalesforceOrg, doctor: Any, wrong: str, right: str
) -> None:
    """A field without security, an object without permissions, an element that is none."""
    xml = doctor("--permission-set").stdout

    with pytest.raises(ValueError, match=r"cannot deploy|object permissions|invalid"):
        deploy_permission_set(org, xml.replace(wrong, right))
