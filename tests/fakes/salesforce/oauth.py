"""The token endpoint. Its refusals are a JSON object, unlike those of REST."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import jwt

from tests.fakes.salesforce.answers import Answer, json_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    Form = dict[str, str]

_JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LOGIN_HOSTS = ("https://login.salesforce.com", "https://test.salesforce.com")


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a client must present; a flow whose part of it is empty refuses everybody."""

    username: str = "integration@example.test"
    password: str = "demo-password"
    security_token: str = "demo-token"
    client_id: str = "demo-client"
    client_secret: str = "demo-secret"
    refresh_token: str = ""
    jwt_public_key: str = ""


@dataclass(frozen=True, slots=True)
class OAuthRefusal:
    """The two words of a refusal."""

    error: str
    description: str


_WRONG_ID = OAuthRefusal("invalid_client_id", "client identifier invalid")
_WRONG_SECRET = OAuthRefusal("invalid_client", "invalid client credentials")
_WRONG_GRANT = OAuthRefusal("unsupported_grant_type", "grant type not supported")
_WRONG_USER = OAuthRefusal("invalid_grant", "authentication failure")
_WRONG_REFRESH = OAuthRefusal("invalid_grant", "expired access/refresh token")
_NOT_APPROVED = OAuthRefusal("invalid_grant", "user hasn't approved this consumer")
_WRONG_AUDIENCE = OAuthRefusal("invalid_grant", "audience is invalid")
_WRONG_ASSERTION = OAuthRefusal("invalid_grant", "invalid assertion")
_TOO_LATE = OAuthRefusal("invalid_grant", "expired authorization code")


class Tokens:
    """Access tokens in circulation."""

    def __init__(self, org_id: str) -> None:
        self._org_id = org_id[:15]
        self._lock = Lock()
        self._scopes: dict[str, str] = {}

    def issue(self, scopes: str = "api") -> str:
        """Return a new token."""
        token = f"{self._org_id}!AQ{secrets.token_urlsafe(64)}"
        with self._lock:
            self._scopes[token] = scopes
        return token

    def expire(self) -> None:
        """Make every token that is out invalid."""
        with self._lock:
            self._scopes.clear()

    def accepts(self, authorization: str) -> bool:
        """Tell whether an `Authorization` header carries a token that still works."""
        return bool(self.scopes(authorization))

    def scopes(self, authorization: str) -> str:
        """Return the scopes of the token of an `Authorization` header, none if it is not valid."""
        scheme, _, token = authorization.partition(" ")
        with self._lock:
            return self._scopes.get(token, "") if scheme.lower() in {"bearer", "oauth"} else ""


def check_login(
    form: Form, expected: Credentials, url: str, *, password_blocked: bool
) -> OAuthRefusal | None:
    """Return why a token request is refused, or None; `url` is the host it was sent to."""
    grant = form.get("grant_type", "")
    if grant == _JWT_BEARER:
        # The only flow without a secret: the signature takes its place.
        return _assertion(form, expected, url)
    if grant not in _GRANTS:
        return _WRONG_GRANT
    if form.get("client_id") != expected.client_id:
        return _WRONG_ID
    if not _same(form, "client_secret", expected.client_secret):
        return _WRONG_SECRET
    # A blocked flow is not told apart from a wrong password.
    if grant == "password" and password_blocked:
        return _WRONG_USER
    return _GRANTS[grant](form, expected)


def refused_login(refusal: OAuthRefusal) -> Answer:
    """Refuse a token request."""
    document = {"error": refusal.error, "error_description": refusal.description}
    return json_answer(document, 400)


def new_refresh_token() -> str:
    """Return a token to take the place of the one that was used."""
    return f"5Aep{secrets.token_urlsafe(60)}"


def token_grant(token: str, url: str, identity: str, now: datetime, scopes: str) -> dict[str, Any]:
    """The answer to a good login: no word on how long the token lives."""
    return {
        "access_token": token,
        "instance_url": url,
        "id": identity,
        "token_type": "Bearer",
        "issued_at": str(int(now.timestamp() * 1000)),
        "signature": secrets.token_urlsafe(32),
        "scope": scopes,
    }


def _same(form: Form, name: str, secret: str) -> bool:
    given = form.get(name, "").encode()
    return bool(secret) and hmac.compare_digest(given, secret.encode())


def _password(form: Form, expected: Credentials) -> OAuthRefusal | None:
    known = form.get("username") == expected.username
    right = _same(form, "password", expected.password + expected.security_token)
    return None if known and right else _WRONG_USER


def _refresh(form: Form, expected: Credentials) -> OAuthRefusal | None:
    return None if _same(form, "refresh_token", expected.refresh_token) else _WRONG_REFRESH


def _client(_: Form, __: Credentials) -> OAuthRefusal | None:
    """The id and the secret have been checked, and there is nothing else."""


def _assertion(form: Form, expected: Credentials, url: str) -> OAuthRefusal | None:
    try:
        claims = jwt.decode(
            form.get("assertion", ""),
            expected.jwt_public_key,
            algorithms=["RS256"],
            audience=[*_LOGIN_HOSTS, url],
            options={"require": ["aud", "exp", "iss", "sub"]},
        )
    except jwt.ExpiredSignatureError:
        return _TOO_LATE
    except jwt.InvalidAudienceError:
        return _WRONG_AUDIENCE
    except (jwt.PyJWTError, ValueError):
        return _WRONG_ASSERTION
    if claims["iss"] != expected.client_id:
        return _WRONG_ID
    return None if claims["sub"] == expected.username else _NOT_APPROVED


_GRANTS: Mapping[str, Callable[[Form, Credentials], OAuthRefusal | None]] = MappingProxyType(
    {
        "client_credentials": _client,
        "password": _password,
        "refresh_token": _refresh,
    }
)
