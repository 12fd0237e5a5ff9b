"""Logins: what is sent, and what a refusal tells the reader to do."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from tap_salesforce_chat.errors import LoginError, SessionExpiredError
from tests.fakes.salesforce import Fault
from tests.fakes.salesforce.answers import json_answer
from tests.tap.support import add_cases, catalog_of, run_tap, settings, sync

if TYPE_CHECKING:
    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock

TOKEN_PATH = "/services/oauth2/token"


def logins(server: SalesforceServer) -> int:
    """Count the requests for a token."""
    return sum(call.path == TOKEN_PATH for call in server.calls)


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        pytest.param({"client_id": "wrong-hush"}, "client_id is not the Consumer Key", id="key"),
        pytest.param(
            {"client_secret": "wrong-hush"}, "client_secret is not the Consumer Secret", id="secret"
        ),
        pytest.param({"username": "wrong-hush"}, "username, password", id="username"),
        pytest.param({"password": "wrong-hush"}, "username, password", id="password"),
        pytest.param({"security_token": "wrong-hush"}, "security_token", id="token"),
    ],
)
def test_a_refusal_points_to_the_setting(
    server: SalesforceServer, wrong: dict[str, str], hint: str
) -> None:
    """The message has the checks of the usual integration guide, and no credential."""
    run = run_tap(settings(server, **wrong))

    assert isinstance(run.error, LoginError)
    text = str(run.error)
    assert hint in text
    for advice in ("Relax IP restrictions", "scope 'api'", "Username-Password Flows", "Consumer"):
        assert advice in text
    assert "hush" not in text
    assert "demo-" not in text
    assert logins(server) == 1


def test_a_blocked_flow_is_among_the_reasons(server: SalesforceServer) -> None:
    """Salesforce's answer is that to a wrong password: only the message can tell."""
    server.password_flow_blocked = True

    run = run_tap(settings(server))

    assert isinstance(run.error, LoginError)
    assert "Allow OAuth Username-Password Flows" in str(run.error)


PASSING = (
    *("500", "502", "503_html", "504", "406", "420", "drop", "truncate"),
    *("lock_row", "server_unavailable"),
    *("login_unknown", "login_rate", "login_busy", "login_limit"),
)


@pytest.mark.parametrize("kind", PASSING)
def test_a_login_host_that_is_down_is_asked_again(
    server: SalesforceServer, waits: list[float], kind: str
) -> None:
    """A login fails like any other request."""
    catalog = catalog_of(server, "Case")
    server.faults.add(Fault(kind, path=TOKEN_PATH, times=2))

    run = run_tap(settings(server), catalog)

    assert run.error is None
    assert len(waits) == 2


def test_a_login_is_given_up_after_one_round_of_tries(
    server: SalesforceServer, waits: list[float]
) -> None:
    """The tries of the login and those of the request that needs it do not multiply."""
    server.faults.add(Fault("500", path=TOKEN_PATH, times=100))

    run = run_tap(settings(server))

    assert "Login" in str(run.error)
    assert len(waits) == 6


def test_a_given_token_is_used_as_it_is(server: SalesforceServer) -> None:
    """The access-token flow never logs in."""
    config = {"access_token": server.issue_token(), "instance_url": server.url + "/"}

    run = run_tap(config)

    assert run.error is None
    assert logins(server) == 0


def test_a_given_token_that_has_expired_is_a_clear_error(server: SalesforceServer) -> None:
    """The tap has no way to renew it."""
    config = {"access_token": server.issue_token(), "instance_url": server.url}
    server.expire_tokens()

    run = run_tap(config)

    assert isinstance(run.error, LoginError)
    assert "Set a fresh access_token" in str(run.error)
    assert config["access_token"] not in str(run.error)


def test_a_session_that_is_always_refused_is_not_tried_for_ever(
    server: SalesforceServer, waits: list[float]
) -> None:
    """The same code also means that the token lacks a scope, which no login will change."""
    catalog = catalog_of(server, "Case")
    before = logins(server)
    server.faults.add(Fault("401", times=100))

    run = run_tap(settings(server), catalog)

    assert isinstance(run.error, SessionExpiredError)
    assert "scope 'api'" in str(run.error)
    assert "Relax IP restrictions" in str(run.error)
    assert logins(server) - before == 3
    assert len(waits) == 1


def test_a_fresh_token_may_take_a_moment_to_be_known(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, waits: list[float]
) -> None:
    """A second refusal in a row costs a pause and one more login, not the run."""
    ids = add_cases(org, clock, 2)
    catalog = catalog_of(server, "Case")
    server.faults.add(Fault("401", times=2))

    run = run_tap(settings(server, max_workers=1), catalog)

    assert run.error is None
    assert run.column("Id") == ids
    assert len(waits) == 1


@pytest.mark.parametrize(
    ("grant", "named"),
    [
        ({"instance_url": "http://acme.example"}, "travel in clear"),
        ({"access_token": "hush\nhush"}, "no access_token"),
        ({"access_token": "h\u00fcsh"}, "no access_token"),
        ({"access_token": None}, "no access_token"),
    ],
)
def test_a_grant_that_cannot_be_used_is_refused(
    server: SalesforceServer, monkeypatch: pytest.MonkeyPatch, grant: dict[str, Any], named: str
) -> None:
    """The token goes nowhere, and into no message either."""
    granted = {"access_token": "00D!x", "instance_url": server.url}
    monkeypatch.setattr(
        server, "_OPEN", {TOKEN_PATH: ("POST", lambda *_: json_answer(granted | grant))}
    )

    run = run_tap(settings(server))

    assert isinstance(run.error, LoginError)
    assert named in str(run.error)
    assert "hush" not in str(run.error)


def test_netrc_is_not_asked(
    server: SalesforceServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """A password that a .netrc file has for the host must not replace the token."""
    netrc = tmp_path_factory.mktemp("home") / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    monkeypatch.setenv("NETRC", str(netrc))

    sync(server)

    sent = [call.headers.get("Authorization", "") for call in server.calls]
    assert not any(header.startswith("Basic") for header in sent)


def test_no_log_at_any_level_holds_a_credential_or_a_query(
    server: SalesforceServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Filters can name people; a debug log is a log as well."""
    caplog.set_level(logging.DEBUG)
    server.faults.add(Fault("500", times=1))

    sync(server, filters={"Case": "SuppliedEmail = 'jo@example.test'"})

    assert caplog.records
    for secret in (
        "demo-password",
        "demo-token",
        "demo-secret",
        "example.test'",
        "SELECT",
        "jo%40",
    ):
        assert secret not in caplog.text
