"""How the tap gets its access token: one class per OAuth flow, and the table of them.

A flow says which settings it needs and which form it posts; the token endpoint sends the form and
maps error responses.
"""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from typing_extensions import override

from tap_salesforce_chat.errors import LoginError
from tap_salesforce_chat.login.hosts import audience, is_my_domain

# Salesforce refuses assertions that are valid for much longer.
ASSERTION_LIFETIME = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class Session:
    """An access token and the API host that accepts it.

    `refresh_token` is a new one that replaces the one that was used. The Ids of org and user are
    None where the token does not come from a login.
    """

    token: str = field(repr=False)
    instance_url: str
    refresh_token: str | None = field(default=None, repr=False)
    organization_id: str | None = None
    user_id: str | None = None

    @property
    def owner(self) -> str:
        """A text that differs by org and user, by token where the Ids are not known."""
        return f"{self.instance_url} {self.user_id or self.token}"


Form = Mapping[str, str]

# Posts a form to the token endpoint. The form is made anew for each try: an assertion expires.
TokenEndpoint = Callable[[Callable[[], Form]], Session]


class AuthFlow(abc.ABC):
    """A way to get a token from the settings."""

    required_settings: ClassVar[frozenset[str]]
    # Settings that belong to other flows: with one of them this flow is not chosen by default.
    conflicting_settings: ClassVar[frozenset[str]] = frozenset()
    # What to check after a refused login: Salesforce does not always say what is wrong.
    checklist: ClassVar[str] = "The user's Login History in Setup names the reason."

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config

    @classmethod
    def problems(cls, config: Mapping[str, Any]) -> list[str]:  # noqa: ARG003 - a hook
        """Return what is wrong with the values of the settings that the flow requires."""
        return []

    @abc.abstractmethod
    def log_in(self, endpoint: TokenEndpoint) -> Session:
        """Return the first session."""

    def log_in_again(self, endpoint: TokenEndpoint) -> Session:
        """Return a session after Salesforce refused the token of the last one."""
        return self.log_in(endpoint)


class FormFlow(AuthFlow):
    """A flow that takes one request, with a form."""

    @abc.abstractmethod
    def form(self) -> Form:
        """Return the form."""

    @override
    def log_in(self, endpoint: TokenEndpoint) -> Session:
        return endpoint(self.form)


class PasswordFlow(FormFlow):
    """OAuth username-password flow; `security_token` is not needed from trusted IP addresses."""

    required_settings = frozenset({"client_id", "client_secret", "username", "password"})
    checklist = (
        "Check: login_url (login, test or My Domain host); username (a sandbox's ends in the "
        "sandbox's name); password and security_token (the tap sends the password with the token "
        "appended; a new password brings a new token); client_id and client_secret (Consumer Key "
        "and Consumer Secret of the connected app); 'Relax IP restrictions' in the connected "
        "app's OAuth policies; the scope 'api' (Manage user data via APIs); and that the org "
        "allows the flow: newer orgs have the username-password flow switched off (Setup > OAuth "
        "and OpenID Connect Settings > Allow OAuth Username-Password Flows). The user's Login "
        "History in Setup names the reason."
    )

    @override
    def form(self) -> Form:
        config = self._config
        return {
            "grant_type": "password",
            "client_id": config["client_id"],
            "client_secret": config["client_secret"],
            "username": config["username"],
            "password": config["password"] + (config.get("security_token") or ""),
        }


class ClientCredentialsFlow(FormFlow):
    """OAuth client-credentials flow: the app logs in and acts as its Run-As user."""

    required_settings = frozenset({"client_id", "client_secret"})
    conflicting_settings = frozenset({"username", "password", "private_key", "refresh_token"})

    @override
    @classmethod
    def problems(cls, config: Mapping[str, Any]) -> list[str]:
        if is_my_domain(config):
            return []
        problem = (
            "auth_flow 'client_credentials' only works at the org's own host: set login_url to its "
            "My Domain (Setup > My Domain), such as https://acme.my.salesforce.com. For the flow "
            "'password', set username and password too."
        )
        return [problem]

    @override
    def form(self) -> Form:
        return {
            "grant_type": "client_credentials",
            "client_id": self._config["client_id"],
            "client_secret": self._config["client_secret"],
        }


