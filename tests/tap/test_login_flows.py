"""The flows without a password: app, key, and refresh token."""

from __future__ import annotations

import json
import logging
import stat
import textwrap
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tap_salesforce_chat.errors import LoginError
from tap_salesforce_chat.login import token_store
from tap_salesforce_chat.login.flows import RefreshTokenFlow, Session
from tap_salesforce_chat.login.private_key import read_private_key
from tests.fakes.salesforce import Fault, SalesforceOrg, SalesforceServer
from tests.tap.support import add_cases, run_tap

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_salesforce_chat.login.flows import Form
    from tests.tap.support import Clock, Run

TOKEN_PATH = "/services/oauth2/token"
APP = {"client_id": "demo-client", "client_secret": "demo-secret"}


def pem(key: Any, password: bytes | None = None) -> str:
    """Return a private key as PEM."""
    lock: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    form = serialization.PrivateFormat.PKCS8
    text: bytes = key.private_bytes(serialization.Encoding.PEM, form, lock)
    return text.decode()


@pytest.fixture(name="key", scope="module")
def make_key() -> rsa.RSAPrivateKey:
    """The private half of what the connected app holds."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


@pytest.fixture
def server(org: SalesforceOrg, key: rsa.RSAPrivateKey) -> Iterator[SalesforceServer]:
    """A server that takes a key and a refresh token too."""
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    with SalesforceServer(
        org, page_size=2, jwt_public_key=public.decode(), refresh_token="5Aep-first"
    ) as server:
        yield server


def sync(server: SalesforceServer, **config: Any) -> Run:
    """Run the tap with no more than the given settings."""
    return run_tap({"login_url": server.url, **config})


def test_an_app_logs_in_as_itself(server: SalesforceServer) -> None:
    """Its id and secret are all it takes, at the org's own host."""
    assert sync(server, **APP).error is None


def test_a_key_logs_in(server: SalesforceServer, key: rsa.RSAPrivateKey) -> None:
    """Salesforce checks signature, audience, user and time; no secret travels."""
    run = sync(
        server,
        client_id="demo-client",
        username="integration@example.test",
        private_key=pem(key),
    )

    assert run.error is None


def encoded(text: str) -> str:
    """Return a text in base64, as secret stores like it."""
    return b64encode(text.encode()).decode()


FORMS: dict[str, Callable[[str], str]] = {
    "text": str,
    "windows": lambda text: text.replace("\n", "\r\n"),
    "mac": lambda text: text.replace("\n", "\r"),
    "one line": lambda text: text.replace("\n", "\\n"),
    "one line of windows": lambda text: text.replace("\n", "\\r\\n"),
    "escaped twice": lambda text: text.replace("\n", "\\\\n"),
    "escaped twice of windows": lambda text: text.replace("\n", "\\\\r\\\\n"),
    "joined by blanks": lambda text: text.replace("\n", " "),
    "not joined at all": lambda text: text.replace("\n", ""),
    "indented": lambda text: text.replace("\n", "\n    "),
    "in quotes": lambda text: f'"{text}"',
    "base64": encoded,
    "base64 in lines": lambda text: textwrap.fill(encoded(text), 76),
    "base64 of one line": lambda text: encoded(text.replace("\n", "\\n")),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("as_file", [False, True])
def test_a_key_is_text_or_a_path(
    key: rsa.RSAPrivateKey, tmp_path: Path, form: str, *, as_file: bool
) -> None:
    """Whatever environment files, secret stores and editors make of its lines."""
    setting = FORMS[form](pem(key))
    if as_file:
        file = tmp_path / "key.pem"
        file.write_bytes(setting.encode("utf-8-sig"))
        setting = f"{file}\n"

    assert read_private_key(setting).private_numbers() == key.private_numbers()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda key: pem(key, b"hush"), "passphrase"),
        (lambda _: pem(ec.generate_private_key(ec.SECP256R1())), "not an RSA key"),
        (lambda _: "-----BEGIN PRIVATE KEY-----\nhush", "PEM form"),
        (lambda _: "/no/such/file", "path of a file"),
        (lambda _: "\0", "path of a file"),
    ],
    ids=["locked", "curve", "cut", "no-file", "no-path"],
)
def test_a_key_that_cannot_sign_is_explained(
    key: rsa.RSAPrivateKey, make: Any, reason: str
) -> None:
    """The reason is told, the key is not."""
    setting = make(key)

    with pytest.raises(ValueError, match=reason) as caught:
        read_private_key(setting)

    assert setting not in str(caught.value)


def test_an_assertion_is_made_anew_for_each_try(
    server: SalesforceServer, key: rsa.RSAPrivateKey, waits: list[float]
) -> None:
    """A try may come minutes after the one before, when an assertion has ended."""
    server.faults.add(Fault("500", path=TOKEN_PATH, times=2))

    run = sync(
        server, client_id="demo-client", username="integration@example.test", private_key=pem(key)
    )

    assert run.error is None
    assert len(waits) == 2


