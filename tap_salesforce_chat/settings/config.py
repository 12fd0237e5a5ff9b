"""The tap's settings, each described once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from tap_salesforce_chat.login.hosts import PRODUCTION_LOGIN_URL
from tap_salesforce_chat.settings.opt_in import EXTRA_STREAMS

if TYPE_CHECKING:
    from collections.abc import Mapping

CONFIG_SCHEMA: dict[str, Any] = th.PropertiesList(
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
        description="Short for the login URL of sandboxes; a My Domain login URL stays as it is.",
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
            "Where the refresh token is kept that Salesforce puts in the place of `refresh_token` "
            "at a login; it has to outlive the run. A newly set `refresh_token` wins."
        ),
    ),
    th.Property(
        "cache_dir",
        th.StringType,
        title="Cache folder",
        description=(
            "Where it is kept what the org's objects look like, so that a run asks with one "
            "request whether that has changed; by default in the user's folder for caches. Without "
            "a folder that outlives the run, each one asks for about 17 describes."
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
    th.Property(
        "api_version",
        th.StringType(pattern=r"^\d{2,3}\.0$"),
        default="62.0",
        title="API version",
        description="Version of Salesforce's REST API.",
    ),
    th.Property(
        "api_type",
        th.StringType,
        allowed_values=["REST", "BULK2", "AUTO"],
        default="REST",
        title="API",
        description=(
            "Read by the REST API or by the Bulk API 2.0. `AUTO`: Bulk for streams with a large "
            "backlog, REST for the others and for what Bulk refuses."
        ),
    ),
    th.Property(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description=(
            "Read what changed at this time or later; without it, everything. A bookmark in the "
            "state wins."
        ),
    ),
    th.Property(
        "whole_cases",
        th.BooleanType,
        default=True,
        title="Whole cases",
        description=(
            "With `start_date`: read a case that has anything from that time on whole, with all "
            "its older mails and comments."
        ),
    ),
    th.Property(
        "end_date",
        th.DateTimeType,
        title="End date",
        description="Read only what changed before this time, for backfills.",
    ),
    th.Property(
        "lookback_seconds",
        th.IntegerType(minimum=0),
        default=600,
        title="Lookback",
        description=(
            "Read this many seconds before the bookmark again, for rows that became visible late."
        ),
    ),
    th.Property(
        "page_size",
        th.IntegerType(minimum=200, maximum=2000),
        default=2000,
        title="Page size",
        description="Rows per page to ask for; Salesforce may send fewer.",
    ),
    th.Property(
        "max_workers",
        th.IntegerType(minimum=1, maximum=20),
        default=8,
        title="Requests in flight",
        description=(
            "Most requests to Salesforce in flight at once. A large backlog is read in several "
            "windows of time at once, streams are read before it is their turn, and all arrives in "
            "order."
        ),
    ),
    th.Property(
        "verify_counts",
        th.BooleanType,
        default=True,
        title="Verify counts",
        description=(
            "Compare the rows read with what Salesforce counts, at one request per window of "
            "time; a difference that reading again does not settle ends the run."
        ),
    ),
    th.Property(
        "include_deleted",
        th.BooleanType,
        default=True,
        title="Include deleted rows",
        description="Read soft-deleted rows too: deletions arrive as `IsDeleted: true`.",
    ),
    th.Property(
        "include_hard_deleted",
        th.BooleanType,
        default=False,
        title="Include hard-deleted rows",
        description=(
            "Also emit rows that are gone from the recycle bin, with `Id`, `IsDeleted: true` and "
            "the time of the deletion as `SystemModstamp`, whatever `filters` says. Salesforce "
            "knows the deletions of the last 15 days."
        ),
    ),
    th.Property(
        "filters",
        th.ObjectType(additional_properties=th.StringType(nullable=False)),
        title="Filters",
        description=(
            "Stream name to SOQL condition that its rows must meet as well, such as "
            '`{"Case": "RecordType.Name = \'Support\'"}`.'
        ),
    ),
    th.Property(
        "extra_streams",
        th.ArrayType(th.StringType(allowed_values=list(EXTRA_STREAMS), nullable=False)),
        default=[],
        title="Extra streams",
        description=(
            "Streams that conversations do not need, read only if they are named here: "
            "`LiveChatTranscriptEvent`, `User`, `Contact`."
        ),
    ),
    th.Property(
        "supervisor_text",
        th.BooleanType,
        default=False,
        title="Supervisors' text",
        description=(
            "Also read what supervisors write to agents in chats "
            "(`LiveChatTranscript.SupervisorTranscriptBody`)."
        ),
    ),
    th.Property(
        "viewed_dates",
        th.BooleanType,
        default=False,
        title="Dates of viewing",
        description=(
            "Also read `LastViewedDate` and `LastReferencedDate`, which are the integration "
            "user's own and change when it looks at a row."
        ),
    ),
    th.Property(
        "mail_without_case",
        th.BooleanType,
        default=False,
        title="Mail without a case",
        description="Also read mail that belongs to no case, such as that of sales.",
    ),
    th.Property(
        "messaging_api",
        th.StringType,
        allowed_values=["connect", "conversation_data"],
        default="connect",
        title="Interface for enhanced chats",
        description=(
            "How the entries of enhanced chats are read. `connect`: Connect REST, static text "
            "only. `conversation_data`: Conversation Data API, all kinds of messages; it needs an "
            "app with the scope `sfap_api`."
        ),
    ),
    th.Property(
        "messaging_calls_per_hour",
        th.IntegerType(minimum=1),
        default=900,
        title="Calls per hour for enhanced chats",
        description=(
            "Most calls for entries in any hour, over all runs. Salesforce allows 1,000 per app "
            "and user by Connect."
        ),
    ),
    th.Property(
        "messaging_max_active",
        th.IntegerType(minimum=1),
        default=1000,
        title="Active enhanced chats",
        description=(
            "Most calls for entries in any 30 minutes, over all runs: each makes a conversation "
            "count as active for so long, and beyond the org's limit of active ones customers "
            "cannot begin a chat."
        ),
    ),
    th.Property(
        "messaging_pause",
        th.ArrayType(th.StringType(nullable=False)),
        default=[],
        title="Hours without calls for enhanced chats",
        description=(
            'Hours of the day in which no entries are asked for, such as `["08:00-18:00"]`; the '
            "end may be on the next day."
        ),
    ),
    th.Property(
        "messaging_time_zone",
        th.StringType,
        title="Time zone of those hours",
        description=(
            "Time zone of `messaging_pause`, such as `Europe/Berlin`; without it, that of the "
            "machine."
        ),
    ),
    th.Property(
        "conversation_data_url",
        th.StringType(pattern=r"^https?://\S+[^/\s]/?$"),
        default="https://api.salesforce.com/platform/engagement/v1.0",
        title="Conversation Data API URL",
        description="Where the Conversation Data API is, with its version.",
    ),
    th.Property(
        "quota_percent_total",
        th.IntegerType(minimum=1, maximum=100),
        default=90,
        title="API quota",
        description=(
            "Stop, with state kept, when the org has used more than this percentage of its daily "
            "API requests."
        ),
    ),
    th.Property(
        "quota_percent_per_run",
        th.IntegerType(minimum=1, maximum=100),
        title="API quota of a run",
        description=(
            "Stop, with state kept, when this run has used this percentage of the org's daily API "
            "requests. Without it, only `quota_percent_total` counts."
        ),
    ),
    th.Property(
        "request_timeout_seconds",
        th.IntegerType(minimum=1),
        default=300,
        title="Request timeout",
        description="Give up waiting for an answer after this many seconds, and ask again.",
    ),
    th.Property(
        "bulk_timeout_minutes",
        th.IntegerType(minimum=1),
        default=360,
        title="Bulk timeout",
        description="Abort a Bulk job that Salesforce has not finished after this many minutes.",
    ),
).to_dict()


def trimmed(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that are given, without white space at their ends.

    A secret that was read from a file has a line break behind it. A setting that is null is one
    that is not given: it gets its default.
    """
    return {
        name: value.strip() if isinstance(value, str) else value
        for name, value in config.items()
        if value is not None
    }
