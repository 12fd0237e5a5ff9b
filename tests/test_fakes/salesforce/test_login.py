"""The simulated Salesforce lets in whom it should, and says no in the words of the real one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import requests
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.fakes.salesforce import SalesforceOrg
from tests.fakes.salesforce.client import V62, Client, connected

BY_ID = "SELECT Id FROM Case ORDER BY Id"
USERNAME = "integration@example.test"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture(name="key", scope="module")
def make_key() -> rsa.RSAPrivateKey:
    """The private half of what a connected app would hold."""
    return rsa.generate_private_key(public_exponent=65_537, key_size=2_048)


def public_pem(key: rsa.RSAPrivateKey) -> str:
    """Return the public half, as PEM."""
    encoding = serialization.Encoding.PEM
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(encoding, form).decode()


def test_a_login_gives_a_token_that_works(client: Client) -> None:
    """The answer names the instance, and does not say when the token ends."""
    answer = client.login()
    body = answer.json()

    assert answer.status_code == 200
    assert body["instance_url"] == client.server.url
    assert body["token_type"] == "Bearer"
    assert body["issued_at"].isdigit()
    assert "expires_in" not in body
    client.session.headers["Authorization"] = f"Bearer {body['access_token']}"
    assert client.query(BY_ID).status_code == 200
    user = client.get("/services/oauth2/userinfo").json()
    assert user["preferred_username"] == "integration@example.test"
    assert body["id"].endswith(f"/{user['organization_id']}/{user['user_id']}")


@pytest.mark.parametrize(
    ("changes", "error", "description"),
    [
        pytest.param(
            {"client_id": "x"}, "invalid_client_id", "client identifier invalid", id="client-id"
        ),
        pytest.param(
            {"client_secret": "x"}, "invalid_client", "invalid client credentials", id="secret"
        ),
        pytest.param({"username": "x"}, "invalid_grant", "authentication failure", id="username"),
        pytest.param(
            {"password": "demo-password"}, "invalid_grant", "authentication failure", id="no-token"
        ),
        pytest.param(
            {"grant_type": "magic"}, "unsupported_grant_type", "grant type not supported", id="flow"
        ),
        pytest.param(
            {"grant_type": "refresh_token", "refresh_token": ""},
            "invalid_grant",
            "expired access/refresh token",
            id="refresh-token",
        ),
    ],
)
def test_a_wrong_login_is_refused(
    client: Client, changes: dict[str, str], error: str, description: str
) -> None:
    """OAuth errors are an object, and the status is 400."""
    answer = client.login(**changes)

    assert answer.status_code == 400
    assert answer.json() == {"error": error, "error_description": description}


def test_a_blocked_password_flow_looks_like_a_wrong_password(client: Client) -> None:
    """Salesforce does not tell the two apart, other flows still work."""
    client.server.password_flow_blocked = True

    assert client.login().json()["error_description"] == "authentication failure"
    assert client.login(grant_type="client_credentials").status_code == 200


def test_a_refresh_token_logs_in() -> None:
    """The token given to the server is the one it takes."""
    with connected(SalesforceOrg(), refresh_token="5Aep-demo") as client:
        assert client.login(grant_type="refresh_token", refresh_token="5Aep-demo").ok
        assert not client.login(grant_type="refresh_token", refresh_token="5Aep-other").ok


def test_a_rotated_refresh_token_ends_the_one_before() -> None:
    """Each login brings a new one, which is the only one that works."""
    with connected(SalesforceOrg(), refresh_token="5Aep-demo") as client:
        client.server.rotate_refresh_tokens = True
        new = client.login(grant_type="refresh_token", refresh_token="5Aep-demo").json()
        assert not client.login(grant_type="refresh_token", refresh_token="5Aep-demo").ok
        assert client.login(grant_type="refresh_token", refresh_token=new["refresh_token"]).ok
        assert "refresh_token" not in client.login().json()


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        pytest.param({}, None, id="right"),
        pytest.param({"aud": "https://login.salesforce.com"}, None, id="production-host"),
        pytest.param({"aud": "https://elsewhere.test"}, "audience is invalid", id="audience"),
        pytest.param({"exp": 0}, "expired authorization code", id="time"),
        pytest.param({"sub": "x"}, "user hasn't approved this consumer", id="user"),
        pytest.param({"iss": "x"}, "client identifier invalid", id="client-id"),
    ],
)
def test_an_assertion_is_read_and_checked(
    key: rsa.RSAPrivateKey, changes: dict[str, Any], reason: str | None
) -> None:
    """The JWT bearer flow needs the right audience, user and time, and no secret."""
    with connected(SalesforceOrg(), jwt_public_key=public_pem(key)) as client:
        soon = datetime.now(UTC) + timedelta(minutes=3)
        right = {"iss": "demo-client", "sub": USERNAME, "aud": client.server.url, "exp": soon}
        assertion = jwt.encode(right | changes, key, algorithm="RS256")
        answer = client.login(grant_type=JWT_BEARER, assertion=assertion, client_secret="")

    assert answer.json().get("error_description") == reason
    assert answer.ok == (reason is None)


def test_an_assertion_signed_by_a_stranger_is_refused(key: rsa.RSAPrivateKey) -> None:
    """What it says does not matter then."""
    stranger = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    with connected(SalesforceOrg(), jwt_public_key=public_pem(key)) as client:
        assertion = jwt.encode({"sub": USERNAME}, stranger, algorithm="RS256")
        answer = client.login(grant_type=JWT_BEARER, assertion=assertion)

    assert answer.json()["error_description"] == "invalid assertion"


def test_a_token_ends_when_sessions_expire(client: Client) -> None:
    """401 with the code that tells a client to log in again, once."""
    client.server.expire_tokens()
    answer = client.query(BY_ID)

    assert answer.status_code == 401
    assert answer.json() == [
        {"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}
    ]
    assert client.get("/services/oauth2/userinfo").text == "Bad_OAuth_Token"
    client.session.headers["Authorization"] = f"Bearer {client.server.issue_token()}"
    assert client.query(BY_ID).status_code == 200


def test_a_request_without_a_token_is_refused(client: Client) -> None:
    """Nothing of the org shows without a login."""
    assert requests.get(f"{client.server.url}{V62}/sobjects", timeout=5).status_code == 401
    assert client.server.daily_used == 0
