"""Problems of the settings, and the settings as the assembly and the delivery take them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from singer_sdk.plugin_base import JSONSchemaValidator

from target_creovai.model.participants import Role
from target_creovai.model.settings import AssemblySettings, Policy, whole_name
from target_creovai.redaction import BUILT_IN, is_phone_region, wrong_patterns
from target_creovai.settings.addresses import address_problem
from target_creovai.settings.config import DEFAULT_PARTICIPANT_TYPES
from target_creovai.wholeness.needs import ACCEPTABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What SQLite takes for a database in memory (sqlite.org/inmemorydb.html), as SQLAlchemy writes it.
_IN_MEMORY = re.compile(
    r"sqlite(\+\w+)?://(/?(:memory:)?(\?.*)?|/file::memory:.*|.*[?&]mode=memory\b.*)", re.DOTALL
)


def assembly_settings(config: Mapping[str, Any]) -> AssemblySettings:
    """Return the settings that decide how rows become conversations.

    Roles that `participant_types` does not name keep their default, so that
    `{"system": "System"}` does not silently drop the agents.
    """
    given = config.get("participant_types") or {}
    return AssemblySettings(
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
    if region is not None and not is_phone_region(region):
        yield "Setting 'redact_region' must be a region in two capitals, such as US or DE."
