"""Every setting of the target, once: docs/settings.md and meltano.yml are checked against it."""

from __future__ import annotations

from singer_sdk import typing as th

MINUTES_PER_DAY = 24 * 60
MINUTES_PER_YEAR = 366 * MINUTES_PER_DAY
DAYS_PER_CENTURY = 36_525

DEFAULT_PARTICIPANT_TYPES: dict[str, str | None] = {
    "agent": "Agent",
    "customer": "Customer",
    "bot": "Bot",
    "system": None,
}

SPEAKER_ROLES = list(DEFAULT_PARTICIPANT_TYPES)

CONFIG_SCHEMA = th.PropertiesList(
    th.Property(
        "api_url",
        th.StringType,
        title="Creovai API URL",
        description=(
            "The tenant's API host, such as `https://example.api.tethr.com`. Without it nothing "
            "is sent: payloads are written to `payload_dir`."
        ),
    ),
    th.Property(
        "api_user",
        th.StringType,
        title="Creovai API user",
        description="Client id of the API user that Creovai support created.",
    ),
    th.Property(
        "api_password",
        th.StringType,
        secret=True,
        title="Creovai API password",
        description="Client secret of the API user; Creovai lets it expire after 365 days.",
    ),
    th.Property(
        "store_url",
        th.StringType(nullable=False),
        default="sqlite:///target-creovai.db",
        secret=True,
        title="Store",
        description=(
            "SQLAlchemy URL of the database that holds staged rows and the delivery ledger. "
            "Where disks don't survive, name a PostgreSQL server (`postgresql+psycopg://...`)."
        ),
    ),
    th.Property(
        "payload_dir",
        th.StringType(nullable=False),
        default="creovai-payloads",
        title="Payload folder",
        description=(
            "Where payloads are written without `api_url` or with `dry_run`: "
            "`chat/<sessionId>.json` and `case/<sessionId>.json`."
        ),
    ),
    th.Property(
        "dry_run",
        th.BooleanType(nullable=False),
        default=False,
        title="Dry run",
        description="Assemble and validate all, write payloads, send nothing, mark nothing sent.",
    ),
    th.Property(
        "case_delivery",
        th.StringType(nullable=False, allowed_values=["closed", "all"]),
        default="closed",
        title="Case delivery",
        description="`closed`: a case waits until it is closed. `all`: open cases are sent too.",
    ),
    th.Property(
        "settle_minutes",
        th.IntegerType(nullable=False, minimum=0, maximum=MINUTES_PER_YEAR),
        default=0,
        title="Settle time",
        description="A conversation that changed less than this many minutes ago waits.",
    ),
    th.Property(
        "include_internal_comments",
        th.BooleanType(nullable=False),
        default=False,
        title="Internal comments",
        description=(
            "Also send CaseComments that are not published to the customer, what supervisors wrote "
            "in chats, and the notes of enhanced chats."
        ),
    ),
    th.Property(
        "strip_quoted_replies",
        th.BooleanType(nullable=False),
        default=True,
        title="Strip quoted replies",
        description="Remove the quoted earlier mails from a mail's text.",
    ),
    th.Property(
        "strip_signatures",
        th.BooleanType(nullable=False),
        default=False,
        title="Strip signatures",
        description=(
            "With `strip_quoted_replies`, also remove sign-offs with the name block below them, "
            "mobile footers and legal notices."
        ),
    ),
    th.Property(
        "participant_types",
        th.ObjectType(additional_properties=th.StringType(nullable=True, pattern=r"\S")),
        default=DEFAULT_PARTICIPANT_TYPES,
        title="Participant types",
        description=(
            "Creovai's type for each role: `agent`, `customer`, `bot`, `system`; null leaves "
            "such messages out. Types other than Agent and Customer must be defined in the tenant."
        ),
    ),
    th.Property(
        "speaker_roles",
        th.ObjectType(
            additional_properties=th.StringType(nullable=False, allowed_values=SPEAKER_ROLES)
        ),
        default={},
        title="Speaker roles",
        description=(
            "Who speaks in chats, where names don't tell: a regular expression for the whole "
            'printed name, in any case, to `agent`, `customer`, `bot` or `system`, such as `{"Shop '
            'team .*": "agent"}`. The first that fits decides, before all other evidence.'
        ),
    ),
    th.Property(
        "agent_id",
        th.StringType(nullable=False, allowed_values=["Email", "Username", "Id"]),
        default="Email",
        title="Agent id",
        description="The User field that becomes an agent's `referenceId` in Creovai.",
    ),
    th.Property(
        "session_id_prefix",
        th.StringType(nullable=False, pattern=r"^[A-Za-z0-9._~-]*$"),
        default="",
        title="Session id prefix",
        description="Put before every Salesforce Id, for several orgs in one Creovai tenant.",
    ),
    th.Property(
        "metadata_exclude",
        th.ArrayType(th.StringType(nullable=False)),
        default=[],
        title="Metadata to leave out",
        description="Field names (`Owner.Email`, `Tier__c`) or parents (`Owner`) never sent.",
    ),
    th.Property(
        "accept_missing",
        th.ArrayType(th.StringType(nullable=False)),
        default=[],
        title="Accept missing",
        description=(
            "Needed fields (`EmailMessage.TextBody`) or streams (`EmailMessage`) that this org "
            "cannot have: they count as empty where they were not read."
        ),
    ),
    th.Property(
        "case_updates",
        th.StringType(nullable=False, allowed_values=["resend", "once"]),
        default="resend",
        title="Case updates",
        description=(
            "`resend`: a case that changed after it was sent goes again, complete. `once`: it does "
            "not, and is reported; changed fields still follow."
        ),
    ),
    th.Property(
        "on_delete",
        th.StringType(nullable=False, allowed_values=["ignore", "exclude", "purge"]),
        default="ignore",
        title="Deletions",
        description=(
            "What becomes of a conversation at Creovai once its Case or chat is deleted in "
            "Salesforce: nothing, left out of all analysis, or deleted there, too."
        ),
    ),
    th.Property(
        "max_deletes",
        th.IntegerType(nullable=False, minimum=0),
        default=100,
        title="Most deletions",
        description="A run that would exclude or purge more conversations does none, and says so.",
    ),
    th.Property(
        "max_failures",
        th.IntegerType(minimum=0),
        title="Most failures",
        description=(
            "Stop delivery when more conversations than this were set aside in a run; no limit by "
            "default."
        ),
    ),
    th.Property(
        "max_payload_bytes",
        th.IntegerType(minimum=1),
        title="Largest payload",
        description=(
            "Set aside, never cut, a conversation whose payload is larger; no limit by default, as "
            "Creovai documents none."
        ),
    ),
    th.Property(
        "retry_budget_seconds",
        th.IntegerType(nullable=False, minimum=0),
        default=1800,
        title="Retry budget",
        description=(
            "How long a run may wait for Creovai in all, over all workers, before it stops and "
            "leaves the rest to the next."
        ),
    ),
    th.Property(
        "doubt_minutes",
        th.IntegerType(nullable=False, minimum=0, maximum=MINUTES_PER_DAY),
        default=15,
        title="Doubt",
        description=(
            "How long a chat whose answer was lost is looked for at Creovai before it is sent "
            "again, in this run and the next. 0: two looks, a few seconds apart."
        ),
    ),
    th.Property(
        "redact",
        th.ObjectType(additional_properties=th.StringType(nullable=False)),
        default={},
        title="Redact",
        description=(
            "What to replace in the text of messages before it is sent, and by what: `card`, "
            '`email`, `phone`, `iban`, or a regular expression of your own, such as `{"card": '
            '"[card]", "order \\d{6}": "[order]"}`.'
        ),
    ),
    th.Property(
        "redact_region",
        th.StringType,
        title="Redact region",
        description=(
            "With `phone` in `redact`: the region, such as `US` or `DE`, whose national phone "
            "numbers are known as such without a country code."
        ),
    ),
    th.Property(
        "retention_days",
        th.IntegerType(minimum=0, maximum=DAYS_PER_CENTURY),
        title="Retention",
        description=(
            "Drop a conversation's text from the store when it was delivered, or skipped, and has "
            "not changed for this many days. Without it, text stays."
        ),
    ),
    th.Property(
        "max_workers",
        th.IntegerType(nullable=False, minimum=1, maximum=64),
        default=4,
        title="Workers",
        description="How many conversations may be in flight at once.",
    ),
    th.Property(
        "requests_per_second",
        th.IntegerType(minimum=1),
        title="Requests per second",
        description="A cap on requests to Creovai over all workers; none by default.",
    ),
    th.Property(
        "request_timeout_seconds",
        th.IntegerType(nullable=False, minimum=1),
        default=300,
        title="Request time-out",
        description="How long to wait for an answer of Creovai, in seconds.",
    ),
    th.Property(
        "heartbeat",
        th.BooleanType(nullable=False),
        default=False,
        title="Heartbeat",
        description=(
            "Tell Creovai's monitoring how the run is: when it starts, every minute, at its end."
        ),
    ),
    th.Property(
        "heartbeat_name",
        th.StringType(nullable=False, pattern=r"\S"),
        default="target-creovai",
        title="Heartbeat name",
        description="Who sends the heartbeats. Creovai takes another name for a second sender.",
    ),
).to_dict()
