"""`doctor`: one line a check, what to click, and an exit code to rely on."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from tap_salesforce_chat.commands.findings import (
    ApiQuota,
    Finding,
    Status,
    judge_entries,
    judge_new_chats,
    judge_quota,
    judge_rows,
    would_work,
)
from tap_salesforce_chat.streams.declarations import QUERY_STREAMS
from tap_salesforce_chat.tap import TapSalesforceChat
from tests.fakes.salesforce import Fault
from tests.fakes.salesforce.matching import asks, document
from tests.tap.support import add_cases, run_tap, settings

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock

# The objects that a conversation is made of, in the order of the checks.
CHECKED = [stream.sobject for stream in QUERY_STREAMS if stream.shown]


class Doctor:
    """The command, with the settings of a server in a file."""

    def __init__(self, server: SalesforceServer, folder: Path) -> None:
        self._server = server
        self._file = folder / "config.json"

    def run(self, *arguments: str, color: bool = False, **config: Any) -> Result:
        self._file.write_text(json.dumps(settings(self._server, **config)))
        command = ["doctor", "--config", str(self._file), *arguments]
        return CliRunner().invoke(TapSalesforceChat.cli, command, color=color)

    def findings(self, *arguments: str, **config: Any) -> dict[str, tuple[str, str]]:
        """Return what is found by check, with the status in front."""
        document = json.loads(self.run("--format", "json", *arguments, **config).stdout)
        return {
            item["check"]: (item["status"], f"{item['found']} {item['advice']}")
            for item in document["checks"]
        }


@pytest.fixture(name="doctor")
def make_doctor(server: SalesforceServer, tmp_path: Path) -> Doctor:
    """The command."""
    return Doctor(server, tmp_path)


@pytest.fixture(name="healthy")
def make_healthy(org: SalesforceOrg, clock: Clock) -> SalesforceOrg:
    """An org with a row in each stream."""
    for sobject in CHECKED:
        org.add(sobject)
    clock.tick()
    return org


def test_an_unforeseen_error_is_one_line(
    server: SalesforceServer, doctor: Doctor, caplog: pytest.LogCaptureFixture
) -> None:
    """Its own text and its traceback may quote a row."""

    def rename(page: dict[str, Any]) -> None:
        page["records"] = [{"hush": True}]

    server.interceptors.add(asks("UserPermissionAccess"), change=document(rename))

    result = doctor.run()

    assert result.exit_code == 1
    assert "An unforeseen error ended the run (KeyError; " in caplog.text
    assert "Traceback" not in caplog.text + result.output
    assert isinstance(result.exception, SystemExit)


def test_a_healthy_org_is_green_line_by_line(healthy: SalesforceOrg, doctor: Doctor) -> None:
    """Each check has its line, and a sync would work."""
    result = doctor.run()

    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert [line.partition("  ")[0].strip() for line in lines] == ["ok"] * len(lines)
    assert [line.partition("  ")[2].strip().partition(":")[0] for line in lines] == [
        "settings",
        "login",
        "API version 62.0",
        "org",
        *CHECKED,
        "View All Data",
        *(f"{sobject} rows" for sobject in CHECKED),
        "ConversationEntry rows",
        "daily API requests",
        "new chats",
        "case feed",
    ]


def test_lines_have_colours_on_a_terminal_only(healthy: SalesforceOrg, doctor: Doctor) -> None:
    """A log file holds words."""
    assert "\x1b[" not in doctor.run().stdout
    assert "\x1b[32mok" in doctor.run(color=True).stdout


def test_json_says_the_same(healthy: SalesforceOrg, doctor: Doctor) -> None:
    """For monitoring: the verdict, and every finding."""
    document = json.loads(doctor.run("--format", "json").stdout)

    assert document["would_work"] is True
    assert {item["status"] for item in document["checks"]} == {"ok"}
    assert document["checks"][1]["found"].startswith("password at http://127.0.0.1")


def test_nothing_is_changed_or_emitted(
    healthy: SalesforceOrg, server: SalesforceServer, doctor: Doctor
) -> None:
    """It reads, and no row leaves Salesforce."""
    doctor.run()

    asked = [call for call in server.calls if "q" in call.query]
    assert {call.method for call in server.calls if "token" not in call.path} == {"GET"}
    probes = ("COUNT()", "Permissions", "SELECT Id FROM Feed", "FROM Organization", "FROM User ")
    assert all(any(probe in call.query["q"] for probe in probes) for call in asked)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"page_size": 7}, "'page_size' must be at least 200"),
        ({"login_url": "http://acme.my.salesforce.com"}, "'login_url' must be an https:// address"),
        ({"access_token": "hush\nhush", "instance_url": "https://x.test"}, "'access_token' holds"),
    ],
)
def test_wrong_settings_are_a_finding(doctor: Doctor, wrong: dict[str, Any], problem: str) -> None:
    """The message names the setting, not its value, and nothing is asked for."""
    result = doctor.run(**{"auth_flow": "password"} | wrong)

    assert result.exit_code == 1
    assert result.stdout.startswith(f"failed   settings: Setting {problem}")
    assert "demo-" not in result.stdout
    assert "hush" not in result.stdout


def test_settings_that_the_sdk_refuses_are_a_finding(doctor: Doctor) -> None:
    """A sync would end with the same sentence."""
    result = doctor.run(flattening_enabled=True)

    assert result.exit_code == 1
    assert result.stdout.startswith("failed   settings: flattening_max_depth is required")


def test_a_bundle_that_is_not_there_is_a_failed_login(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a sentence that names the variable."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere/ca.pem")

    status, text = doctor.findings()["login"]

    assert status == "failed"
    assert "REQUESTS_CA_BUNDLE names no file of certificates" in text


def test_a_refused_login_ends_the_checks(doctor: Doctor) -> None:
    """With what to change; a password is not among it."""
    result = doctor.run(password="hush")

    assert result.exit_code == 1
    last = result.stdout.splitlines()[-1]
    assert last.startswith("failed   login: Salesforce refused the login (invalid_grant)")
    assert "hush" not in result.output


def test_a_token_that_may_not_use_the_api_is_a_failed_login(
    server: SalesforceServer, doctor: Doctor
) -> None:
    """The token is there, and good for nothing."""
    server.faults.add(Fault("401", path="/services/data", times=3))

    status, text = doctor.findings()["login"]

    assert status == "failed"
    assert "scope 'api'" in text


def test_a_given_token_that_has_ended_is_a_failed_login(
    server: SalesforceServer, doctor: Doctor
) -> None:
    """Though there was nothing to log in to."""
    token = {"access_token": server.issue_token(), "instance_url": server.url}
    server.expire_tokens()

    status, text = doctor.findings(auth_flow="access_token", **token)["login"]

    assert status == "failed"
    assert "Set a fresh access_token" in text


def test_a_version_that_the_org_does_not_have(doctor: Doctor) -> None:
    """The login is good then; nothing else can be looked at."""
    findings = doctor.findings(api_version="99.0")

    assert findings["login"][0] == "ok"
    assert findings["API version 99.0"][0] == "failed"
    assert "api_version" in findings["API version 99.0"][1]
    assert len(findings) == 3


def test_a_hidden_field_that_conversations_need_is_named(
    healthy: SalesforceOrg, doctor: Doctor
) -> None:
    """A sync would run, and bring chats without a word in them."""
    healthy.hide("LiveChatTranscript", "Body")
    healthy.hide("Case", "SuppliedPhone")

    result = doctor.run()
    findings = doctor.findings()

    assert result.exit_code == 1
    status, text = findings["LiveChatTranscript"]
    assert status == "failed"
    assert "hidden: Body " in text
    assert "Object Settings > LiveChatTranscript" in text
    assert findings["Case"][0] == "ok"


def test_a_parent_that_is_hidden_is_a_warning(healthy: SalesforceOrg, doctor: Doctor) -> None:
    """Conversations go without it."""
    healthy.hide("Contact", "Email")

    status, text = doctor.findings()["Case"]

    assert status == "warning"
    assert "Contact.Email" in text


def test_an_object_that_cannot_be_read_is_red(healthy: SalesforceOrg, doctor: Doctor) -> None:
    """A sync would end with it; the other checks go on."""
    healthy.forbid("EmailMessage")

    findings = doctor.findings()

    assert findings["EmailMessage"][0] == "failed"
    assert "Read on object EmailMessage" in findings["EmailMessage"][1]
    assert findings["LiveChatTranscript"][0] == "ok"


@pytest.mark.parametrize(
    ("shown", "text"), [(True, "not granted"), (False, "cannot be told")], ids=["no", "unknown"]
)
def test_a_user_without_view_all_data_is_warned(
    healthy: SalesforceOrg,
    doctor: Doctor,
    shown: bool,  # noqa: FBT001 - a table
    text: str,
) -> None:
    """Sharing may do as well, but what it hides is missing without a word."""
    healthy.update("UserPermissionAccess", healthy.permissions_id, PermissionsViewAllData=False)
    if not shown:
        healthy.forbid("UserPermissionAccess")

    status, found = doctor.findings()["View All Data"]

    assert status == "warning"
    assert found.startswith(text)
    assert "System Permissions" in found


def test_waiting_rows_are_counted_as_a_sync_would_ask_for_them(
    org: SalesforceOrg, clock: Clock, doctor: Doctor
) -> None:
    """From a date on, with filters, deleted rows included."""
    ids = add_cases(org, clock, 5)
    org.update("Case", ids[0], Origin="Phone")
    org.delete("Case", ids[1])
    since = (clock.moment - timedelta(seconds=3)).isoformat()

    everything = doctor.findings()["Case rows"][1]
    by_setting = doctor.findings(start_date=since)["Case rows"][1]
    by_option = doctor.findings("--since", since, start_date="2020-01-01")["Case rows"][1]
    filtered = doctor.findings(filters={"Case": "Origin = 'Phone'"})["Case rows"][1]
    alive = doctor.findings(include_deleted=False)["Case rows"][1]

    assert everything.startswith("5 to read in all")
    assert by_setting.startswith("5 to read since 2024-05-01T12:00:02Z")
    assert by_option == by_setting
    assert filtered.startswith("1 ")
    assert alive.startswith("4 ")


@pytest.mark.parametrize(("count", "calls"), [(0, 1), (200, 1), (201, 2)])
def test_rows_cost_a_request_a_page(
    org: SalesforceOrg, clock: Clock, doctor: Doctor, count: int, calls: int
) -> None:
    """One for each full page and one for the rest, over all streams."""
    add_cases(org, clock, count)
    org.add("Case", IsDeleted=False, Origin="Phone")

    findings = doctor.findings(page_size=200, filters={"Case": "Origin != 'Phone'"})

    assert findings["Case rows"][1].startswith(f"{count} to read in all, which takes {calls} API")
    first = f", and {calls + 11} or more with what waits now"
    assert (first in findings["daily API requests"][1]) is (calls > 1)


COSTS: dict[str, dict[str, Any]] = {
    "as it is": {},
    "with a start date": {"start_date": "2024-01-01"},
    "cases as they come": {"start_date": "2024-01-01", "whole_cases": False},
    "not compared": {"verify_counts": False},
    "not compared, with a start date": {"verify_counts": False, "start_date": "2024-01-01"},
    "hard deletions": {"include_hard_deleted": True},
    "by Bulk": {"api_type": "BULK2"},
    "left to the tap": {"api_type": "AUTO"},
    "with streams for others": {"extra_streams": ["User", "Contact"]},
    "nothing kept": {"cache_dir": "/dev/null/nowhere"},
    "a token from elsewhere": {"auth_flow": "access_token"},
}


@pytest.mark.parametrize("way", COSTS)
@pytest.mark.parametrize("messaging", [True, False], ids=["", "without messaging"])
def test_a_sync_takes_as_many_requests_as_the_doctor_says(
    healthy: SalesforceOrg,
    server: SalesforceServer,
    clock: Clock,
    doctor: Doctor,
    way: str,
    messaging: bool,  # noqa: FBT001 - a table
) -> None:
    """The number is one to plan with: it is what an hourly sync then asks for."""
    config = COSTS[way]
    if config.get("auth_flow"):
        config = config | {"access_token": server.issue_token(), "instance_url": server.url}
    if not messaging:
        healthy.forbid("MessagingSession")
    server.page_size = 2000
    first = run_tap(settings(server, **config))
    assert first.error is None
    clock.tick(3600)
    told = doctor.findings(**config)["daily API requests"][1]
    used = server.daily_used

    second = run_tap(settings(server, **config), state=first.states[-1])

    assert second.error is None
    assert f" a sync takes {server.daily_used - used} when little has changed" in told


def test_most_of_the_requests_of_a_sync_are_for_rows(
    healthy: SalesforceOrg, doctor: Doctor
) -> None:
    """One asks whether the objects have changed, two are for each query, one counts sessions."""
    found = doctor.findings()["daily API requests"][1]

    assert f"a sync takes {1 + 2 * len(CHECKED) + 1} when little has changed" in found


def test_a_folder_that_does_not_keep_describes_is_named(
    healthy: SalesforceOrg, doctor: Doctor
) -> None:
    """It costs a day some 400 requests."""
    status, text = doctor.findings(cache_dir="/dev/null/nowhere")["daily API requests"]

    assert status == "warning"
    assert "Set cache_dir" in text


def test_the_org_and_the_user_are_named(healthy: SalesforceOrg, doctor: Doctor) -> None:
    """Whoever has two orgs sees which one was reached."""
    status, text = doctor.findings()["org"]
    healthy.update("Organization", healthy.org_id, IsSandbox=True, OrganizationType=None)
    sandbox = doctor.findings()["org"][1]

    assert status == "ok"
    assert text == (
        f"Example ({healthy.org_id}), production, Developer Edition; user integration@example.test "
    )
    assert sandbox.startswith(f"Example ({healthy.org_id}), sandbox; user ")


def test_the_user_of_a_token_from_elsewhere_is_named(
    healthy: SalesforceOrg, server: SalesforceServer, doctor: Doctor
) -> None:
    """No login has told whose it is."""
    token = {"access_token": server.issue_token(), "instance_url": server.url}

    assert doctor.findings(auth_flow="access_token", **token)["org"][1].endswith(
        "; user integration@example.test "
    )


def test_an_org_that_does_not_show_itself_is_no_failure(
    healthy: SalesforceOrg, doctor: Doctor
) -> None:
    """A sync does not need it."""
    healthy.forbid("Organization", "User")

    status, text = doctor.findings()["org"]

    assert (status, text) == ("ok", "not shown to this user; user not shown to this user ")


PROXIES: dict[str, tuple[str, str]] = {
    "HTTP_PROXY": ("http://somebody:hush@127.0.0.1:1", "HTTP_PROXY names 127.0.0.1:1, where no"),
    "http_proxy": ("127.0.0.1:1", "http_proxy names 127.0.0.1:1, where nobody answers"),
    "ALL_PROXY": ("socks5://127.0.0.1:1", "ALL_PROXY names 127.0.0.1:1, where nobody answers"),
    "all_proxy": ("proxy.example.test:port", "all_proxy names no proxy"),
}


@pytest.mark.parametrize("variable", PROXIES)
def test_a_proxy_that_is_not_there_is_named(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """By its variable, before a login is tried for minutes; a login in its URL is not repeated."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    address, words = PROXIES[variable]
    monkeypatch.setenv(variable, address)

    result = doctor.run("--format", "json")
    findings = {item["check"]: item for item in json.loads(result.stdout)["checks"]}

    assert result.exit_code == 1
    assert list(findings) == ["settings", "proxy"]
    assert findings["proxy"]["status"] == "failed"
    assert findings["proxy"]["found"].startswith(words)
    assert "NO_PROXY" in findings["proxy"]["advice"]
    assert "hush" not in result.output