class ConversationDataFlow(ClientCredentialsFlow):
    """The login for the Conversation Data API, which has a host of its own.

    The token has the scopes of the app: a `scope` parameter would not add `sfap_api` to them.
    """

    @override
    def log_in(self, endpoint: TokenEndpoint) -> Session:
        session = super().log_in(endpoint)
        return replace(session, instance_url=self._config["conversation_data_url"].rstrip("/"))


class JwtBearerFlow(FormFlow):
    """OAuth JWT bearer flow: an assertion signed with the key of the app's certificate."""

    required_settings = frozenset({"client_id", "username", "private_key"})

    @override
    @classmethod
    def problems(cls, config: Mapping[str, Any]) -> list[str]:
        from tap_salesforce_chat.login.private_key import read_private_key

        try:
            read_private_key(config["private_key"])
        except ValueError as exc:
            return [f"Setting 'private_key' {exc}"]
        return []

    @override
    def form(self) -> Form:
        import jwt

        from tap_salesforce_chat.login.private_key import read_private_key

        config = self._config
        claims = {
            "iss": config["client_id"],
            "sub": config["username"],
            "aud": audience(config),
            "exp": datetime.now(UTC) + ASSERTION_LIFETIME,
        }
        key = read_private_key(config["private_key"])
        return {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "assertion": jwt.encode(claims, key, algorithm="RS256"),
        }


class RefreshTokenFlow(AuthFlow):
    """OAuth refresh-token flow; where Salesforce rotates refresh tokens, the new one is saved."""

    required_settings = frozenset({"client_id", "refresh_token"})

    def __init__(self, config: Mapping[str, Any]) -> None:
        from tap_salesforce_chat.login.token_store import TokenStore

        super().__init__(config)
        folder = Path(config["token_dir"])
        self._store = TokenStore(folder, config["client_id"], config["refresh_token"])

    @override
    def log_in(self, endpoint: TokenEndpoint) -> Session:
        with self._store.locked():
            token = self._store.read()
            session = endpoint(lambda: self._form(token))
            if session.refresh_token and session.refresh_token != token:
                self._store.save(session.refresh_token)
        return session

    def _form(self, token: str) -> Form:
        # Apps without a secret are possible: the setting 'Require Secret for Refresh Token Flow'.
        secret = self._config.get("client_secret")
        return {
            "grant_type": "refresh_token",
            "client_id": self._config["client_id"],
            **({"client_secret": secret} if secret else {}),
            "refresh_token": token,
        }


class AccessTokenFlow(AuthFlow):
    """A token that was obtained elsewhere; it cannot be renewed."""

    required_settings = frozenset({"access_token", "instance_url"})

    @override
    def log_in(self, endpoint: TokenEndpoint) -> Session:
        return Session(self._config["access_token"], self._config["instance_url"].rstrip("/"))

    @override
    def log_in_again(self, endpoint: TokenEndpoint) -> Session:
        msg = (
            "Salesforce does not accept the given access token: it has expired or was revoked, it "
            "belongs to another instance_url, or it lacks the 'api' scope. Set a fresh "
            "access_token, or let the tap log in itself with another auth_flow."
        )
        raise LoginError(msg)


AUTH_FLOWS: dict[str, type[AuthFlow]] = {
    "password": PasswordFlow,
    "client_credentials": ClientCredentialsFlow,
    "jwt_bearer": JwtBearerFlow,
    "refresh_token": RefreshTokenFlow,
    "access_token": AccessTokenFlow,
}
