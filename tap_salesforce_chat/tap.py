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
from singer_sdk.helpers.capabilities import (
    CapabilitiesEnum,
    PluginCapabilities,
    TapCapabilities,
)
from typing_extensions import override

from tap_salesforce_chat.commands.command_line import with_doctor
from tap_salesforce_chat.errors import InvalidStateError
from tap_salesforce_chat.malloc import tune_malloc
from tap_salesforce_chat.output.logs import install_log_filter, unexpected_error_message
from tap_salesforce_chat.output.writer import WholeLineWriter
from tap_salesforce_chat.settings.config import CONFIG_SCHEMA
from tap_salesforce_chat.settings.json_files import as_utf8_file, read_config

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import FrameType

    from tap_salesforce_chat.services import Services
    from tap_salesforce_chat.streams.base import SalesforceStream

# A process that a signal ends has 128 + the signal's number as its exit code.
_SIGNAL_EXIT_CODE = 128
_ENVIRONMENT_PREFIX = "TAP_SALESFORCE_CHAT_"
# A value of the option `--test`.
_TEST_ALL = "all"


class TapSalesforceChat(Tap):
    """Singer tap for the chats and cases of a Salesforce Service Cloud org."""

    name = "tap-salesforce-chat"
    package_name = "salesforce-creovai"
    # A copy, as the SDK adds its own settings to it.
    config_jsonschema: ClassVar[dict[str, Any]] = deepcopy(CONFIG_SCHEMA)
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
    # The Id of the org in the state that was loaded.
    _loaded_organization: str | None = None

    def __init__(
        self,
        *,
        config: Mapping[str, Any] | None = None,
        parse_env_config: bool = False,
        validate_config: bool = True,
        **options: Any,
    ) -> None:
        """Check the settings before the SDK does, whose messages quote wrong ones.

        Args:
            config: The settings.
            parse_env_config: Whether environment variables take precedence over them.
            validate_config: Whether wrong settings raise.
            options: The SDK's other options: catalog, state, and so on.

        Raises:
            ConfigValidationError: Some settings are wrong; the message names them.
        """
        settings = dict(config or {})
        if validate_config:
            settings = self.valid_settings(settings, parse_env=parse_env_config)
        super().__init__(config=settings, validate_config=False, **options)

    @classmethod
    def valid_settings(cls, given: Mapping[str, Any], *, parse_env: bool) -> dict[str, Any]:
        """Return settings with their defaults.

        Raises:
            ConfigValidationError: Some settings are wrong; the message names them.
        """
        from tap_salesforce_chat.settings.loading import settings_in_environment, valid_settings
        from tap_salesforce_chat.streams.declarations import FILTERABLE

        schema = cls.config_jsonschema
        cls.append_builtin_config(schema)
        from_environment = settings_in_environment(schema, _ENVIRONMENT_PREFIX) if parse_env else {}
        return valid_settings({**given, **from_environment}, schema, FILTERABLE)

    @cached_property
    def services(self) -> Services:
        """What all streams share."""
        from tap_salesforce_chat.services import Services

        return Services(self.config, self.logger)

    # -- streams -------------------------------------------------------------------------------

    @override
    def setup_mapper(self) -> None:
        """Adjust what a catalog selects before mappers and streams are made of it."""
        from tap_salesforce_chat.discovery.catalogs import remove_disabled, select_keys

        if self.input_catalog is not None:
            select_keys(self.input_catalog)
            remove_disabled(self.input_catalog, self.config, self.logger)
        super().setup_mapper()

    @override
    def discover_streams(self) -> Sequence[SalesforceStream]:
        """Return the streams of the catalog, brought up to date, or else of the org."""
        from tap_salesforce_chat.streams.factory import make_streams

        return make_streams(self, self.services)

    # -- a run ---------------------------------------------------------------------------------

    @override
    def load_state(self, state: dict[str, Any]) -> None:
        """Load the bookmarks; refuse a state without a valid form, which would read all again."""
        from tap_salesforce_chat.state.checks import form_problem
        from tap_salesforce_chat.state.keys import ORGANIZATION
        from tap_salesforce_chat.streams.declarations import STREAMS

        if problem := form_problem(state, [stream.sobject for stream in STREAMS]):
            raise InvalidStateError(problem)
        self._loaded_organization = state.get(ORGANIZATION)
        super().load_state(state)

    # Final in the SDK. No hook runs before the first STATE and after the last stream.
    @override  # type: ignore[misc]
    def sync_all(self) -> None:
        """Sync all streams; write the start, the reads and the end of the sync in STATE."""
        from tap_salesforce_chat.sync import Sync

        Sync(self, self.services, self._loaded_organization).run(super().sync_all)

    # Private in the SDK, whose own exits with 0, which looks like a complete sync.
    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Exit with the exit code of a signal."""
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
        singer = super().get_singer_command()
        return with_doctor(singer, cls.cb_config, cls._services_of, _plain_errors)

    @classmethod
    def _services_of(cls, given: Any) -> Services:
        """Return the services of a command, from what `cb_config` returns."""
        from singer_sdk.mapper import PluginMapper

        from tap_salesforce_chat.services import Services

        settings = cls.valid_settings(given.config, parse_env=given.parse_env)
        # It checks the SDK's own settings, as it does for a sync.
        PluginMapper(plugin_config=settings, logger=cls.logger)
        return Services(settings, cls.logger)

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
        given = super().cb_config(ctx, param, tuple(name for name in value if name == "ENV"))
        with _plain_errors():
            for name in value:
                if name != "ENV":
                    given.config |= read_config(name)
        return given

    @classmethod
    @override
    def cb_discover(cls, ctx: click.Context, param: click.Option, value: bool) -> None:
        with _plain_errors():
            super().cb_discover(ctx, param, value)

    @classmethod
    @override
    def cb_test(cls, ctx: click.Context, param: click.Option, value: str) -> None:
        with _plain_errors():
            if value == _TEST_ALL:
                given = ctx.params["config"]
                cls(config=given.config, parse_env_config=given.parse_env).test_streams()
                ctx.exit()
            super().cb_test(ctx, param, value)

    def test_streams(self) -> None:
        """Read one row of each stream, except where reading counts as chat activity."""
        from tap_salesforce_chat.streams.conversation_entry import ConversationEntry

        streams = self.streams.values()
        self.run_sync_dry_run(
            streams=[stream for stream in streams if not isinstance(stream, ConversationEntry)]
        )


@contextmanager
def _plain_errors() -> Iterator[None]:
    """Turn an exception into one log line that says what to do, and the exit code 1."""
    try:
        yield
    except ConfigValidationError as exc:
        _exit_with(" ".join([f"{exc}.", *exc.errors]))
    except SingerSDKError as exc:
        _exit_with(str(exc))
    except (click.ClickException, click.exceptions.Exit):
        raise
    except Exception as exc:  # noqa: BLE001 - its own text and traceback may quote a row
        _exit_with(unexpected_error_message(exc))


def _exit_with(message: str) -> None:
    TapSalesforceChat.logger.error("%s", message)
    raise SystemExit(1)