@pytest.fixture(name="refresh")
def make_refresh(tmp_path: Path) -> dict[str, str]:
    """The settings of the refresh-token flow."""
    return APP | {"refresh_token": "5Aep-first", "token_dir": str(tmp_path / "tokens")}


def kept(refresh: dict[str, str]) -> list[Path]:
    """Return the files of kept tokens."""
    return sorted(Path(refresh["token_dir"]).glob("*.json"))


def test_a_refresh_token_logs_in_and_nothing_is_kept(
    server: SalesforceServer, refresh: dict[str, str]
) -> None:
    """Without rotation the configured token stays the valid one."""
    assert sync(server, **refresh).error is None
    assert kept(refresh) == []


def test_a_rotated_token_survives_the_run(
    server: SalesforceServer, refresh: dict[str, str]
) -> None:
    """Each login ends the token it used; the config file never changes."""
    server.rotate_refresh_tokens = True

    runs = [sync(server, **refresh) for _ in range(3)]

    assert [run.error for run in runs] == [None] * 3
    (file,) = kept(refresh)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "5Aep-first" not in file.name + file.read_text()


def test_a_rotated_token_is_used_when_the_session_ends(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, refresh: dict[str, str]
) -> None:
    """A second login of the same run has to use the token of the first."""
    server.rotate_refresh_tokens = True
    ids = add_cases(org, clock, 3)
    server.faults.add(Fault("401", after=1))

    run = sync(server, **refresh)

    assert run.error is None
    assert run.column("Id") == ids


def test_a_token_is_kept_before_it_is_used(
    server: SalesforceServer, refresh: dict[str, str]
) -> None:
    """A run that dies right after the login has not lost it."""
    server.rotate_refresh_tokens = True
    server.faults.add(Fault("txn_security", path="/services/data", times=100))

    assert sync(server, **refresh).error is not None
    token = json.loads(kept(refresh)[0].read_text())["refresh_token"]

    assert server.takes_refresh_token(token)


def test_two_runs_log_in_one_after_the_other(
    refresh: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each login ends the token that it used: the second one has to wait for the first one's."""
    monkeypatch.setattr(token_store, "_LOCK_TIMEOUT_SECONDS", 0)
    first, second = RefreshTokenFlow(refresh), RefreshTokenFlow(refresh)
    used = []

    def endpoint(form: Callable[[], Form]) -> Session:
        used.append(form()["refresh_token"])
        if len(used) == 1:
            with pytest.raises(LoginError, match="Another run"):
                second.log_in(endpoint)
        return Session("token", "https://acme.example", f"5Aep-{len(used)}")

    first.log_in(endpoint)
    second.log_in(endpoint)

    assert used == ["5Aep-first", "5Aep-1"]


def test_a_newly_configured_token_wins(server: SalesforceServer, refresh: dict[str, str]) -> None:
    """Whoever logs in by browser again must not be overruled by an old file."""
    server.rotate_refresh_tokens = True
    sync(server, **refresh)
    current = json.loads(kept(refresh)[0].read_text())["refresh_token"]
    kept(refresh)[0].write_text(json.dumps({"refresh_token": "5Aep-ended"}))

    assert isinstance(sync(server, **refresh).error, LoginError)
    assert sync(server, **refresh | {"refresh_token": current}).error is None


def test_a_folder_that_cannot_be_written_stops_before_the_login(
    server: SalesforceServer, refresh: dict[str, str], tmp_path: Path
) -> None:
    """Afterwards would be too late: the old token has ended then."""
    (tmp_path / "tokens").write_text("a file where the folder should be")
    server.rotate_refresh_tokens = True

    run = sync(server, **refresh)

    assert isinstance(run.error, LoginError)
    assert "token_dir" in str(run.error)
    assert not server.calls


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"refresh_token"'])
def test_a_file_that_is_damaged_is_not_passed_over(
    server: SalesforceServer, refresh: dict[str, str], content: str
) -> None:
    """The configured token has ended long ago; the error names the file."""
    server.rotate_refresh_tokens = True
    sync(server, **refresh)
    (file,) = kept(refresh)
    file.write_text(content)

    run = sync(server, **refresh)

    assert isinstance(run.error, LoginError)
    assert str(file) in str(run.error)


def test_no_log_holds_a_token_or_a_key(
    server: SalesforceServer,
    refresh: dict[str, str],
    key: rsa.RSAPrivateKey,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Not even at debug level, and not when a login is tried again or refused."""
    caplog.set_level(logging.DEBUG)
    server.rotate_refresh_tokens = True
    server.faults.add(Fault("500", path=TOKEN_PATH, times=2))
    login = {"client_id": "demo-client", "username": "nobody", "private_key": pem(key)}

    texts = [str(sync(server, **refresh).error), str(sync(server, **login).error), caplog.text]

    current = json.loads(kept(refresh)[0].read_text())["refresh_token"]
    assert "pre-authorized" in texts[1]
    for secret in ("5Aep-first", current, "demo-secret", "PRIVATE KEY", "eyJ"):
        assert not any(secret in text for text in texts)
