"""Which exception an error response to a login becomes, with what to change in Setup. Pure.

An OAuth error response has an error code, which often covers several causes, and a description,
which differs by cause. Descriptions are matched, never passed on.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from tap_salesforce_chat.errors import LoginError, RetryLaterError
from tap_salesforce_chat.http.errors.mapping import error_for, is_redirect, is_transient
from tap_salesforce_chat.http.errors.responses import (
    proxy_login_error,
    redirect_error,
    transient_error,
)

if TYPE_CHECKING:
    from tap_salesforce_chat.errors import SalesforceError
    from tap_salesforce_chat.http.errors.responses import ErrorResponse


class _Cause(NamedTuple):
    """A cause of a refused login and its remedy.

    `error` is OAuth's error code, `part` a part of its description; an empty one matches all.
    """

    error: str
    part: str
    remedy: str


# The first match counts.
_CAUSES = (
    _Cause(
        "invalid_client",
        "app must be installed",
        "in Setup > Connected Apps OAuth Usage, install the app that client_id belongs to, and let "
        "the integration user use it.",
    ),
    _Cause(
        "invalid_grant",
        "not supported on this domain",
        "client_credentials needs the org's own host: set login_url to the host that Setup > My "
        "Domain shows.",
    ),
    _Cause(
        "invalid_grant",
        "no client credentials user",
        "in the app's OAuth policies, next to Enable Client Credentials Flow, choose the "
        "integration user as Run As user.",
    ),
    _Cause(
        "invalid_grant",
        "expired access/refresh token",
        "the refresh token has ended, was revoked, or was replaced by a newer one that token_dir "
        "does not hold: log in by browser again and set the new refresh_token; the app's OAuth "
        "policies (Refresh Token Policy) say how long it lives.",
    ),
    _Cause(
        "invalid_grant",
        "expired authorization code",
        "the assertion came too late or too early: set this machine's clock right.",
    ),
    _Cause(
        "",
        "approved",
        "in the app's OAuth policies, set Permitted Users to 'Admin approved users are "
        "pre-authorized', and give the app a permission set of the user of the setting username.",
    ),
    _Cause(
        "invalid_app_access",
        "",
        "in the app's OAuth policies, let the integration user in: Permitted Users, and its "
        "permission set or profile.",
    ),
    _Cause(
        "",
        "audience",
        "the assertion is for another host: set login_url (or is_sandbox), or else jwt_audience to "
        "https://login.salesforce.com, https://test.salesforce.com, or the URL of the site.",
    ),
    _Cause(
        "",
        "assertion",
        "private_key does not belong to the certificate of the app: upload the right one under Use "
        "digital signatures in the app's OAuth settings.",
    ),
    _Cause(
        "invalid_client_id",
        "",
        "client_id is not the Consumer Key of an app that this org knows: copy it from the app's "
        "Manage Consumer Details.",
    ),
    _Cause(
        "invalid_client",
        "",
        "client_secret is not the Consumer Secret that belongs to client_id: copy it from the "
        "app's Manage Consumer Details.",
    ),
    _Cause(
        "invalid_client_credentials",
        "",
        "client_secret is not the Consumer Secret that belongs to client_id: copy it from the "
        "app's Manage Consumer Details.",
    ),
    _Cause(
        "unsupported_grant_type",
        "",
        "this host or app does not offer the flow: switch it on in the app's OAuth settings, or "
        "choose another auth_flow.",
    ),
    _Cause(
        "unauthorized_client",
        "",
        "the app does not allow the flow: switch it on in the app's OAuth settings, or choose "
        "another auth_flow.",
    ),
    _Cause("redirect_uri_mismatch", "", "the app does not fit the flow: choose another auth_flow."),
    _Cause(
        "inactive_user", "", "the integration user is not active: activate it in Setup > Users."
    ),
    _Cause("inactive_org", "", "the org is locked, closed or suspended: check login_url."),
    _Cause(
        "invalid_grant",
        "",
        "a credential (with a password: username, password or security_token) is wrong, the user "
        "is inactive or locked, its IP address is not allowed, or the flow is switched off.",
    ),
)

# OAuth errors, and parts of descriptions, after which a later login may succeed.
_TRANSIENT = frozenset(
    {"rate_limit_exceeded", "server_error", "temporarily_unavailable", "unknown_error"}
)
_TRANSIENT_DESCRIPTIONS = ("login rate exceeded", "already being processed", "retry your request")


def login_error_for(response: ErrorResponse, checklist: str) -> SalesforceError | RetryLaterError:
    """Return the exception for an error response of the token endpoint.

    Args:
        response: The response, `{"error": ..., "error_description": ...}` if it is OAuth's.
        checklist: Where to look further in this login flow: Salesforce does not always say all.
    """
    error, description = _text(response, "error"), _text(response, "error_description").lower()
    is_transient_text = error in _TRANSIENT or any(
        part in description for part in _TRANSIENT_DESCRIPTIONS
    )
    if is_transient_text or is_transient(response.status):
        return transient_error(response)
    if response.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return proxy_login_error(response)
    # The REST API's errors, and pages, come from the same hosts.
    if not error and isinstance(later := error_for(response), RetryLaterError):
        return later
    if is_redirect(response.status):
        return redirect_error(response)
    cause = next(
        (one for one in _CAUSES if one.error in {"", error} and one.part in description), None
    )
    # An error code may be printed, anything else could hold personal data.
    code = error if re.fullmatch(r"[a-z_]{1,60}", error) else f"status {response.status}"
    remedy = f": {cause.remedy}" if cause else "."
    return LoginError(f"Salesforce refused the login ({code}){remedy} {checklist}")


def _text(response: ErrorResponse, name: str) -> str:
    text = response.document.get(name) if isinstance(response.document, dict) else None
    return text if isinstance(text, str) else ""
