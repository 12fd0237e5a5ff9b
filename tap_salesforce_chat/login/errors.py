"""What a refused login says, and what to change in Setup so that it is granted.

Salesforce's OAuth errors are two words: an error, which often covers several causes, and a
description, which tells them apart. Descriptions are matched, never passed on.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple

from tap_salesforce_chat.errors import (
    LoginError,
    RetryLaterError,
    error_for,
    passes,
    proxy_wants_login,
    redirected,
    try_later,
)

if TYPE_CHECKING:
    from tap_salesforce_chat.errors import ErrorResponse, SalesforceError


class _Cause(NamedTuple):
    """A refusal and its remedy.

    `error` is OAuth's, `part` of its description; either may be empty and then fits all.
    """

    error: str
    part: str
    remedy: str


# The first that fits counts.
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

# What passes by itself: errors, and parts of descriptions that come with any error.
_PASSING = frozenset(
    {"rate_limit_exceeded", "server_error", "temporarily_unavailable", "unknown_error"}
)
_PASSING_PARTS = ("login rate exceeded", "already being processed", "retry your request")


def login_error_for(refusal: ErrorResponse, checklist: str) -> SalesforceError | RetryLaterError:
    """Return the exception for an answer of the token endpoint, whose errors have another shape.

    Args:
        refusal: The answer.
        checklist: Where to look further in this login flow: Salesforce does not always say all.
    """
    error, description = _word(refusal, "error"), _word(refusal, "error_description").lower()
    by_words = error in _PASSING or any(part in description for part in _PASSING_PARTS)
    if by_words or passes(refusal.status):
        return try_later(refusal)
    if refusal.status == HTTPStatus.PROXY_AUTHENTICATION_REQUIRED:
        return proxy_wants_login(refusal)
    # An answer of REST's shape, or of none, that passes does so here, too.
    if not error and isinstance(later := error_for(refusal), RetryLaterError):
        return later
    if HTTPStatus.MULTIPLE_CHOICES <= refusal.status < HTTPStatus.BAD_REQUEST:
        return redirected(refusal)
    cause = next(
        (one for one in _CAUSES if one.error in {"", error} and one.part in description), None
    )
    # A code may be printed, anything else could be somebody's words.
    code = error if re.fullmatch(r"[a-z_]{1,60}", error) else f"status {refusal.status}"
    told = f": {cause.remedy}" if cause else "."
    return LoginError(f"Salesforce refused the login ({code}){told} {checklist}")


def _word(refusal: ErrorResponse, name: str) -> str:
    word = refusal.document.get(name) if isinstance(refusal.document, dict) else None
    return word if isinstance(word, str) else ""
