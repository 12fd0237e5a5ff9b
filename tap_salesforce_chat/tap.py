"""`TapSalesforceChat`: settings in, streams out, and the command line.

What `--version`, `--about` and `--help` do without is imported when it is needed: most of the time
that they take goes into imports.
"""

from __future__ import annotations

from contextlib import contextmanager
from copy import deepcopy
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import click
from singer_sdk import Tap
from singer_sdk.exceptions import ConfigValidationError, SingerSDKError
from singer_sdk.helpers._classproperty import classproperty
from singer_sdk.helpers.capabilities import (
    CapabilitiesEnum,
    PluginCapabilities,
    TapCapabilities,
)
from singer_sdk.plugin_base import JSONSchemaValidator
from typing_extensions import override

from tap_salesforce_chat.commands.command_line import with_doctor
from tap_salesforce_chat.errors import InvalidStateError
from tap_salesforce_chat.malloc import tune_malloc
from tap_salesforce_chat.output.logs import install_log_filter, unexpected_error_message
from tap_salesforce_chat.output.writer import WholeLineWriter
from tap_salesforce_chat.settings.config import CONFIG_SCHEMA, trimmed
from tap_salesforce_chat.settings.json_files import as_utf8_file, read_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from tap_salesforce_chat.services import Services
    from tap_salesforce_chat.streams.base import SalesforceStream

# A process that a signal ends has 128 + the signal's number as its exit code.
_SIGNAL_EXIT_CODE = 128


