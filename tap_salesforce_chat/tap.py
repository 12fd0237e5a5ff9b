"""`TapSalesforceChat`: settings in, streams out, and how a run starts and ends.

STATE tells more than bookmarks. The first one of a sync, before any SCHEMA, holds
`sync_started_at`; the very last one, only if every selected stream was read to its end, holds
`sync_completed_at` too. A consumer can so tell a finished run from a broken pipe, for which the
end of input looks the same. All of them say of which org they are and what the sync reads. These
keys are dropped when the state is loaded again, and written anew.
"""

from __future__ import annotations

import time
from contextlib import contextmanager
from copy import deepcopy
from datetime import UTC, datetime
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

from tap_salesforce_chat.catalogs import (
    catalog_problem,
    insist_on_keys,
    leave_out_unasked,
    renew,
)
from tap_salesforce_chat.client import SalesforceStream
from tap_salesforce_chat.command_line import with_doctor
from tap_salesforce_chat.config import (
    CONFIG_SCHEMA,
    from_environment,
    problems,
    rule_broken,
    trimmed,
)
from tap_salesforce_chat.connection import Connection, Terms
from tap_salesforce_chat.describe import MINIMAL_SCHEMA
from tap_salesforce_chat.describer import DescribeCache, Describer
from tap_salesforce_chat.errors import (
    NotFoundError,
    OutputLostError,
    StateRefusedError,
    unreadable_object,
)
from tap_salesforce_chat.fields import has_path, without_paths
from tap_salesforce_chat.json_files import as_utf8_file, read_config
from tap_salesforce_chat.login.flows import choose_flow
from tap_salesforce_chat.login.hosts import login_url
from tap_salesforce_chat.logs import keep_discreet, unforeseen
from tap_salesforce_chat.memory import give_back_what_is_free
from tap_salesforce_chat.messaging.stream import ConversationEntry
from tap_salesforce_chat.opt_in import unasked_fields, unasked_streams
from tap_salesforce_chat.reading.lanes import Lanes
from tap_salesforce_chat.reading.pagination import ask_organization_id
from tap_salesforce_chat.state import (
    BOOKMARKS,
    COMPLETED,
    ORGANIZATION,
    READ_WITHOUT,
    READS,
    REQUESTS,
    STARTED,
    form_problem,
    origin_problem,
)
from tap_salesforce_chat.streams import FILTERABLE, STREAMS, Case, EmailMessage
from tap_salesforce_chat.summary import tell_end
from tap_salesforce_chat.timestamps import format_instant
from tap_salesforce_chat.whole_cases import WholeCases
from tap_salesforce_chat.writer import WholeLineWriter

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from types import FrameType

    from singer_sdk.singerlib import Catalog

    from tap_salesforce_chat.describe import Discovery

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
    def connection(self) -> Connection:
        """The session that all streams share."""
        terms = Terms(
            login_url=login_url(self.config),
            api_version=self.config["api_version"],
            timeout_seconds=self.config["request_timeout_seconds"],
            quota_percent=self.config["quota_percent_total"],
            run_percent=self.config.get("quota_percent_per_run"),
        )
        return Connection(terms, choose_flow(self.config)(self.config), self.logger)

    @cached_property
    def _describe(self) -> Describer:
        return Describer(self.connection, self.describe_cache)

    @cached_property
    def describe_cache(self) -> DescribeCache:
        """Where describe documents are kept for the next runs."""
        return DescribeCache(self.config.get("cache_dir"), self.connection.identity)

    @cached_property
    def lanes(self) -> Lanes:
        """Where the requests of all streams are in flight."""
        return Lanes(self.config["max_workers"])

    # -- settings ------------------------------------------------------------------------------

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check all settings before the first request.

        The SDK's own check quotes the values of wrong settings, which may be credentials.
        """
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
        schema = deepcopy(cls.config_jsonschema)
        cls.append_builtin_config(schema)
        return from_environment(schema, cls._env_var_prefix)

    # -- streams -------------------------------------------------------------------------------

    @override
    def setup_mapper(self) -> None:
        """Make sure of what a catalog selects before anything is made of it."""
        if self.input_catalog is not None:
            insist_on_keys(self.input_catalog)
            leave_out_unasked(self.input_catalog, self.config, self.logger)
        super().setup_mapper()

    @override
    def discover_streams(self) -> Sequence[SalesforceStream]:
        """Return the streams of the catalog as it is, or else what the org has."""
        if self.input_catalog is not None:
            return self._catalogued_streams(self.input_catalog)
        streams = self._described_streams()
        self._describe.keep()
        return streams

    def _renew_catalog(self) -> None:
        """Bring the catalog that was given up to date, and all that is made of it."""
        if self.input_catalog is not None:
            bookmarks = self._extra_state.get(BOOKMARKS) or {}
            lacking = [name for name, bookmark in bookmarks.items() if READ_WITHOUT in bookmark]
            renew(self.input_catalog, STREAMS, self._describe, self.logger, lacking)
            self.mapper.register_raw_streams_from_catalog(self.input_catalog)
            self._streams = None

    def _catalogued_streams(self, catalog: Catalog) -> list[SalesforceStream]:
        if unknown := sorted(set(catalog) - {stream.sobject for stream in STREAMS}):
            self.logger.warning("Ignored, unknown streams of the catalog: %s", ", ".join(unknown))
        return [
            stream(self, catalog[stream.sobject].schema.to_dict(), self.connection, self.lanes)
            for stream in STREAMS
            if stream.sobject in catalog
        ]

    def _described_streams(self) -> list[SalesforceStream]:
        unasked = unasked_streams(self.config)
        streams = [stream for stream in STREAMS if stream.sobject not in unasked]
        found = {stream: stream.discovered(self._describe) for stream in streams}
        if not any(found.values()):
            msg = (
                "None of the objects can be described. Check the settings 'api_version' and "
                "'instance_url', and the integration user's permissions: 'API Enabled', and Read "
                f"on the objects {', '.join(stream.sobject for stream in streams)}."
            )
            raise NotFoundError(msg)
        absent = [stream for stream in streams if stream.optional and found[stream] is None]
        if absent:
            self.logger.warning(
                "Left out: %s. If the org has enhanced chat or another channel of Messaging, give "
                "the integration user's permission set Read on the objects MessagingSession and "
                "Conversation, with all fields.",
                ", ".join(stream.sobject for stream in absent),
            )
        return [
            self._described(stream, found[stream]) for stream in streams if stream not in absent
        ]

    def _described(
        self, stream: type[SalesforceStream], discovery: Discovery | None
    ) -> SalesforceStream:
        if discovery is None:
            self.logger.warning("%s", unreadable_object(stream.sobject))
            return stream(self, MINIMAL_SCHEMA, self.connection, self.lanes)
        if discovery.missing:
            self.logger.warning(
                "The catalog of %s is not complete. If the org has them, give the integration "
                "user's permission set: %s.",
                stream.sobject,
                "; ".join(discovery.missing),
            )
        schema = without_paths(discovery.schema, unasked_fields(self.config))
        return stream(self, schema, self.connection, self.lanes)

    # -- a run ---------------------------------------------------------------------------------

    # Final for type checkers only. The SDK's own would insist on streams that nobody asked for.
    @override  # type: ignore[misc]
    def run_connection_test(self) -> bool:
        """Read one row of each stream, if that costs nothing."""
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
        _refuse(form_problem(state, [stream.sobject for stream in STREAMS]))
        self._recorded_organization = state.get(ORGANIZATION)
        super().load_state(state)

    # Final for type checkers only, and the one place that sees a sync start and end.
    @override  # type: ignore[misc]
    def sync_all(self) -> None:
        """Sync all streams; say in STATE when that began, what is read, and that it is complete."""
        began = time.monotonic()
        self._know_origin()
        self._renew_catalog()
        self._mark(STARTED)
        # By name it would be in the middle. Rows that cost no calls of their own go first.
        if entries := self.streams.pop(ConversationEntry.sobject, None):
            self.streams[ConversationEntry.sobject] = entries
        try:
            streams = self._selected_streams()
            for stream in streams:
                stream.begin()
            self._note_absence([stream.name for stream in streams])
            cases = WholeCases([stream for stream in streams if stream.case_field])
            cases.begin()
            for stream in streams:
                stream.read_ahead()
            super().sync_all()
            if self.config["whole_cases"]:
                cases.complete()
        except OutputLostError:
            raise
        except BaseException:
            # Rows that are out need not be read again: the bookmarks are true at any moment.
            self.state_writer.write_state(self.state)
            raise
        finally:
            self.lanes.close()
            tell_end(self._selected_streams(), self.connection, time.monotonic() - began)
        self._mark(COMPLETED)
        self._extra_state[REQUESTS] = self.connection.requests_made
        self.state_writer.write_state(self.state)

    def _selected_streams(self) -> list[SalesforceStream]:
        streams = self.streams.values()
        return [item for item in streams if item.selected and isinstance(item, SalesforceStream)]

    def _note_absence(self, selected: Collection[str]) -> None:
        """Say in STATE if the org has no mails at all; a stream that is left out is another thing.

        Who may see cases may see their mails, so the object is then not there. Only where nothing
        was known of it when the catalog was made is it worth a look.
        """
        mails, known = EmailMessage.sobject, self.streams.get(EmailMessage.sobject)
        if Case.sobject not in selected or mails in selected:
            return
        if not (known and has_path(known.schema, "ParentId")) and self._describe(mails) is None:
            self._extra_state[READS][mails] = {"absent": True}

    @property
    def _extra_state(self) -> dict[str, Any]:
        """STATE, with keys that the SDK does not know."""
        state: dict[str, Any] = self.state  # type: ignore[assignment] # a TypedDict without our keys
        return state

    def _mark(self, key: str) -> None:
        self._extra_state[key] = format_instant(datetime.now(UTC).replace(microsecond=0))

    def _know_origin(self) -> None:
        """Put the org's Id into STATE; refuse the state of another org, or from the future."""
        connection, recorded = self.connection, self._recorded_organization
        actual = connection.organization_id or ask_organization_id(connection)
        bookmarks = self._extra_state.get(BOOKMARKS) or {}
        _refuse(origin_problem(bookmarks, recorded, actual, connection.now))
        if known := actual or recorded:
            self._extra_state[ORGANIZATION] = known

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
        keep_discreet()
        return with_doctor(super().get_singer_command(), cls)

    @classmethod
    @override
    def invoke(cls, **kwargs: Any) -> None:
        give_back_what_is_free()
        with _plain_errors():
            if file := kwargs.get("state"):
                kwargs["state"] = as_utf8_file(file, "state file")
            if file := kwargs.get("catalog"):
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
        _end_with(unforeseen(exc))


def _end_with(message: str) -> None:
    """Log what ended the run, and end the process."""
    TapSalesforceChat.logger.error("%s", message)
    raise SystemExit(1)


def _refuse(problem: str | None) -> None:
    if problem:
        raise StateRefusedError(problem)
