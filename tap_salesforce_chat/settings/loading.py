"""From the settings that are given to valid settings with defaults.

A message about a setting names it and the rule, never its value: a password that is a number
fails the type check like any other setting. The SDK's own messages quote values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.plugin_base import JSONSchemaValidator

from tap_salesforce_chat.settings.checks import broken_rule, problems, type_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_SUMMARY = "Config validation failed"


def valid_settings(
    given: Mapping[str, Any], schema: Mapping[str, Any], stream_names: Iterable[str]
) -> dict[str, Any]:
    """Return settings with their defaults.

    Args:
        given: The settings that somebody has set.
        schema: The JSON schema of all settings.
        stream_names: The streams that may have a filter.

    Raises:
        ConfigValidationError: Some are wrong. Its `errors` name them.
    """
    settings = _trimmed(given)
    # This validator fills in defaults; the checks after it need them.
    errors = JSONSchemaValidator(schema).iter_errors(settings)
    found = [broken_rule(error) for error in errors] or problems(settings, stream_names)
    if found:
        raise ConfigValidationError(_SUMMARY, errors=found, schema=dict(schema))
    return settings


def settings_in_environment(schema: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the settings that environment variables, or a `.env` file, hold.

    Args:
        schema: The JSON schema of all settings.
        prefix: Of the variables' names.

    Raises:
        ConfigValidationError: Some variables cannot be read. Its `errors` name them.
    """
    settings: dict[str, Any] = {}
    errors = []
    for name, rules in schema["properties"].items():
        # One by one: the SDK's function stops at the first, and its message quotes the value.
        try:
            settings |= parse_environment_config({"properties": {name: rules}}, prefix)
        except ValueError:
            kinds = " or ".join(type_names(rules["type"]))
            errors.append(f"The environment variable {prefix}{name.upper()} holds no {kinds}.")
    if errors:
        raise ConfigValidationError(_SUMMARY, errors=errors, schema=dict(schema))
    return settings


def _trimmed(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that are not null, without white space at the ends of texts.

    A secret that was read from a file ends with a line break. A null gets its default.
    """
    return {
        name: value.strip() if isinstance(value, str) else value
        for name, value in given.items()
        if value is not None
    }
