"""`TargetCreovai`: what happens in a run, and when STATE may leave.

STATE means: committed to the store. A STATE message is passed on, untouched, once
the rows before it are committed; delivery comes after that and works from the
store. A run that is killed, refused or offline so loses nothing, and the next one
delivers what is left.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import IO, TYPE_CHECKING, Any, ClassVar

import click
from singer_sdk import Target
from singer_sdk.exceptions import ConfigValidationError
from singer_sdk.helpers.capabilities import CapabilitiesEnum, PluginCapabilities
from typing_extensions import override

from target_creovai.client import connect
from target_creovai.commands.group import with_commands
from target_creovai.config import CONFIG_SCHEMA, assembly_rules, delivery_policy, problems
from target_creovai.delivery.deliver import GRACE_SECONDS, Delivery
from target_creovai.delivery.dry_run import DryRun
from target_creovai.delivery.early import EarlyDelivery
from target_creovai.delivery.patience import Patience
from target_creovai.errors import InputError, RowError, TargetError
from target_creovai.input.listener import Listener
from target_creovai.input.reader import LineReader
from target_creovai.model import NEEDS_ROWS
from target_creovai.payload import utc
from target_creovai.read_again import commands
from target_creovai.staging import staged_row
from target_creovai.store import Store
from target_creovai.summary import Summary
from target_creovai.watch.heartbeat import heartbeat
from target_creovai.watch.metrics import Metrics
from target_creovai.watch.progress import Progress
from target_creovai.watch.watch import Watch

if TYPE_CHECKING:
    from types import FrameType

    from target_creovai.client import CreovaiClient
    from target_creovai.delivery.dispatch import Dispatch
    from target_creovai.store import StagedRow

# A commit costs a few milliseconds; a row of mail may hold a quarter of a megabyte.
ROWS_PER_COMMIT = 1000
BYTES_PER_COMMIT = 16 * 1024 * 1024
# Taps that write STATE often don't make us commit as often.
SECONDS_BETWEEN_STATES = 10.0

# What tap-salesforce-chat puts into the first and the very last STATE of a sync.
STARTED, COMPLETED = "sync_started_at", "sync_completed_at"

SIGNAL_EXIT_CODE = 128  # plus the signal's number


class TargetCreovai(Listener):
    """Singer target for Creovai conversation analytics."""

    name = "target-creovai"
    package_name = "salesforce-creovai"
    config_jsonschema: ClassVar[dict[str, Any]] = CONFIG_SCHEMA
    capabilities: ClassVar[list[CapabilitiesEnum]] = [
        PluginCapabilities.ABOUT,
        PluginCapabilities.BATCH,
        PluginCapabilities.STREAM_MAPS,
        PluginCapabilities.STRUCTURED_LOGGING,
    ]

    def __init__(self, **kwargs: Any) -> None:
        """Open the store: what cannot be stored is better not read."""
        super().__init__(**kwargs)
        self.max_parallelism = 1
        self.summary = Summary()
        self.store = Store(self.config["store_url"])
        self._patience = Patience(self.config["retry_budget_seconds"])
        self._metrics = Metrics(self.summary, self._patience)
        self._watch = Watch(
            self.summary,
            self._metrics,
            Progress(self.summary),
            heartbeat(self.config, self.plugin_version),
        )
        self._began_at = utc(datetime.now(UTC))
        self.store.note_run(began_at=self._began_at)
        self._buffer: list[StagedRow] = []
        self._buffered_bytes = 0
        self._rows_since_state = 0
        self._last_state_at = time.monotonic()
        self._received_anything = False
        self._dispatching: Dispatch | None = None
        self._early: EarlyDelivery | None = None
        self._tap_marks_its_end = False
        self._is_program = False

    # Settings

    @classmethod
    @override
    def append_builtin_config(cls, config_jsonschema: dict[str, Any]) -> None:
        """Leave out the SDK's settings for loading tables: they would do nothing here."""
        super(Target, cls).append_builtin_config(config_jsonschema)

    @override
    def _validate_config(self, *, raise_errors: bool = True) -> list[str]:
        """Check all settings; the SDK's own check quotes values, which may be secret."""
        schema = {**self.config_jsonschema, "properties": {**self.config_jsonschema["properties"]}}
        self.append_builtin_config(schema)
        found = problems(self._config, schema)
        if found and raise_errors:
            summary = "Config validation failed"
            raise ConfigValidationError(summary, errors=found, schema=schema)
        return found

    @classmethod
    def settings_of(cls, *given: Any) -> dict[str, Any]:
        """Return the settings that several `--config` make; the environment's come last."""
        merged: dict[str, Any] = {}
        for one in given:
            merged |= one.config
        return merged | cls._env_var_config if any(one.parse_env for one in given) else merged

    # Input

    @override  # type: ignore[misc] # final to type checkers only: a whole run is in it
    def listen(self, file_input: IO[str] | None = None) -> None:
        """Read to the end of the input; where it breaks off, end the run as well as it goes.

        Raises:
            InputError: A line cannot be used; all before it is taken care of by then.
        """
        self._is_program = file_input is None
        with self._watch:
            try:
                super().listen(file_input)
            except InputError as error:
                self.summary.broken = str(error)
                with suppress(SystemExit):
                    self.process_endofpipe()
                raise
            finally:
                # However reading ends, requests under way are written down.
                if self._early:
                    self._early.end(GRACE_SECONDS)

    @override
    def stage(self, stream: str, record: dict[str, Any]) -> None:
        """Take one row; one that cannot be used costs that row, and is named."""
        try:
            row = staged_row(stream, record)
        except RowError as error:
            self.lose(str(error))
            return
        self._buffer.append(row)
        self._buffered_bytes += len(row.body)
        if len(self._buffer) >= ROWS_PER_COMMIT or self._buffered_bytes >= BYTES_PER_COMMIT:
            self._commit()
            self._deliver_early()

    @override
    def ignore(self, stream: str) -> None:
        """Count a row of a stream that makes no conversation."""
        self.summary.ignored[stream] += 1

    @override
    def lose(self, what: str) -> None:
        """Name what could not be used, in the log at once and in the summary."""
        self.logger.warning("Not stored: %s", what)
        self.summary.unusable_rows.append(what)

    def _commit(self) -> None:
        if not self._buffer:
            return
        changed = self.store.stage(self._buffer)
        self.summary.rows.update(row.stream for row in self._buffer)
        self.summary.changed_rows.update(row.stream for row in changed)
        self._rows_since_state += len(self._buffer)
        self._buffer, self._buffered_bytes = [], 0

    @override
    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        self._received_anything = True
        super()._process_schema_message(message_dict)

    @override
    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        """Note the state; pass it on soon, if many rows or some time came before it."""
        super()._process_state_message(message_dict)
        self._received_anything = True
        self._tap_marks_its_end |= STARTED in (self._latest_state or {})
        waited = time.monotonic() - self._last_state_at
        rows = self._rows_since_state + len(self._buffer)
        if rows >= ROWS_PER_COMMIT or waited >= SECONDS_BETWEEN_STATES:
            self.drain_all()
            self._deliver_early()

    @override
    def _write_state_message(self, state: dict[str, Any]) -> None:
        """Commit first, print after."""
        self._commit()
        super()._write_state_message(state)
        self._rows_since_state, self._last_state_at = 0, time.monotonic()

    def _deliver_early(self) -> None:
        """Deliver what needs no other stream, while the tap goes on."""
        if self._early is None:
            dispatch = self._dispatch()
            if not isinstance(dispatch, Delivery):
                return
            self._early = EarlyDelivery(dispatch)
        self._early.news()

    # End of input

    @override
    def process_endofpipe(self) -> None:
        """Commit, pass STATE on, deliver, report.

        Raises:
            SystemExit: With 1, after all of that, when something needs an eye.
        """
        self._commit()
        self._look_for_streams()
        if self._received_anything:
            self.store.end_input(well=self._input_ended_well())
        super().process_endofpipe()
        if self._early:
            self._early.end()
        self._dispatching = self._dispatch()
        with self._watch.delivery(self._dispatching):
            self._dispatching.run()
        self._look_after_texts(self._dispatching)
        for line in self.summary.lines():
            click.echo(line, err=True)
        self.store.note_run(
            began_at=self._began_at,
            ended_at=utc(datetime.now(UTC)),
            exit_code=int(self.summary.failed),
            counts=self.summary.counts(),
            stopped=self.summary.halted,
        )
        if self.summary.failed:
            sys.exit(1)

    def _look_for_streams(self) -> None:
        """Call an input broken that has nothing for this target in it.

        But for a dry run within another program, such as the SDK's own tests: its streams may
        be any.
        """
        if (self._is_program or self._delivers) and (nothing := self.announced.nothing_of_use):
            self.summary.broken = nothing

    def _look_after_texts(self, dispatch: Dispatch) -> None:
        """Drop text that has done its work, and say how to get back what is missing."""
        days = self.config.get("retention_days")
        if days is not None and isinstance(dispatch, Delivery):
            before = datetime.now(UTC) - timedelta(days=days)
            self.summary.texts_dropped = self.store.drop_texts(utc(before))
        lacking: dict[str, list[str]] = {}
        for trouble in self.summary.set_aside:
            if trouble.reason == NEEDS_ROWS.reason:
                lacking.setdefault(trouble.kind, []).append(trouble.id)
        wanted = {kind: self.store.with_losers(kind, ids) for kind, ids in lacking.items()}
        self.summary.read_again = list(commands(wanted, os.environ.get("MELTANO_ENVIRONMENT")))

    def _input_ended_well(self) -> bool:
        """Tell a finished tap from a dead one; a tap that never says is taken at its end."""
        if isinstance(self.message_reader, LineReader) and self.message_reader.truncated:
            return False
        if self.announced.nothing_of_use:
            return False
        return not self._tap_marks_its_end or COMPLETED in (self._latest_state or {})

    @property
    def _delivers(self) -> bool:
        return bool(self.config.get("api_url")) and not self.config["dry_run"]

    def _dispatch(self) -> Dispatch:
        rules = assembly_rules(self.config)
        if not self._delivers:
            return DryRun(self.store, rules, self.summary, self.config["payload_dir"])
        return Delivery(
            self.store,
            rules,
            self.summary,
            self._client,
            delivery_policy(self.config),
            self._patience,
        )

    @cached_property
    def _client(self) -> CreovaiClient:
        """One for the whole run: delivery while rows come and after them share login and pace."""
        client = connect(self.config)
        client.answered = self._metrics.answered
        return client

    # Process

    @classmethod
    @override
    def get_singer_command(cls) -> click.Command:
        """Return the Singer executable, with the operator's commands below it."""
        return with_commands(super().get_singer_command(), cls)

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Leave with the exit code of a signal.

        Rows that are not committed are read again next time: no STATE spoke of
        them. Delivery ends at its next safe point. The SDK would drain, print
        STATE and exit with 0.
        """
        signal.signal(signum, signal.SIG_IGN)
        exit_code = SIGNAL_EXIT_CODE + signum
        if self._dispatching is None:
            if self._early:
                self._early.stop(exit_code)
            raise SystemExit(exit_code)
        self._dispatching.stop(exit_code)

    @classmethod
    @override
    def invoke(cls, **kwargs: Any) -> None:
        """Run; an error that says what to do is one paragraph, not a traceback."""
        try:
            super().invoke(**kwargs)
        except ConfigValidationError as error:
            raise click.ClickException(" ".join([f"{error}.", *error.errors])) from None
        except TargetError as error:
            raise click.ClickException(str(error)) from None
