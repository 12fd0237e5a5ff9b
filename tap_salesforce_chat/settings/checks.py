"""What is wrong with settings, in words that name a setting and a rule, never a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.login.hosts import address_problem, is_valid_token
from tap_salesforce_chat.login.selection import choose_flow
from tap_salesforce_chat.messaging.interfaces import INTERFACES
from tap_salesforce_chat.messaging.quiet_hours import QuietHours
from tap_salesforce_chat.timestamps import parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from jsonschema import ValidationError

# JSON schema keyword -> the rule in words, from the keyword's value in the schema.
_RULES: dict[str, Callable[[Any], str]] = {
    "type": lambda kinds: f"must be of type {' or '.join(type_names(kinds))}",
    "enum": lambda values: f"must be one of {', '.join(map(str, values))}",
    "minimum": lambda bound: f"must be at least {bound}",
    "maximum": lambda bound: f"must be at most {bound}",
    "pattern": lambda pattern: f"must match {pattern}",
    "required": lambda names: f"needs {', '.join(names)}",
}


def type_names(kinds: str | list[str]) -> list[str]:
    """Return the JSON types that a schema allows, without null."""
    return [kind for kind in ([kinds] if isinstance(kinds, str) else kinds) if kind != "null"]


def broken_rule(error: ValidationError) -> str:
    """Return which setting breaks which rule of the JSON schema."""
    setting = ".".join(str(part) for part in error.absolute_path) or "config"
    rule = _RULES.get(str(error.validator), lambda _: f"breaks the rule '{error.validator}'")
    return f"Setting '{setting}' {rule(error.validator_value)}."


def problems(config: Mapping[str, Any], stream_names: Iterable[str]) -> list[str]:
    """Return what is wrong with settings that the JSON schema lets pass; reads a private key."""
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
    if not token or is_valid_token(token):
        return []
    msg = (
        "Setting 'access_token' holds a character that no token has, such as a blank, a line "
        "break, or a letter with an accent: copy it again."
    )
    return [msg]


def _batch_problems(config: Mapping[str, Any]) -> list[str]:
    # With it the SDK would write bookmarks before the message that names the file of their rows.
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
    # A misspelt stream would be read without its filter.
    if filters.keys() <= set(stream_names):
        return []
    return [f"Setting 'filters' may only name these streams: {', '.join(stream_names)}."]


def _messaging_problems(config: Mapping[str, Any]) -> list[str]:
    login = INTERFACES[config["messaging_api"]].login
    found = [
        f"messaging_api '{config['messaging_api']}' also needs {name}."
        for name in sorted(login.required_settings if login else ())
        if not config.get(name)
    ]
    try:
        QuietHours.parse(config["messaging_pause"], config.get("messaging_time_zone"))
    except ValueError as exc:
        found.append(str(exc))
    return found


def _flow_problems(config: Mapping[str, Any]) -> list[str]:
    try:
        flow = choose_flow(config)
    except ValueError as exc:
        return [str(exc)]
    return flow.problems(config)
