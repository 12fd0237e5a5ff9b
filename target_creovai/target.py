"""`TargetCreovai`: the settings, and the order of a run.

Rows and STATE go through `Intake`; delivery comes after that and works from the store. A run that
is killed, refused or offline so loses nothing, and the next one delivers what is left.
"""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cached_property, partial
from typing import IO, TYPE_CHECKING, Any

from singer_sdk.exceptions import ConfigValidationError
from typing_extensions import override

from target_creovai.delivery.deliver import GRACE_SECONDS, Delivery
from target_creovai.delivery.dry_run import DryRun
from target_creovai.delivery.steps import DeliveryState
from target_creovai.delivery.streaming import StreamingDelivery
from target_creovai.errors import FieldError, InputError, RowError, StoreError
from target_creovai.http.client import connect
from target_creovai.input.intake import Intake
from target_creovai.input.listener import Listener
from target_creovai.input.reader import LineReader
from target_creovai.input.staging import staged_row
from target_creovai.input.stdout import write_or_explain
from target_creovai.model.timestamps import utc
from target_creovai.plugin import CreovaiPlugin
from target_creovai.resync_advice import report_what_to_read
from target_creovai.sending.retry_budget import RetryBudget
from target_creovai.settings.checks import assembly_settings, delivery_policy, problems
from target_creovai.store import Store
from target_creovai.watch.facts import facts_of
from target_creovai.watch.heartbeat import heartbeat
from target_creovai.watch.metrics import Metrics
from target_creovai.watch.progress import Progress
from target_creovai.watch.summary import IDS_SHOWN, Summary
from target_creovai.watch.summary_log import SummaryLog
from target_creovai.watch.watch import Watch

if TYPE_CHECKING:
    from types import FrameType

    from target_creovai.delivery.loop import DeliveryLoop
    from target_creovai.http.client import CreovaiClient
    from target_creovai.model.history import RunFacts

SIGNAL_EXIT_CODE = 128  # plus the signal's number