class TapSalesforceChat(Tap):
    """Singer tap for the chats and cases of a Salesforce Service Cloud org."""

    name = "tap-salesforce-chat"
    package_name = "salesforce-creovai"
    # The org that the state names which this run has loaded.
    _recorded_organization: str | None = None
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_SCHEMA
    # Describe needs a login, so `--discover` needs valid settings.
    dynamic_catalog = True
    message_writer_class = WholeLineWriter
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        TapCapabilities.CATALOG,
        TapCapabilities.STATE,
        TapCapabilities.DISCOVER,
        PluginCapabilities.ABOUT,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.FLATTENING,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    @cached_property
    def services(self) -> Services:
        """What all streams share."""
        from tap_salesforce_chat.services import Services

        return Services(self.config, self.logger)

    # -- settings ------------------------------------------------------------------------------

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check all settings before the first request.

        The SDK's own check quotes the values of wrong settings, which may be credentials.
        """
        from tap_salesforce_chat.settings.checks import problems, rule_broken
        from tap_salesforce_chat.streams.declarations import FILTERABLE

        self._config = trimmed(self._config)
        schema = deepcopy(self.config_jsonschema)
        self.append_builtin_config(schema)
        found = [
            rule_broken(error) for error in JSONSchemaValidator(schema).iter_errors(self._config)
        ]
        found = found or problems(self._config, FILTERABLE)
        if found and raise_errors:
            summary = "Config validation failed"
            raise ConfigValidationError(summary, errors=found, schema=schema)
        return found

    @classproperty
    def _env_var_config(cls) -> dict[str, Any]:  # noqa: N805 - of the class
        """Read the settings of the environment without quoting what is wrong with them."""
        from tap_salesforce_chat.settings.checks import from_environment

        schema = deepcopy(cls.config_jsonschema)
        cls.append_builtin_config(schema)
        return from_environment(schema, cls._env_var_prefix)

    # -- streams -------------------------------------------------------------------------------

    @override
    def setup_mapper(self) -> None:
        """Make sure of what a catalog selects before anything is made of it."""
        from tap_salesforce_chat.discovery.catalogs import remove_disabled, select_keys

        if self.input_catalog is not None:
            select_keys(self.input_catalog)
            remove_disabled(self.input_catalog, self.config, self.logger)
        super().setup_mapper()

    @override
    def discover_streams(self) -> Sequence[SalesforceStream]:
        """Return the streams of the catalog as it is, or else what the org has."""
        from tap_salesforce_chat.streams.factory import make_streams

        return make_streams(self, self.services)

    def forget_streams(self) -> None:
        """Have the streams made anew from a catalog that has changed."""
        self._streams = None

    # -- a run ---------------------------------------------------------------------------------

    # Final for type checkers only. The SDK's own would insist on streams that nobody asked for.
    @override  # type: ignore[misc]
    def run_connection_test(self) -> bool:
        """Read one row of each stream, if that costs nothing."""
        from tap_salesforce_chat.streams.conversation_entry import ConversationEntry

        return self.run_sync_dry_run(
            dry_run_record_limit=1,
            streams=[
                stream
                for stream in self.streams.values()
                if not isinstance(stream, ConversationEntry)
            ],
        )

    @override
    def load_state(self, state: dict[str, Any]) -> None:
        """Take bookmarks over; refuse what is none, rather than silently read all again."""
        from tap_salesforce_chat.state.checks import form_problem
        from tap_salesforce_chat.state.keys import ORGANIZATION
        from tap_salesforce_chat.streams.declarations import STREAMS

        if problem := form_problem(state, [stream.sobject for stream in STREAMS]):
            raise InvalidStateError(problem)
        self._recorded_organization = state.get(ORGANIZATION)
        super().load_state(state)

    # Final for type checkers only, and the one place that sees a sync start and end.
    @override  # type: ignore[misc]
    def sync_all(self) -> None:
        """Sync all streams; say in STATE when that began, what is read, and that it is complete."""
        from tap_salesforce_chat.sync import Sync

        Sync(self, self._recorded_organization).run(super().sync_all)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """End with the exit code of a signal; the SDK's 0 would look like a finished run."""
        exit_code = _SIGNAL_EXIT_CODE + signum
        if isinstance(self.message_writer, WholeLineWriter):
            self.message_writer.exit_between_lines(exit_code)
        else:
            raise SystemExit(exit_code)

    # -- command line --------------------------------------------------------------------------

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        install_log_filter()
        return with_doctor(super().get_singer_command(), cls)

    @classmethod
    @override
    def invoke(cls, **kwargs: Any) -> None:
        tune_malloc()
        with _plain_errors():
            if file := kwargs.get("state"):
                kwargs["state"] = as_utf8_file(file, "state file")
            if file := kwargs.get("catalog"):
                from tap_salesforce_chat.discovery.catalogs import catalog_problem

                kwargs["catalog"] = as_utf8_file(file, "catalog file", catalog_problem)
            super().invoke(**kwargs)

    @classmethod
    @override
    def cb_config(cls, ctx: click.Context, param: click.Option, value: tuple[str, ...]) -> Any:
        """Read config files, later ones over earlier ones; `ENV` stands for the environment."""
        found = super().cb_config(ctx, param, tuple(name for name in value if name == "ENV"))
        with _plain_errors():
            for name in value:
                if name != "ENV":
                    found.config |= read_config(name)
        return found

    @classmethod
    @override
    def cb_discover(cls, ctx: click.Context, param: click.Option, value: bool) -> None:
        with _plain_errors():
            super().cb_discover(ctx, param, value)

    @classmethod
    @override
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        with _plain_errors():
            super().cb_test(ctx, param, value)


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn errors into one line of the log that says what to do, and the exit code 1."""
    try:
        yield
    except ConfigValidationError as exc:
        _end_with(" ".join([f"{exc}.", *exc.errors]))
    except SingerSDKError as exc:
        _end_with(str(exc))
    except (click.ClickException, click.exceptions.Exit):
        raise
    except Exception as exc:  # noqa: BLE001 - its own text and traceback may quote a row
        _end_with(unexpected_error_message(exc))


def _end_with(message: str) -> None:
    """Log what ended the run, and end the process."""
    TapSalesforceChat.logger.error("%s", message)
    raise SystemExit(1)
