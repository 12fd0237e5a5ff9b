"""The settings of the login."""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

from tap_salesforce_chat.login.hosts import PRODUCTION_LOGIN_URL

LOGIN: tuple[th.Property[Any], ...] = (
    th.Property(
        "login_url",
        th.StringType(pattern=r"^https?://[^/\s]+/?$"),
        default=PRODUCTION_LOGIN_URL,
        title="Login URL",
        description=(
            "Where to log in: `https://login.salesforce.com`, `https://test.salesforce.com` "
            "(sandbox) or the org's My Domain, such as `https://acme.my.salesforce.com`."
        ),
    ),
    th.Property(
        "is_sandbox",
        th.BooleanType,
        default=False,
        title="Sandbox",
        description="Log in at `https://test.salesforce.com`; a My Domain URL stays as it is.",
    ),
    th.Property(
        "client_id",
        th.StringType,
        title="Consumer Key",
        description="Consumer Key of the connected app (or external client app).",
    ),
    th.Property(
        "client_secret",
        th.StringType,
        secret=True,
        title="Consumer Secret",
        description="Consumer Secret of the connected app (or external client app).",
    ),
    th.Property(
        "username",
        th.StringType,
        title="Username",
        description=(
            "User name of the integration user, for the username-password and the JWT bearer flow."
        ),
    ),
    th.Property(
        "password",
        th.StringType,
        secret=True,
        title="Password",
        description="Password of the integration user, without the security token.",
    ),
    th.Property(
        "security_token",
        th.StringType,
        secret=True,
        title="Security token",
        description=(
            "Security token of the integration user; the tap appends it to the password. Not "
            "needed where the org trusts the IP address."
        ),
    ),
    th.Property(
        "private_key",
        th.StringType,
        secret=True,
        title="Private key",
        description=(
            "For the JWT bearer flow: an RSA key whose certificate the app holds, as PEM text or "
            "as the path of a PEM file."
        ),
    ),
    th.Property(
        "jwt_audience",
        th.StringType(pattern=r"^https://\S+$"),
        title="JWT audience",
        description=(
            "For the JWT bearer flow where the audience is not the login or test host that fits "
            "`login_url`: the URL of an Experience Cloud site, for example."
        ),
    ),
    th.Property(
        "refresh_token",
        th.StringType,
        secret=True,
        title="Refresh token",
        description="A token from a login by browser, for the refresh-token flow.",
    ),
    th.Property(
        "token_dir",
        th.StringType,
        default="salesforce-tokens",
        title="Token folder",
        description=(
            "Folder that keeps the refresh token by which Salesforce replaces `refresh_token` at a "
            "login; it has to outlive the run. A newly set `refresh_token` takes precedence."
        ),
    ),
    th.Property(
        "access_token",
        th.StringType,
        secret=True,
        title="Access token",
        description="A token obtained elsewhere, used as it is until it expires.",
    ),
    th.Property(
        "instance_url",
        th.StringType(pattern=r"^https?://[^/\s]+/?$"),
        title="Instance URL",
        description="The org's API host, needed with `access_token`.",
    ),
    th.Property(
        "auth_flow",
        th.StringType,
        allowed_values=[
            *("password", "client_credentials", "jwt_bearer", "refresh_token", "access_token")
        ],
        title="Login flow",
        description="OAuth flow; by default the only one that the given settings allow.",
    ),
)