class TargetCreovai(CreovaiPlugin, Listener):
    """Singer target for Creovai conversation analytics: a run."""

    # Here, as a signal may come before the store is open.
    _delivering: DeliveryLoop | None = None
    _streaming: StreamingDelivery | None = None

    def __init__(self, **kwargs: Any) -> None:
        """Open the store: what cannot be stored is better not read."""
        super().__init__(**kwargs)
        self.max_parallelism = 1
        self.summary = Summary()
        self.store = Store(self.config["store_url"])
        self._delivery_state = DeliveryState()
        self._retry_budget = RetryBudget(self.config["retry_budget_seconds"])
        self._metrics = Metrics(self.summary, self._retry_budget)
        self._summary_log = SummaryLog(self.summary)
        self._watch = Watch(
            self.summary,
            self._metrics,
            Progress(self.summary),
            heartbeat(self.config, self.plugin_version),
        )
        self.store.history.begin_run(utc(datetime.now(UTC)))
        self._intake = Intake(self.store, self.summary, self.announced)
        self._is_trial = not kwargs.get("config")

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

    # Input

    @override  # type: ignore[misc] # final to type checkers only: a whole run is in it
    def listen(self, file_input: IO[str] | None = None) -> None:
        """Read to the end of the input; where it breaks off, end the run as well as it goes.

        Raises:
            InputError: A line cannot be used; all before it is delivered, and reported, by then.
            StoreError: The store failed on the way; what was done is reported by then.
        """
        self._is_trial &= file_input is not None
        try:
            with self._watch:
                self._listen(file_input)
        except StoreError as error:
            self.summary.halted = str(error)
            self._summary_log.log(self._facts)
            error.is_reported = True
            raise
        except SystemExit as end:
            if isinstance(end.code, int) and end.code > SIGNAL_EXIT_CODE:
                self._summary_log.log_cut_off(self._facts, end.code)
            raise

    def _listen(self, file_input: IO[str] | None) -> None:
        try:
            super().listen(file_input)
        except InputError as error:
            self.summary.broken = str(error)
            with suppress(SystemExit):
                self.process_endofpipe()
            error.is_reported = True
            raise
        finally:
            # However reading ends, the receipts of requests in flight are committed.
            if self._streaming:
                self._streaming.end(GRACE_SECONDS)

    @override
    def stage(self, stream: str, record: dict[str, Any]) -> None:
        """Stage a row; record one that cannot be used, and go on without it.

        One with a field that is not understood counts as read without that field.
        """
        try:
            row = staged_row(stream, record, self._intake.input.null_fields(stream))
        except FieldError as error:
            self.record_unusable_line(str(error))
            self.stage(stream, error.rest)
        except RowError as error:
            self.record_unusable_line(str(error))
        else:
            if self._intake.add(row):
                self._intake.commit()
                self._deliver_streaming()

    @override
    def ignore(self, stream: str) -> None:
        """Count a row of a stream that makes no conversation."""
        self.summary.ignored[stream] += 1

    @override
    def record_unusable(self, what: str) -> None:
        """Add what could not be used to the summary; log at once what that does not list."""
        self.summary.unusable_rows.append(what)
        if len(self.summary.unusable_rows) > IDS_SHOWN:
            self.logger.warning("Not stored: %s", what)

    @override
    def _process_state_message(self, message_dict: dict[str, Any]) -> None:
        """Record a STATE; pass it on at once if many rows or some time came before it."""
        super()._process_state_message(message_dict)
        if self._intake.receive_state(self._latest_state or {}):
            self.drain_all()
            self._deliver_streaming()

    @override
    def _write_state_message(self, state: dict[str, Any]) -> None:
        """Commit first, print after."""
        self._intake.release_state(state)
        if self.summary.state_lost is None:
            write = partial(super()._write_state_message, state)
            self.summary.state_lost = write_or_explain(write)

    def _deliver_streaming(self) -> None:
        """Deliver what needs no other stream, while the tap goes on."""
        changed = self._intake.take_changed()
        if not changed:
            return
        if self._streaming is None:
            loop = self._delivery_loop()
            if not isinstance(loop, Delivery):
                return
            self._streaming = StreamingDelivery(loop)
        self._streaming.add(changed)

    # End of input

    @override
    def process_endofpipe(self) -> None:
        """Commit, pass STATE on, deliver, report.

        Raises:
            SystemExit: After all of that, when something needs an eye.
        """
        self._intake.commit()
        self._check_streams()
        well = self._input_ended_well()
        self.logger.debug("The input ended %s.", "well" if well else "before its end")
        self._intake.end(well=well)
        super().process_endofpipe()
        if self._streaming:
            self._streaming.end()
        self._delivering = self._delivery_loop()
        self._delivering.input_broke_off = self.summary.input_broke_off = not well
        with self._watch.delivery(self._delivering):
            self._delivering.run()
            self._delivering.leave_if_asked()
        self._drop_texts(self._delivering)
        report_what_to_read(self.summary, self.store, self._delivering)
        self._note_secret()
        self._summary_log.log(self._facts)
        self.store.history.end_run(utc(datetime.now(UTC)), self.summary.exit_code, self._facts)
        if self.summary.exit_code:
            sys.exit(self.summary.exit_code)

    @property
    def _facts(self) -> RunFacts:
        return facts_of(self.summary, self._metrics, self._intake.input.requests)

    def _note_secret(self) -> None:
        """Note since when the secret is in use, for `doctor`: one that Creovai has accepted."""
        if "_client" in vars(self) and self._client.logged_in:
            self.store.secret.record(self.config["api_password"], datetime.now(UTC))

    def _check_streams(self) -> None:
        """Mark the input as broken if it has no stream that makes a conversation.

        Trials are exempt, such as the SDK's own tests, whose streams have any names.
        """
        if not self._is_trial and (nothing := self.announced.lack_of_streams):
            self.summary.broken = nothing

    def _drop_texts(self, loop: DeliveryLoop) -> None:
        """Drop the text of conversations that are older than `retention_days`, after a delivery."""
        days = self.config.get("retention_days")
        if days is not None and isinstance(loop, Delivery):
            before = datetime.now(UTC) - timedelta(days=days)
            self.summary.texts_dropped = self.store.rows.drop_texts(utc(before))

    def _input_ended_well(self) -> bool:
        cut_off = isinstance(self.message_reader, LineReader) and self.message_reader.truncated
        return not (cut_off or self.summary.broken) and self._intake.input.ended_well()

    def _delivery_loop(self) -> DeliveryLoop:
        settings, policy = assembly_settings(self.config), delivery_policy(self.config)
        if self.config["dry_run"] or not self.config.get("api_url"):
            return DryRun(self.store, settings, self.summary, policy, self.config["payload_dir"])
        return Delivery(
            self.store,
            settings,
            self.summary,
            self._client,
            policy,
            self._retry_budget,
            self._delivery_state,
        )

    @cached_property
    def _client(self) -> CreovaiClient:
        """One for the whole run: streaming and later delivery share token and rate limit."""
        client = connect(self.config)
        client.answered = self._metrics.answered
        return client

    # Process

    @override
    def _handle_termination(self, signum: int, frame: FrameType | None) -> None:
        """Leave with the exit code of a signal.

        Rows that are not committed are read again by the next run: no STATE
        covers them. Delivery ends at its next safe point. The SDK would drain, print
        STATE and exit with 0.
        """
        signal.signal(signum, signal.SIG_IGN)
        exit_code = SIGNAL_EXIT_CODE + signum
        if self._delivering is None:
            if self._streaming:
                self._streaming.stop(exit_code)
            raise SystemExit(exit_code)
        self._delivering.stop(exit_code)
