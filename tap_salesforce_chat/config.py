"""The tap's settings, each described once, and what may be wrong with them.

A message about a setting names it and the rule, never its value: a password that is a number
fails the type check like any other setting.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th
from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.exceptions import ConfigValidationError

from tap_salesforce_chat.login.flows import AUTH_FLOWS, choose_flow
from tap_salesforce_chat.login.hosts import PRODUCTION_LOGIN_URL, address_problem, is_token
from tap_salesforce_chat.messaging.interfaces import INTERFACES
from tap_salesforce_chat.messaging.pauses import Pauses
from tap_salesforce_chat.opt_in import EXTRA_STREAMS
from tap_salesforce_chat.timestamps import parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from jsonschema import ValidationError

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
        allowed_values=list(AUTH_FLOWS),
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
        allowed_values=list(INTERFACES),
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

# JSON schema keyword -> the rule in words, from the keyword's value in the schema.
_RULES: dict[str, Callable[[Any], str]] = {
    "type": lambda kinds: f"must be of type {' or '.join(_names(kinds))}",
    "enum": lambda values: f"must be one of {', '.join(map(str, values))}",
    "minimum": lambda bound: f"must be at least {bound}",
    "maximum": lambda bound: f"must be at most {bound}",
    "pattern": lambda pattern: f"must match {pattern}",
    "required": lambda names: f"needs {', '.join(names)}",
}


def _names(kinds: str | list[str]) -> list[str]:
    return [kind for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind != "null"]


def rule_broken(error: ValidationError) -> str:
    """Say which setting breaks which rule of the JSON schema, without its value."""
    setting = ".".join(str(part) for part in error.absolute_path) or "config"
    rule = _RULES.get(str(error.validator), lambda _: f"breaks the rule '{error.validator}'")
    return f"Setting '{setting}' {rule(error.validator_value)}."


def from_environment(schema: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the settings that environment variables hold.

    The SDK's own messages quote what is no number, and so on: it may be a credential.

    Args:
        schema: The JSON schema of all settings.
        prefix: What the variables' names begin with.

    Raises:
        ConfigValidationError: Some of them cannot be read. The message names them.
    """
    settings: dict[str, Any] = {}
    wrong = []
    for name, kind in schema["properties"].items():
        try:
            settings |= parse_environment_config({"properties": {name: kind}}, prefix)
        except ValueError:
            kinds = " or ".join(_names(kind["type"]))
            wrong.append(f"The environment variable {prefix}{name.upper()} holds no {kinds}.")
    if wrong:
        summary = "Config validation failed"
        raise ConfigValidationError(summary, errors=wrong, schema=dict(schema))
    return settings


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


def problems(config: Mapping[str, Any], stream_names: Iterable[str]) -> list[str]:
    """Say what is wrong with settings that the JSON schema lets pass."""
    return [
        *_address_problems(config),
        *_token_problems(config),
        *_batch_problems(config),
        *_date_problems(config),
        *_filter_problems(config.get("filters") or {}, list(stream_names)),
        *_flow_problems(config),
        *_messaging_problems(config),
    ]


def _address_problems(config: Mapping[str, Any]) -> list[str]:
    return [
        f"Setting '{name}' {problem}"
        for name in ("login_url", "instance_url", "conversation_data_url")
        if config.get(name) and (problem := address_problem(config[name]))
    ]


def _token_problems(config: Mapping[str, Any]) -> list[str]:
    token = config.get("access_token")
    if not token or is_token(token):
        return []
    msg = (
        "Setting 'access_token' holds a character that no token has, such as a blank, a line "
        "break, or a letter with an accent: copy it again."
    )
    return [msg]


def _batch_problems(config: Mapping[str, Any]) -> list[str]:
    # The SDK would heed it: a bookmark would move before the message that names its rows' file.
    if "batch_config" not in config:
        return []
    return ["Setting 'batch_config' is not supported: rows leave as RECORD messages only."]


def _date_problems(config: Mapping[str, Any]) -> list[str]:
    dates, found = {}, []
    for setting in ("start_date", "end_date"):
        if text := config.get(setting):
            try:
                dates[setting] = parse_instant(text)
            except ValueError as exc:
                found.append(f"Setting '{setting}' is {exc}, such as 2024-01-31T00:00:00Z.")
    start, end = dates.get("start_date"), dates.get("end_date")
    if start and end and end <= start:
        found.append("Setting 'end_date' must be later than 'start_date'.")
    return found


def _filter_problems(filters: Mapping[str, str], stream_names: list[str]) -> list[str]:
    # A misspelt stream would silently let through what the filter was to hold back.
    if filters.keys() <= set(stream_names):
        return []
    return [f"Setting 'filters' may only name these streams: {', '.join(stream_names)}."]


def _messaging_problems(config: Mapping[str, Any]) -> list[str]:
    login = INTERFACES[config["messaging_api"]].login
    found = [
        f"messaging_api '{config['messaging_api']}' also needs {name}."
        for name in sorted(login.needs if login else ())
        if not config.get(name)
    ]
    try:
        Pauses.parse(config["messaging_pause"], config.get("messaging_time_zone"))
    except ValueError as exc:
        found.append(str(exc))
    return found


def _flow_problems(config: Mapping[str, Any]) -> list[str]:
    try:
        flow = choose_flow(config)
    except ValueError as exc:
        return [str(exc)]
    return flow.problems(config)
