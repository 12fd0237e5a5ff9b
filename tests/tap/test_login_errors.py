"""Refused logins: each names the one thing to change, and never repeats what Salesforce said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tap_salesforce_chat.errors import (
    HostMovedError,
    LoginError,
    RetryLaterError,
    SalesforceError,
)
from tap_salesforce_chat.http.errors.responses import ErrorResponse
from tap_salesforce_chat.login.errors import login_error_for
from tap_salesforce_chat.login.flows import AUTH_FLOWS
from tests.fakes.salesforce.oauth import OAuthRefusal
from tests.tap.support import run_tap, settings

if TYPE_CHECKING:
    from tests.fakes.salesforce import SalesforceServer

CUSTOMER_TEXT = "my password is hunter2"

REFUSALS = [
    ("invalid_grant", "authentication failure", "username, password or security_token) is wrong"),
    ("invalid_grant", "expired access/refresh token", "log in by browser again"),
    ("invalid_grant", "request not supported on this domain", "set login_url to the host"),
    ("invalid_grant", "no client credentials user enabled", "choose the integration user as Run"),
    ("invalid_grant", "user hasn't approved this consumer", "pre-authorized"),
    ("invalid_grant", "audience is invalid", "jwt_audience"),
    ("invalid_grant", "Audience validation failed", "jwt_audience"),
    ("invalid_grant", "invalid assertion", "private_key does not belong to the certificate"),
    ("invalid_grant", "expired authorization code", "set this machine's clock right"),
    ("invalid_app_access", "user is not admin approved to access this app", "pre-authorized"),
    ("invalid_app_access", "", "let the integration user in"),
    ("invalid_client_id", "client identifier invalid", "client_id is not the Consumer Key"),
    ("invalid_client", "invalid client credentials", "client_secret is not the Consumer Secret"),
    ("invalid_client", "app must be installed into org", "Setup > Connected Apps OAuth Usage"),
    ("invalid_client_credentials", "", "client_secret is not the Consumer Secret"),
    ("unsupported_grant_type", "grant type not supported", "choose another auth_flow"),
    ("unauthorized_client", "", "choose another auth_flow"),
    ("redirect_uri_mismatch", "", "choose another auth_flow"),
    ("inactive_user", "", "activate it in Setup > Users"),
    ("inactive_org", "", "check login_url"),
]


def refused(error: object, description: object = "", status: int = 400) -> Exception:
    """Return what becomes of a refusal."""
    document = {"error": error, "error_description": description}
    return login_error_for(ErrorResponse(status, document, {}, "Login"), "Look at the checklist.")


@pytest.mark.parametrize(("error", "description", "remedy"), REFUSALS)
def test_each_refusal_names_its_remedy(error: str, description: str, remedy: str) -> None:
    """One cause, one sentence, then where to look further."""
    exc = refused(error, f"{description}, {CUSTOMER_TEXT}")

    assert type(exc) is LoginError
    assert remedy in str(exc)
    assert error in str(exc)
    assert str(exc).endswith("Look at the checklist.")
    assert CUSTOMER_TEXT not in str(exc)


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ("an_error_of_the_future", "an_error_of_the_future"),
        (CUSTOMER_TEXT, "status 400"),
        (None, "status 400"),
        (7, "status 400"),
    ],
)
def test_a_refusal_that_nobody_knows_is_named_if_it_is_a_code(error: object, shown: str) -> None:
    """An error code may be passed on; anything else could be somebody's words."""
    exc = refused(error, CUSTOMER_TEXT)

    assert type(exc) is LoginError
    assert f"({shown})" in str(exc)
    assert CUSTOMER_TEXT not in str(exc)


@pytest.mark.parametrize(
    ("status", "kind", "hint"),
    [
        (429, RetryLaterError, "429"),
        (420, RetryLaterError, "420"),
        (503, RetryLaterError, "503"),
        (406, RetryLaterError, "406"),
        (407, SalesforceError, "HTTPS_PROXY"),
        (301, HostMovedError, "My Domain"),
    ],
)
def test_the_status_comes_first(status: int, kind: type[Exception], hint: str) -> None:
    """A host that is down or elsewhere has not looked at the credentials."""
    exc = refused("invalid_grant", status=status)

    assert type(exc) is kind
    assert hint in str(exc)


def test_the_run_ends_with_the_remedy(server: SalesforceServer) -> None:
    """What the table says reaches the reader, with the checklist of the flow."""
    server.login_refusal = OAuthRefusal("invalid_client", "app must be installed into org")

    run = run_tap(settings(server))

    assert "Connected Apps OAuth Usage" in str(run.error)
    assert AUTH_FLOWS["password"].checklist in str(run.error)