def test_a_proxy_that_answers_is_named_too(
    healthy: SalesforceOrg,
    server: SalesforceServer,
    doctor: Doctor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nobody remembers the variables of a machine."""
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")
    monkeypatch.setenv("HTTP_PROXY", server.url)

    assert doctor.findings()["proxy"] == (
        "ok",
        f"HTTP_PROXY names {server.url.removeprefix('http://')} ",
    )


def test_a_way_without_encryption_is_named(healthy: SalesforceOrg, doctor: Doctor) -> None:
    """Settings allow it to the same machine only."""
    assert doctor.findings()["login"][1].endswith(", not encrypted ")


def test_a_date_that_is_none_is_refused(doctor: Doctor) -> None:
    """Before anything is asked."""
    result = doctor.run("--since", "yesterday-ish")

    assert result.exit_code == 2
    assert "ISO 8601" in result.stderr


def test_a_filter_that_salesforce_refuses_is_red(healthy: SalesforceOrg, doctor: Doctor) -> None:
    """As a sync would end with it."""
    status, text = doctor.findings(filters={"Case": "Nonsense ="})["Case rows"]

    assert status == "failed"
    assert "filters" in text
    assert "Nonsense" not in text


def test_a_used_up_quota_is_red(
    healthy: SalesforceOrg, server: SalesforceServer, doctor: Doctor
) -> None:
    """A sync would stop at once."""
    server.daily_used = 14_000

    assert doctor.findings()["daily API requests"][0] == "failed"
    assert doctor.run().exit_code == 1


def test_chats_that_have_moved_are_told(org: SalesforceOrg, clock: Clock, doctor: Doctor) -> None:
    """Legacy chats have stopped and messaging sessions come: the tap looks at the wrong place."""
    org.add("LiveChatTranscript")
    clock.tick(31 * 86_400)
    before = doctor.findings()["new chats"]
    org.add("MessagingSession")

    status, text = doctor.findings()["new chats"]

    assert before[0] == "ok"
    assert status == "warning"
    assert "0 LiveChatTranscript and 1 MessagingSession" in text
    assert "messaging_api" in text


def test_an_org_without_messaging_has_no_blind_spot(healthy: SalesforceOrg, doctor: Doctor) -> None:
    """The object is not there."""
    healthy.forbid("MessagingSession")

    findings = doctor.findings()
    for check in ("MessagingSession", "MessagingSession rows", "ConversationEntry rows"):
        assert findings[check][0] == "ok"
        assert "the org shows no MessagingSession" in findings[check][1]
    assert findings["new chats"][0] == "ok"


def test_what_was_said_takes_hours(healthy: SalesforceOrg, doctor: Doctor) -> None:
    """Ended sessions are counted; nothing is asked of the interfaces themselves."""
    for number in range(5):
        values = {"Status": "Ended", "Origin": "AgentInitiated" if number else "InboundInitiated"}
        healthy.add("MessagingSession", **values)

    wish = {"MessagingSession": "Origin = 'AgentInitiated'"}
    by_default = doctor.findings()["ConversationEntry rows"]
    filtered = doctor.findings(filters=wish, messaging_calls_per_hour=1)["ConversationEntry rows"]

    assert by_default == ("ok", "5 ended sessions to read by connect, which takes about 1 h ")
    assert filtered[1].startswith("4 ended sessions to read by connect, which takes about 5 h")
    assert healthy.messaging.limits.called == 0


@pytest.mark.parametrize(
    ("feed", "status"),
    [
        ({"FeedItem": {"Type": "TextPost", "Visibility": "AllUsers"}}, "warning"),
        ({"FeedItem": {"Type": "TextPost"}}, "ok"),
        ({"FeedItem": {"Type": "CaseCommentPost", "Visibility": "AllUsers"}}, "ok"),
        ({"FeedItem": {"Type": "CaseCommentPost"}, "FeedComment": {}}, "warning"),
    ],
    ids=["public post", "internal post", "a comment's own post", "reply in the feed"],
)
def test_words_in_the_feed_of_a_case_are_said_to_be_missing(
    healthy: SalesforceOrg, doctor: Doctor, feed: dict[str, dict[str, Any]], status: str
) -> None:
    """No stream reads them, so such a case would look whole and is not."""
    account, case = healthy.add("Account"), healthy.add("Case")
    healthy.add("FeedItem", ParentId=account, Type="TextPost", Visibility="AllUsers")
    for sobject, values in feed.items():
        more = {"FeedItemId": healthy.rows("FeedItem")[-1]["Id"]} if sobject != "FeedItem" else {}
        healthy.add(sobject, ParentId=case, **values, **more)

    found = doctor.findings()["case feed"]

    assert found[0] == status
    assert ("FeedItem" in found[1]) is (status == "warning")


@pytest.mark.parametrize("hindrance", ["no Chatter", "no View All Data"])
def test_a_feed_that_is_not_shown_is_no_failure(
    healthy: SalesforceOrg, doctor: Doctor, hindrance: str
) -> None:
    """Whether there are such words can then not be told."""
    if hindrance == "no Chatter":
        healthy.forbid("FeedItem", "FeedComment")
    else:
        healthy.update("UserPermissionAccess", healthy.permissions_id, PermissionsViewAllData=False)

    assert doctor.findings()["case feed"][:2] == (
        "ok",
        "not shown: no Chatter, or no View All Data ",
    )


@pytest.mark.parametrize(
    ("finding", "status", "words"),
    [
        (judge_rows("x", 0, 5, "in all", 1), Status.OK, "0 to read in all, which takes 1 API"),
        (judge_rows("x", 0, 0, "in all", 1), Status.WARNING, "not one is visible"),
        (judge_quota(ApiQuota(0, 0, 90), 5, 5), Status.OK, "a sync takes 5"),
        (judge_quota(ApiQuota(85, 100, 90), 5, 5), Status.OK, "85 of 100"),
        (judge_quota(ApiQuota(85, 100, 90), 1, 6), Status.WARNING, "a sync takes 1 when little"),
        (judge_quota(ApiQuota(85, 100, 90), 1, 6), Status.WARNING, "6 or more with what waits"),
        (judge_quota(ApiQuota(90, 100, 90), 0, 0), Status.OK, "90 of 100"),
        (judge_quota(ApiQuota(91, 100, 90), 0, 0), Status.FAILED, "91 of 100"),
        (judge_quota(ApiQuota(0, 100, 90, 10), 10, 10), Status.OK, "(240 a day, if hourly)"),
        (judge_quota(ApiQuota(0, 100, 90, 10), 10, 11), Status.WARNING, "a sync takes 10"),
        (judge_quota(ApiQuota(0, 100, 90), 5, 5, kept=False), Status.WARNING, "a sync takes 5"),
        (judge_entries(9, 24, "connect"), Status.OK, "9 ended sessions"),
        (judge_entries(9, 25, "connect"), Status.WARNING, "about 25 h"),
        (judge_new_chats(1, 5), Status.OK, "1 LiveChatTranscript"),
        (judge_new_chats(0, 0), Status.OK, "0 MessagingSession"),
    ],
)
def test_numbers_are_judged(finding: Finding, status: Status, words: str) -> None:
    """The edges of each judgement."""
    assert finding.status is status
    assert words in finding.found


def test_a_warning_is_no_failure() -> None:
    """The exit code answers one question: would a sync work?"""
    findings = [Finding("a", Status.OK, ""), Finding("b", Status.WARNING, "")]

    assert would_work(findings)
    assert not would_work([*findings, Finding("c", Status.FAILED, "")])


def test_options_may_stand_in_front_of_the_command(
    healthy: SalesforceOrg, server: SalesforceServer, tmp_path: Path
) -> None:
    """`meltano invoke tap-salesforce-chat doctor` puts the config file there."""
    file = tmp_path / "config.json"
    file.write_text(json.dumps(settings(server)))

    result = CliRunner().invoke(TapSalesforceChat.cli, ["--config", str(file), "doctor"])

    assert result.exit_code == 0
    assert "login: password" in result.stdout


def test_settings_may_come_from_the_environment(
    healthy: SalesforceOrg, server: SalesforceServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That is how Meltano hands them to a command of a plugin."""
    for name, value in settings(server, filters={"Case": "Id != null"}).items():
        text = value if isinstance(value, str) else json.dumps(value)
        monkeypatch.setenv(f"TAP_SALESFORCE_CHAT_{name.upper()}", text)

    result = CliRunner().invoke(TapSalesforceChat.cli, ["doctor", "--config", "ENV"])

    assert result.exit_code == 0


def test_help_names_the_command() -> None:
    """Whoever looks for it finds it, beside the options of Singer."""
    text = CliRunner().invoke(TapSalesforceChat.cli, ["--help"]).stdout

    assert "doctor" in text
    assert "--discover" in text
