"""Describes are asked for once, and then only whether anything has changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tap_salesforce_chat.discovery.describe_cache import DescribeCache
from tap_salesforce_chat.tap import TapSalesforceChat
from tests.fakes.salesforce import Fault
from tests.tap.support import NOON, catalog_of, run_tap, settings

if TYPE_CHECKING:
    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock

DAY = 86_400


@pytest.fixture(name="folder")
def make_folder(tmp_path: Path) -> Path:
    """Where describes are kept; it is not there yet."""
    return tmp_path / "kept" / "here"


class Discovery:
    """What one discovery found, and what it asked for."""

    def __init__(self, server: SalesforceServer, folder: Path, **more: object) -> None:
        before = len(server.calls)
        tap = TapSalesforceChat(config=settings(server, cache_dir=str(folder), **more))
        self.catalog = json.loads(json.dumps(tap.catalog_dict))
        paths = [call.path for call in server.calls[before:] if "oauth2" not in call.path]
        self.described = [path.split("/")[-2] for path in paths if path.endswith("/describe")]
        self.questions = [path for path in paths if path.endswith("/sobjects/")]

    def fields(self, stream: str = "Case") -> set[str]:
        """Return the fields that were found of a stream."""
        entry = next(item for item in self.catalog["streams"] if item["stream"] == stream)
        return set(entry["schema"]["properties"])


def test_a_later_run_asks_one_question(
    server: SalesforceServer, folder: Path, clock: Clock
) -> None:
    """Whether anything has changed; what comes out is the same."""
    first = Discovery(server, folder)
    clock.tick(3600)
    second = Discovery(server, folder)

    assert len(first.described) == len(set(first.described)) > 10
    assert first.questions == []
    assert (second.described, len(second.questions)) == ([], 1)
    assert second.catalog == first.catalog


def test_a_new_field_is_found_at_once(
    server: SalesforceServer, org: SalesforceOrg, folder: Path, clock: Clock
) -> None:
    """Rows that are read without it would not be read again."""
    first = Discovery(server, folder)
    org.add_field("Case", "Tone__c", "string")
    clock.tick(60)
    second = Discovery(server, folder)
    clock.tick(60)
    third = Discovery(server, folder)

    assert "Tone__c" not in first.fields()
    assert second.fields() - first.fields() == {"Tone__c"}
    assert set(second.described) == set(first.described)
    assert third.fields() == second.fields()
    assert third.described == []


@pytest.mark.parametrize("change", ["hide", "show", "forbid"])
def test_a_change_of_permissions_is_found_at_once(
    server: SalesforceServer, org: SalesforceOrg, folder: Path, clock: Clock, change: str
) -> None:
    """Describe Global's answer takes them into account."""
    org.hide("Case", *(["Description"] if change == "show" else []))
    first = Discovery(server, folder)
    clock.tick(60)
    if change == "forbid":
        org.forbid("MessagingSession")
    else:
        getattr(org, change)("Case", "Description")
    second = Discovery(server, folder)

    assert second.catalog != first.catalog
    assert ("Description" in second.fields()) is (change != "hide")


def test_after_a_day_all_is_asked_for_anew(
    server: SalesforceServer, folder: Path, clock: Clock
) -> None:
    """What Salesforce compares is a time: a weak check by its own words."""
    first = Discovery(server, folder)
    clock.tick(DAY + 1)
    second = Discovery(server, folder)
    clock.tick(DAY - 60)
    third = Discovery(server, folder)

    assert set(second.described) == set(first.described)
    assert second.questions == []
    assert (third.described, len(third.questions)) == ([], 1)


@pytest.mark.parametrize(
    "more",
    [{"api_version": "61.0"}, {"username": "other@example.test"}],
    ids=["version", "user"],
)
def test_others_have_documents_of_their_own(
    server: SalesforceServer, folder: Path, more: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is shown differs from user to user, and from version to version."""
    Discovery(server, folder)
    if "username" in more:
        monkeypatch.setattr(server, "_identity", lambda: f"{server.url}/id/{server.org.org_id}/x")
        more = {}

    assert Discovery(server, folder, **more).described


def test_a_token_from_elsewhere_has_documents_of_its_own(
    server: SalesforceServer, folder: Path
) -> None:
    """Nothing tells whose it is."""
    given = {"auth_flow": "access_token", "instance_url": server.url}
    one, other = server.issue_token(), server.issue_token()

    first = Discovery(server, folder, access_token=one, **given)
    again = Discovery(server, folder, access_token=one, **given)
    foreign = Discovery(server, folder, access_token=other, **given)

    assert first.described
    assert again.described == []
    assert foreign.described
    assert one not in "".join(map(str, folder.iterdir()))


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"since": "x"}', b'{"since": 1}', b"\xff"])
def test_a_file_that_is_broken_is_as_good_as_none(
    server: SalesforceServer, folder: Path, content: bytes
) -> None:
    """It is made anew."""
    first = Discovery(server, folder)
    (file,) = folder.iterdir()
    file.write_bytes(content)

    assert Discovery(server, folder).described == first.described
    assert Discovery(server, folder).described == []


def test_a_folder_that_cannot_be_written_to_costs_describes_only(
    server: SalesforceServer, tmp_path: Path
) -> None:
    """A sync does not need it."""
    file = tmp_path / "file"
    file.write_text("in the way")

    assert Discovery(server, file).described
    assert Discovery(server, file).described


def test_the_files_are_the_owners_own(server: SalesforceServer, folder: Path) -> None:
    """Labels and names of fields are an org's own business."""
    Discovery(server, folder)

    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700


def test_the_users_folder_for_caches_is_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the XDG Base Directory Specification has it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert DescribeCache(None, "somebody").write(NOON, {"Case": None})
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    assert DescribeCache(None, "somebody").read() is None
    assert DescribeCache(None, "somebody").write(NOON, {"Case": None})

    assert [path.parent.name for path in (tmp_path / "xdg").rglob("*.json")] == [
        "tap-salesforce-chat"
    ]
    assert list((tmp_path / "home" / ".cache" / "tap-salesforce-chat").iterdir())
    assert DescribeCache(None, "somebody").read() == (NOON, {"Case": None})


def test_a_catalog_needs_no_question(server: SalesforceServer, folder: Path) -> None:
    """It says what there is."""
    catalog = catalog_of(server, "Case")
    before = len(server.calls)

    run = run_tap(settings(server, cache_dir=str(folder)), catalog)

    assert run.error is None
    assert not any("sobjects" in call.path for call in server.calls[before:])


def test_a_question_that_fails_ends_the_run(
    server: SalesforceServer, folder: Path, waits: list[float]
) -> None:
    """As any other request: what is kept must not hide that Salesforce is down."""
    Discovery(server, folder)
    server.faults.add(Fault("500", path="/sobjects", times=100))

    run = run_tap(settings(server, cache_dir=str(folder)))

    assert "Describe Global" in str(run.error)
