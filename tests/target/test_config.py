"""Settings: what is wrong is said by name and rule, never by value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.exceptions import ConfigValidationError

from target_creovai.model.participants import Role
from target_creovai.settings.checks import assembly_settings, problems
from target_creovai.settings.config import CONFIG_SCHEMA
from target_creovai.target import TargetCreovai

if TYPE_CHECKING:
    from tests.target.support import TargetRunner

SECRET = "s3cr3t-value"
API = {"api_url": "https://x.example", "api_user": "u", "api_password": SECRET}


@pytest.mark.parametrize(
    ("config", "name"),
    [
        ({"api_url": SECRET, "api_user": "u", "api_password": "p"}, "api_url"),
        ({"api_url": "ftp://x.example", "api_user": "u", "api_password": SECRET}, "api_url"),
        (API | {"api_url": " "}, "api_url"),
        (API | {"api_url": "http://x.example"}, "would travel in clear"),
        (API | {"api_url": "http://127.0.0.1.x.example"}, "would travel in clear"),
        (API | {"api_url": "http://x.example", "dry_run": True}, "would travel in clear"),
        (API | {"api_url": f"https://u:{SECRET}@x.example"}, "no user name or password"),
        (API | {"api_url": f"https://[{SECRET}"}, "api_url"),
        (API | {"api_url": f"https://x.example:{SECRET}"}, "api_url"),
        (API | {"api_url": f"https://x.example:99999/{SECRET}"}, "api_url"),
        (API | {"api_url": f"https://x ample/{SECRET}"}, "api_url"),
        (API | {"api_url": f"https://x\u0000y.example/{SECRET}"}, "api_url"),
        (API | {"api_url": f"https:///{SECRET}"}, "api_url"),
        (API | {"api_url": "https://" + "x" * 300}, "api_url"),
        ({"api_url": "https://x.example"}, "api_user, api_password"),
        ({"api_url": "https://x.example", "api_user": SECRET}, "api_password"),
        (API | {"api_password": 5}, "api_password"),
        (API | {"api_password": [SECRET]}, "api_password"),
        ({"store_url": {"x": SECRET}}, "store_url"),
        ({"store_url": "sqlite://"}, "a database in memory"),
        ({"store_url": "sqlite:///"}, "a database in memory"),
        ({"store_url": "sqlite:///:memory:"}, "a database in memory"),
        ({"store_url": "sqlite+pysqlite:///:memory:?timeout=5"}, "a database in memory"),
        ({"store_url": "sqlite:///file::memory:?uri=true"}, "a database in memory"),
        ({"store_url": "sqlite:///file:x?mode=memory&uri=true"}, "a database in memory"),
        ({"case_delivery": SECRET}, "case_delivery"),
        ({"agent_id": SECRET}, "agent_id"),
        ({"settle_minutes": -1}, "settle_minutes"),
        ({"settle_minutes": 10**15}, "settle_minutes"),
        ({"settle_minutes": SECRET}, "settle_minutes"),
        ({"session_id_prefix": f"{SECRET}/"}, "session_id_prefix"),
        ({"metadata_exclude": SECRET}, "metadata_exclude"),
        ({"metadata_exclude": [5]}, "metadata_exclude"),
        ({"max_workers": 0}, "max_workers"),
        ({"requests_per_second": 0}, "requests_per_second"),
        ({"request_timeout_seconds": 0}, "request_timeout_seconds"),
        ({"participant_types": {"agent": 5}}, "participant_types"),
        ({"participant_types": {"agent": " "}}, "participant_types"),
        ({"participant_types": {SECRET: "Agent"}}, "participant_types"),
        ({"participant_types": {SECRET: 5}}, "participant_types"),
        ({"dry_run": SECRET}, "dry_run"),
        ({"strip_signatures": SECRET}, "strip_signatures"),
        ({"speaker_roles": SECRET}, "speaker_roles"),
        ({"speaker_roles": {"x": SECRET}}, "speaker_roles"),
        ({"speaker_roles": {SECRET: "unknown"}}, "speaker_roles"),
        ({"speaker_roles": {SECRET: None}}, "speaker_roles"),
        ({"speaker_roles": {"x": "bot", f"{SECRET}(": "bot"}}, "speaker_roles': pattern 2"),
        ({"speaker_roles": {f"{SECRET})|(x": "bot"}}, "speaker_roles': pattern 1"),
        ({"speaker_roles": {f"(?i){SECRET}": "bot"}}, "speaker_roles': pattern 1"),
        ({"redact": SECRET}, "redact"),
        ({"redact": {"card": 5, SECRET: "x"}}, "redact"),
        ({"redact": {"card": "x", f"{SECRET}(": "x"}}, "redact': rule 2"),
        ({"redact": {SECRET: "x", "Cards": "x"}}, "redact': rule 2"),
        ({"redact": {"": SECRET}}, "redact': rule 1"),
        ({"redact_region": SECRET}, "redact_region"),
        ({"redact_region": "de"}, "redact_region"),
    ],
)
def test_a_wrong_setting_is_named_and_its_value_is_not(config: dict[str, Any], name: str) -> None:
    """A secret may have been put into the wrong place."""
    with pytest.raises(ConfigValidationError) as caught:
        TargetCreovai(config=config)

    said = " ".join([str(caught.value), *caught.value.errors])
    assert name in said
    assert SECRET not in said


def test_white_space_around_a_setting_is_no_part_of_it() -> None:
    """A secret that was read from a file ends with a line break."""
    given = {"api_url": " https://x.example\n", "api_user": "u\r\n", "api_password": f"{SECRET}\n"}
    settings = dict(given)

    assert problems(settings, CONFIG_SCHEMA) == []
    assert [settings[name] for name in given] == ["https://x.example", "u", SECRET]


def test_every_setting_has_a_title_and_a_description() -> None:
    """`--about` and the README live on them."""
    for name, setting in CONFIG_SCHEMA["properties"].items():
        assert setting.get("title"), name
        assert setting.get("description"), name


def test_settings_are_never_floats() -> None:
    """They would not survive Meltano's environment variables."""
    kinds = {str(setting["type"]) for setting in CONFIG_SCHEMA["properties"].values()}

    assert "number" not in " ".join(kinds)


