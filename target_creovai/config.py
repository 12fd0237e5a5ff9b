"""Every setting of the target, once: README and meltano.yml are checked against it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th
from singer_sdk.plugin_base import JSONSchemaValidator

from target_creovai.addresses import address_problem
from target_creovai.model import Policy, Role, Rules, whole_name
from target_creovai.redaction import BUILT_IN, knows_region, wrong_patterns
from target_creovai.wholeness.needs import ACCEPTABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MINUTES_PER_DAY = 24 * 60
MINUTES_PER_YEAR = 366 * MINUTES_PER_DAY
DAYS_PER_CENTURY = 36_525
# What SQLite takes for a database in memory (sqlite.org/inmemorydb.html), as SQLAlchemy writes it.
_IN_MEMORY = re.compile(
    r"sqlite(\+\w+)?://(/?(:memory:)?(\?.*)?|/file::memory:.*|.*[?&]mode=memory\b.*)", re.DOTALL
)

DEFAULT_PARTICIPANT_TYPES: dict[str, str | None] = {
    "agent": "Agent",
    "customer": "Customer",
    "bot": "Bot",
    "system": None,
}

SPEAKER_ROLES = [Role.AGENT.value, Role.CUSTOMER.value, Role.BOT.value, Role.SYSTEM.value]

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


def assembly_rules(config: Mapping[str, Any]) -> Rules:
    """Return the settings that decide how rows become conversations.

    Roles that `participant_types` does not name keep their default, so that
    `{"system": "System"}` does not silently drop the agents.
    """
    given = config.get("participant_types") or {}
    return Rules(
        case_delivery=config["case_delivery"],
        settle_minutes=config["settle_minutes"],
        include_internal_comments=config["include_internal_comments"],
        strip_quoted_replies=config["strip_quoted_replies"],
        participant_types=DEFAULT_PARTICIPANT_TYPES | {str(role): given[role] for role in given},
        strip_signatures=config["strip_signatures"],
        speaker_roles=tuple(
            (pattern, Role(role)) for pattern, role in (config.get("speaker_roles") or {}).items()
        ),
        agent_id=config["agent_id"],
        session_id_prefix=config["session_id_prefix"],
        metadata_exclude=frozenset(config.get("metadata_exclude") or []),
        accept_missing=tuple(sorted(config.get("accept_missing") or [])),
        max_payload_bytes=config.get("max_payload_bytes"),
        redact=tuple((config.get("redact") or {}).items()),
        redact_region=config.get("redact_region"),
    )


def delivery_policy(config: Mapping[str, Any]) -> Policy:
    """Return the settings that decide how delivery goes."""
    return Policy(
        workers=config["max_workers"],
        case_updates=config["case_updates"],
        on_delete=config["on_delete"],
        max_deletes=config["max_deletes"],
        max_failures=config.get("max_failures"),
        doubt_minutes=config["doubt_minutes"],
    )


def problems(config: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    """Return what is wrong with the settings: names and rules, never a value.

    Like the SDK's own check, this puts the defaults in, and it does so where a
    setting is null as well.
    """
    for name in [name for name, value in config.items() if value is None]:
        del config[name]
    # A secret from a file often ends with a line break. What is nothing else stays, and is wrong.
    config.update({name: v.strip() or v for name, v in config.items() if isinstance(v, str)})
    errors = JSONSchemaValidator(schema).iter_errors(config)
    found = [
        # Not the path below the setting: the keys of an object are values, too.
        f"Setting '{next(iter(error.absolute_path), 'config')}' breaks the rule "
        f"'{error.validator}' ({error.validator_value})."
        for error in errors
    ]
    return found or [
        *_api_problems(config),
        *_store_problems(config),
        *_role_problems(config),
        *_missing_problems(config),
        *_pattern_problems(config),
        *_redact_problems(config),
    ]


def _api_problems(config: Mapping[str, Any]) -> Iterator[str]:
    if not config.get("api_url"):
        return
    if problem := address_problem(config["api_url"]):
        yield f"Setting 'api_url' {problem}"
    if config["dry_run"]:
        return
    missing = [name for name in ("api_user", "api_password") if not config.get(name)]
    if missing:
        yield f"Setting 'api_url' also needs: {', '.join(missing)}."


def _store_problems(config: Mapping[str, Any]) -> Iterator[str]:
    if _IN_MEMORY.fullmatch(config["store_url"]):
        yield (
            "Setting 'store_url' names a database in memory, which ends with the run: STATE would "
            "speak of rows that are gone. Name a file, such as sqlite:///target-creovai.db."
        )


def _role_problems(config: Mapping[str, Any]) -> Iterator[str]:
    if set(config.get("participant_types") or {}) - set(Role):
        yield f"Setting 'participant_types' may only name these roles: {', '.join(Role)}."


def _missing_problems(config: Mapping[str, Any]) -> Iterator[str]:
    if set(config.get("accept_missing") or []) - ACCEPTABLE:
        yield f"Setting 'accept_missing' may only name: {', '.join(sorted(ACCEPTABLE))}."


def _pattern_problems(config: Mapping[str, Any]) -> Iterator[str]:
    for number, pattern in enumerate(config.get("speaker_roles") or {}, start=1):
        try:
            # By itself first: `a)|(b` is none, though it would fit into what is made of it.
            re.compile(pattern)
            whole_name(pattern)
        except (re.error, OverflowError, RecursionError):
            yield (
                f"Setting 'speaker_roles': pattern {number} is not a regular expression for a "
                "whole name (it needs no flags: case never counts)."
            )


def _redact_problems(config: Mapping[str, Any]) -> Iterator[str]:
    for number in wrong_patterns(config.get("redact") or {}):
        yield (
            f"Setting 'redact': rule {number} is neither one of {', '.join(BUILT_IN)}, spelt just "
            "so, nor a regular expression."
        )
    region = config.get("redact_region")
    if region is not None and not knows_region(region):
        yield "Setting 'redact_region' must be a region in two capitals, such as US or DE."
