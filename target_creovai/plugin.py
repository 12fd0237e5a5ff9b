"""`CreovaiPlugin`: settings and command line of the target, apart from what a run needs.

`--version`, `--about` and the operator's commands start without the imports of a run.
"""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import click
from singer_sdk import Target
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities
from typing_extensions import override

from target_creovai import DISTRIBUTION
from target_creovai.commands.group import with_commands
from target_creovai.errors import TargetError
from target_creovai.imports import imported
from target_creovai.model.outcomes import BROKEN_OFF
from target_creovai.settings.config import CONFIG_SCHEMA
from target_creovai.shell import Shell
from target_creovai.watch.logs import keep_discreet, unforeseen

# What `--config` takes instead of a file.
ENVIRONMENT = "ENV"


class CreovaiPlugin(Target):
    """Singer target for Creovai conversation analytics."""

    name = "target-creovai"
    package_name = DISTRIBUTION
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_SCHEMA
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.BATCH,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    # Settings

    @classmethod
    @override
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Leave out the SDK's settings for loading tables: they would do nothing here."""
        super(Target, cls).append_builtin_config(config_jsonschema)

    @classmethod
    def settings_of(cls, *given: Any) -> dict[str, Any]:
        """Return the settings that several `--config` make; the environment's come last."""
        merged: dict[str, Any] = {}
        for one in given:
            merged |= one.config
        return merged | cls._env_var_config if any(one.parse_env for one in given) else merged

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """Read config files, later ones over earlier ones; `ENV` stands for the environment."""
        read = partial(super().cb_config, ctx, param)
        found = read(tuple(name for name in value if name == ENVIRONMENT))
        for name in value:
            if name != ENVIRONMENT:
                try:
                    found.config |= read((name,)).config
                except (OSError, TypeError, ValueError) as error:
                    msg = f"the config file {name} cannot be read ({_why(error)})"
                    raise click.BadParameter(msg) from None
        return found

    # Command line

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        """Return the Singer executable, with the operator's commands below it."""
        keep_discreet()
        return with_commands(super().get_singer_command(), cls)

    @classmethod
    @override
    def invoke(cls, **kwargs: Any) -> None:
        """Run; print an error as one paragraph, not as a traceback."""
        run: type[CreovaiPlugin] = imported("target_creovai.target").TargetCreovai
        target = cls if issubclass(cls, run) else run
        try:
            super(CreovaiPlugin, target).invoke(**kwargs)
        except ConfigValidationError as error:
            _end_with(" ".join([f"{error}.", *error.errors]))
        except TargetError as error:
            _end_with(None if error.is_reported else str(error))
        except click.ClickException:
            raise
        except Exception as error:  # noqa: BLE001 -- its own text and traceback may quote a row
            _end_with(unforeseen(error))


def _why(error: Exception) -> str:
    """Return what is wrong with a file without quoting it: it may hold a password."""
    if isinstance(error, FileNotFoundError):
        return "it is not there"
    return (error.strerror if isinstance(error, OSError) else None) or "it is no JSON object"


def _end_with(message: str | None) -> None:
    """End the process; log `message`, which is None where the run's report has it."""
    if message:
        CreovaiPlugin.logger.error("%s", Shell.here().typed(message))
    raise SystemExit(BROKEN_OFF)