def test_secrets_are_marked() -> None:
    """Meltano then masks them; a store URL may hold a password."""
    secret = {
        name for name, setting in CONFIG_SCHEMA["properties"].items() if setting.get("secret")
    }

    assert secret == {"api_password", "store_url"}


def test_the_defaults_are_the_contracts() -> None:
    """Configurations that others wrote rely on them."""
    defaults = {
        name: setting["default"]
        for name, setting in CONFIG_SCHEMA["properties"].items()
        if "default" in setting
    }

    assert defaults == {
        "store_url": "sqlite:///target-creovai.db",
        "payload_dir": "creovai-payloads",
        "dry_run": False,
        "case_delivery": "closed",
        "settle_minutes": 0,
        "include_internal_comments": False,
        "strip_quoted_replies": True,
        "participant_types": {
            "agent": "Agent",
            "customer": "Customer",
            "bot": "Bot",
            "system": None,
        },
        "strip_signatures": False,
        "speaker_roles": {},
        "doubt_minutes": 15,
        "redact": {},
        "agent_id": "Email",
        "session_id_prefix": "",
        "metadata_exclude": [],
        "accept_missing": [],
        "case_updates": "resend",
        "on_delete": "ignore",
        "max_deletes": 100,
        "retry_budget_seconds": 1800,
        "max_workers": 4,
        "request_timeout_seconds": 300,
        "heartbeat": False,
        "heartbeat_name": "target-creovai",
    }


@pytest.mark.parametrize("name", CONFIG_SCHEMA["properties"])
def test_a_setting_that_is_null_is_as_good_as_absent(run_dry: TargetRunner, name: str) -> None:
    """YAML makes null of a name with nothing behind it."""
    store_url = run_dry.config["store_url"]
    config = dict(TargetCreovai(config={"store_url": store_url, name: None}).config)
    if name != "store_url":
        assert config == dict(TargetCreovai(config={"store_url": store_url}).config)


