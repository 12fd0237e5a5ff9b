"""Settings: every mistake is found before the first request, and no message shows a value."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import pytest
from singer_sdk.exceptions import ConfigValidationError

from tap_salesforce_chat.login.flows import AUTH_FLOWS
from tap_salesforce_chat.login.hosts import audience, login_url
from tap_salesforce_chat.login.selection import choose_flow
from tap_salesforce_chat.settings.config import CONFIG_SCHEMA
from tap_salesforce_chat.tap import TapSalesforceChat
from tests.tap.support import CREDENTIALS, invoke

APP = {"client_id": "app", "client_secret": "hush"}
MY_DOMAIN = {"login_url": "https://acme.my.salesforce.com"}
KEY = {"client_id": "app", "username": "jo", "private_key": "hush"}
REFRESH = {"client_id": "app", "refresh_token": "hush"}
TOKEN = {"access_token": "hush", "instance_url": "https://acme.my.salesforce.com"}


def complaints(**config: Any) -> str:
    """Return what is said about settings that cannot be."""
    with pytest.raises(ConfigValidationError) as caught:
        TapSalesforceChat(config=config)
    return " ".join(caught.value.errors)


@pytest.mark.parametrize(
    ("config", "flow"),
    [
        pytest.param(CREDENTIALS, "password", id="password"),
        pytest.param(CREDENTIALS | {"security_token": ""}, "password", id="no-security-token"),
        pytest.param(TOKEN, "access_token", id="access-token"),
        pytest.param(TOKEN | {"client_id": "x"}, "access_token", id="incomplete-login-beside"),
        pytest.param(APP, "client_credentials", id="app-alone"),
        pytest.param(KEY, "jwt_bearer", id="key"),
        pytest.param(KEY | APP, "jwt_bearer", id="key-and-a-secret"),
        pytest.param(REFRESH, "refresh_token", id="refresh"),
        pytest.param(REFRESH | APP, "refresh_token", id="refresh-and-a-secret"),
        pytest.param(
            CREDENTIALS | TOKEN | {"auth_flow": "password"}, "password", id="chosen-of-two"
        ),
        pytest.param(
            APP | {"username": "jo", "auth_flow": "client_credentials"},
            "client_credentials",
            id="chosen-in-spite-of-more",
        ),
    ],
)
def test_the_settings_choose_the_flow(config: dict[str, Any], flow: str) -> None:
    """Nobody has to name the flow where only one is possible."""
    assert choose_flow(config) is AUTH_FLOWS[flow]


@pytest.mark.parametrize(
    ("config", "named"),
    [
        pytest.param({}, ["client_id", "password", "access_token", "instance_url"], id="nothing"),
        pytest.param({"access_token": "hush"}, ["instance_url"], id="no-instance"),
        pytest.param(CREDENTIALS | {"password": ""}, ["password also needs password"], id="empty"),
        pytest.param(CREDENTIALS | TOKEN, ["auth_flow", "password or access_token"], id="both"),
        pytest.param(
            APP | {"username": "jo"},
            ["password also needs password", "client_credentials goes without username"],
            id="forgotten-password",
        ),
        pytest.param(CREDENTIALS | KEY, ["password or jwt_bearer"], id="password-and-key"),
        pytest.param(CREDENTIALS | REFRESH, ["password or refresh_token"], id="password-refresh"),
        pytest.param(APP, ["login_url", "My Domain"], id="app-at-the-production-host"),
        pytest.param(APP | {"is_sandbox": True}, ["My Domain"], id="app-at-the-sandbox-host"),
        pytest.param(KEY, ["'private_key' is neither"], id="no-key-and-no-file"),
        pytest.param(
            KEY | {"private_key": "-----BEGIN PRIVATE KEY-----hush"},
            ["'private_key' holds no private key"],
            id="damaged-key",
        ),
        pytest.param(
            CREDENTIALS | {"auth_flow": "access_token"},
            ["access_token, instance_url"],
            id="chosen-but-incomplete",
        ),
    ],
)
def test_a_login_that_cannot_be_is_explained(config: dict[str, Any], named: list[str]) -> None:
    """The message tells which settings are missing, and no more than that."""
    text = complaints(**config)

    assert all(words in text for words in named)
    assert not any(secret in text for secret in ("hush", "demo-secret", "demo-token"))


@pytest.mark.parametrize("count", range(len(CREDENTIALS) - 1))
def test_part_of_the_credentials_never_is_enough(count: int) -> None:
    """Each setting of the username-password flow counts, but for the security token."""
    needed = CREDENTIALS.keys() - {"security_token"}
    for names in combinations(sorted(needed), count):
        if set(names) == APP.keys():
            continue  # a login of its own kind
        missing = sorted(needed - set(names))
        assert f"password also needs {', '.join(missing)}" in complaints(
            **{name: CREDENTIALS[name] for name in names}
        )


@pytest.mark.parametrize("setting", sorted(CONFIG_SCHEMA["properties"]))
def test_a_value_of_the_wrong_type_is_not_repeated(setting: str) -> None:
    """A password that is a number must not show up in a log."""
    wrong = [271828182845] if setting != "filters" else {"Case": 271828182845}

    text = complaints(**CREDENTIALS | {setting: wrong})

    assert f"'{setting}" in text
    assert "must be of type" in text or "must be one of" in text
    assert "271828182845" not in text


@pytest.mark.parametrize(
    ("setting", "value", "rule"),
    [
        pytest.param("start_date", "yesterday-ish", "ISO 8601", id="no-date"),
        pytest.param("end_date", "2024-13-45", "ISO 8601", id="no-such-date"),
        pytest.param("messaging_calls_per_hour", 0, "at least 1", id="no-calls"),
        pytest.param("messaging_max_active", 0, "at least 1", id="none-active"),
        pytest.param(
            "messaging_pause", ["8-18"], "such as 08:00-18:00", id="hours-of-another-form"
        ),
        pytest.param("messaging_pause", ["24:00-01:00"], "such as", id="no-such-hour"),
        pytest.param("messaging_pause", ["08:00-08:00"], "no minute", id="pause-for-ever"),
        pytest.param("messaging_time_zone", "Middle/Earth", "time zone", id="no-such-zone"),
        pytest.param("page_size", 199, "at least 200", id="page-too-small"),
        pytest.param("page_size", 2001, "at most 2000", id="page-too-large"),
        pytest.param("lookback_seconds", -1, "at least 0", id="lookback-ahead"),
        pytest.param("quota_percent_total", 101, "at most 100", id="quota"),
        pytest.param("request_timeout_seconds", 0, "at least 1", id="no-time"),
        pytest.param("api_version", "v62", "must match", id="version"),
        pytest.param("login_url", "login.salesforce.com", "must match", id="no-scheme"),
        pytest.param("auth_flow", "magic", "one of password, client_credentials", id="flow"),
        pytest.param("filters", {"Cases": "Id != null"}, "Case, CaseComment", id="no-stream"),
    ],
)
def test_a_value_that_cannot_be_is_refused_with_its_rule(
    setting: str, value: Any, rule: str
) -> None:
    """A typo is found at the start, not in the answer of the hundredth request."""
    text = complaints(**CREDENTIALS | {setting: value})

    assert f"'{setting}'" in text
    assert rule in text


def test_an_empty_window_is_refused() -> None:
    """A backfill from a date to an earlier one would read nothing, and look fine."""
    text = complaints(**CREDENTIALS, start_date="2024-02-01", end_date="2024-02-01T00:00:00Z")

    assert "'end_date' must be later than 'start_date'" in text


def test_batches_are_refused() -> None:
    """The SDK would heed the setting, and a target that does not would lose every row."""
    batches = {"encoding": {"format": "jsonl"}, "storage": {"root": "file:///tmp"}}

    with pytest.raises(ConfigValidationError) as caught:
        TapSalesforceChat(config={**CREDENTIALS, "batch_config": batches})

    assert caught.value.errors == [
        "Setting 'batch_config' is not supported: rows leave as RECORD messages only."
    ]


def test_a_setting_that_is_null_is_not_given() -> None:
    """JSON made by a program often spells out what is not set."""
    tap = TapSalesforceChat(
        config=CREDENTIALS | {"page_size": None, "start_date": None},
        catalog={"streams": []},
    )

    assert tap.config["page_size"] == 2000
    assert "start_date" not in tap.config


@pytest.mark.parametrize(
    ("url", "is_sandbox", "expected"),
    [
        pytest.param("https://login.salesforce.com", False, "https://login.salesforce.com"),
        pytest.param("https://login.salesforce.com", True, "https://test.salesforce.com"),
        pytest.param(
            "https://acme--uat.sandbox.my.salesforce.com/",
            True,
            "https://acme--uat.sandbox.my.salesforce.com",
        ),
    ],
    ids=["production", "sandbox", "my-domain"],
)
def test_the_login_host(url: str, is_sandbox: bool, expected: str) -> None:  # noqa: FBT001 - a table
    """`is_sandbox` is short for the common host, and never overrules a particular one."""
    assert login_url({"login_url": url, "is_sandbox": is_sandbox}) == expected


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        pytest.param({}, "https://login.salesforce.com", id="production"),
        pytest.param({"is_sandbox": True}, "https://test.salesforce.com", id="sandbox"),
        pytest.param(
            {"login_url": "https://test.salesforce.com/"}, "https://test.salesforce.com", id="test"
        ),
        pytest.param(MY_DOMAIN, "https://login.salesforce.com", id="my-domain"),
        pytest.param(
            {"login_url": "https://acme--uat.sandbox.my.salesforce.com"},
            "https://test.salesforce.com",
            id="my-domain-of-a-sandbox",
        ),
        pytest.param(
            {"jwt_audience": "https://acme.my.site.com/help/"},
            "https://acme.my.site.com/help",
            id="given",
        ),
    ],
)
def test_an_assertion_is_for_the_host_that_knows_the_org(
    config: dict[str, Any], expected: str
) -> None:
    """Salesforce takes the hosts of all orgs as audience, and sites, but no My Domain."""
    defaults = {"login_url": "https://login.salesforce.com", "is_sandbox": False}

    assert audience(defaults | config) == expected


def test_credentials_are_marked_as_secret() -> None:
    """Meltano and `--about` hide what is marked."""
    secret = {name for name, schema in CONFIG_SCHEMA["properties"].items() if schema.get("secret")}

    assert secret == {
        "client_secret",
        "password",
        "security_token",
        "private_key",
        "refresh_token",
        "access_token",
    }


CLEAR = [
    "http://acme.my.salesforce.com",
    "http://10.0.0.1:8080",
    "http://localhost.example",
    "http://127.0.0.1.example",
    "http://[2001:db8::1]",
]
NOWHERE = ["https://[::1", "https://acme.example:hush", "https://acme.example:99999"]
HERE = [
    *("http://127.0.0.1:80", "http://localhost:8080", "http://[::1]:8080", "http://127.8.9.1"),
    *("http://app.localhost", "https://acme.my.salesforce.com"),
]


@pytest.mark.parametrize("setting", ["login_url", "instance_url", "conversation_data_url"])
@pytest.mark.parametrize("url", CLEAR)
def test_no_credential_travels_in_clear(setting: str, url: str) -> None:
    """Whoever is on the way could read it."""
    assert f"Setting '{setting}' must be an https:// address" in complaints(
        **CREDENTIALS | {setting: url}
    )


@pytest.mark.parametrize("setting", ["login_url", "instance_url", "conversation_data_url"])
@pytest.mark.parametrize(
    ("url", "problem"),
    [
        *((url, "must be an address such as") for url in NOWHERE),
        ("http://hush@acme.example", "must hold no user name or password"),
        ("https://user:hush@acme.example", "must hold no user name or password"),
    ],
)
def test_an_address_that_leads_nowhere_is_refused(setting: str, url: str, problem: str) -> None:
    """A user name in it would take the place of the token, and a run would try for a minute."""
    text = complaints(**CREDENTIALS | {setting: url})

    assert f"Setting '{setting}' {problem}" in text
    assert "hush" not in text


@pytest.mark.parametrize("setting", ["login_url", "instance_url", "conversation_data_url"])
@pytest.mark.parametrize("url", HERE)
def test_servers_on_this_machine_may_do_without_tls(setting: str, url: str) -> None:
    """Nothing leaves it."""
    TapSalesforceChat(config=CREDENTIALS | {setting: url}, catalog={"streams": []})


@pytest.mark.parametrize(
    "token",
    ["hush hush", "hush\nhush", "hush\r\nX: y", "h\u00fcsh", "hush\u2026", "hush\0", "\x7f"],
)
def test_a_token_that_no_header_takes_is_refused(token: str) -> None:
    """The libraries below would quote it."""
    text = complaints(**TOKEN | {"access_token": token})

    assert "Setting 'access_token' holds a character that no token has" in text
    assert "hush" not in text


def test_white_space_round_a_setting_is_none_of_it() -> None:
    """Secrets come out of files with a line break behind them."""
    dressed = {name: f" \t{value}\r\n" for name, value in CREDENTIALS.items()}

    tap = TapSalesforceChat(
        config=dressed | {"login_url": "https://acme.my.salesforce.com\n"}, catalog={"streams": []}
    )

    assert {name: tap.config[name] for name in CREDENTIALS} == CREDENTIALS
    assert tap.config["login_url"] == "https://acme.my.salesforce.com"


@pytest.mark.parametrize(
    ("variable", "kind"),
    [("PAGE_SIZE", "integer"), ("FILTERS", "object"), ("MAX_WORKERS", "integer")],
)
def test_an_environment_variable_of_another_type_is_not_quoted(
    monkeypatch: pytest.MonkeyPatch, variable: str, kind: str
) -> None:
    """Whoever mixes up two variables may have put a password there."""
    monkeypatch.setenv(f"TAP_SALESFORCE_CHAT_{variable}", "hush hush")

    result = invoke("--config", "ENV")

    assert result.exit_code == 1
    assert f"TAP_SALESFORCE_CHAT_{variable} holds no {kind}" in result.stderr
    assert "hush" not in result.output
    assert "Traceback" not in result.stderr
