"""Sinks: a record crosses the border into the store, as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from singer_sdk import RecordSink
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk import Target


class Receiver(Protocol):
    """What a sink asks of its target."""

    def stage(self, stream: str, record: dict[str, Any]) -> None:
        """Take a row of a conversation."""

    def ignore(self, stream: str) -> None:
        """Count a row of a stream that makes no conversation."""


class _RawSink(RecordSink):
    """Takes records as they came.

    The SDK's validation would log the values of a record that does not fit its
    schema, and its parsing would turn date-times into objects: the assembly
    reads the few fields it needs with its own care.
    """

    def __init__(
        self,
        target: Target,
        stream_name: str,
        schema: dict[str, Any],
        key_properties: Sequence[str] | None,
    ) -> None:
        super().__init__(target, stream_name, schema, key_properties)
        self._target: Receiver = target  # type: ignore[assignment] # only TargetCreovai makes sinks

    @override
    def _validate_and_parse(self, record: dict[str, Any]) -> dict[str, Any]:
        return record


class StagingSink(_RawSink):
    """Hands every record to the target, which stores them by the batch."""

    @override
    def _singer_validate_message(self, record: dict[str, Any]) -> None:
        """Leave it to staging, where a record without its Id costs that record only."""

    @override
    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        self._target.stage(self.stream_name, record)


class IgnoringSink(_RawSink):
    """Counts records of a stream that makes no conversation."""

    @override
    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        self._target.ignore(self.stream_name)