def test_naming_one_role_keeps_the_others(run_dry: TargetRunner) -> None:
    """`{"system": "System"}` must not drop the agents."""
    run_dry()
    config = TargetCreovai(config=run_dry.config | {"participant_types": {"system": "S"}}).config

    assert assembly_settings(config).participant_types == {
        "agent": "Agent",
        "customer": "Customer",
        "bot": "Bot",
        "system": "S",
    }


def test_settings_may_come_from_the_environment(
    run_dry: TargetRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Meltano passes them."""
    monkeypatch.setenv("TARGET_CREOVAI_STORE_URL", run_dry.config["store_url"])
    monkeypatch.setenv("TARGET_CREOVAI_DRY_RUN", "true")
    monkeypatch.setenv("TARGET_CREOVAI_SETTLE_MINUTES", "5")
    monkeypatch.setenv("TARGET_CREOVAI_METADATA_EXCLUDE", json.dumps(["Owner"]))
    monkeypatch.setenv("TARGET_CREOVAI_PARTICIPANT_TYPES", json.dumps({"bot": None}))
    monkeypatch.setenv("TARGET_CREOVAI_SPEAKER_ROLES", json.dumps({"Team .*": "agent"}))
    monkeypatch.setenv("TARGET_CREOVAI_REDACT", json.dumps({"order \\d+": "[o]", "card": ""}))
    config = TargetCreovai(config={}, parse_env_config=True).config

    assert config["dry_run"] is True
    assert config["settle_minutes"] == 5
    assert config["metadata_exclude"] == ["Owner"]
    assert config["participant_types"] == {"bot": None}
    assert assembly_settings(config).speaker_roles == (("Team .*", Role.AGENT),)
    assert assembly_settings(config).redact == (("order \\d+", "[o]"), ("card", ""))


def test_a_wrong_setting_ends_the_process_with_one_paragraph(run_dry: TargetRunner) -> None:
    """No traceback, exit code 1, nothing on stdout."""
    with run_dry.start(case_delivery=SECRET, store_url=f"nosuch://u:{SECRET}@h") as process:
        outcome = process.finish()

    assert outcome.exit_code == 1
    assert outcome.states == []
    assert "case_delivery" in outcome.stderr
    assert "Traceback" not in outcome.stderr
    assert SECRET not in outcome.stderr


def test_a_wrong_store_url_ends_the_process_with_one_paragraph(run_dry: TargetRunner) -> None:
    """The same for what only opening it can tell."""
    with run_dry.start(store_url=f"nosuch://u:{SECRET}@h") as process:
        outcome = process.finish()

    assert outcome.exit_code == 1
    assert outcome.lines[-1].startswith("store_url names a nosuch database: write sqlite:///")
    assert "Traceback" not in outcome.stderr
    assert SECRET not in outcome.stderr


@pytest.mark.parametrize(
    "url",
    [
        *("http://x.example", "http://10.0.0.1:8080", "http://127.0.0.1.example"),
        *("http://localhost.example", "http://[2001:db8::1]", " http://x.example "),
    ],
)
def test_no_credential_travels_in_clear(url: str) -> None:
    """Nor do the words of customers: whoever is on the way could read them."""
    with pytest.raises(ConfigValidationError) as caught:
        TargetCreovai(config=API | {"api_url": url})

    assert "Setting 'api_url' must be an https:// address" in str(caught.value.errors)


@pytest.mark.parametrize("url", ["https://[::1", "https://", "https://x y.example", "x.example"])
def test_what_is_no_address_is_none(url: str) -> None:
    """It is said before anything is read."""
    with pytest.raises(ConfigValidationError) as caught:
        TargetCreovai(config=API | {"api_url": url})

    assert "Setting 'api_url' must be an address such as" in str(caught.value.errors)


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1:80", "http://localhost:8080", "http://[::1]:8080/"),
        *("http://127.8.9.1", "http://app.localhost", "https://x.example"),
    ],
)
def test_servers_on_this_machine_may_do_without_tls(url: str) -> None:
    """Nothing leaves it."""
    TargetCreovai(config=API | {"api_url": url})
