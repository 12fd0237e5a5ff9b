"""`Listener`: from Singer messages to rows; what cannot be used is reported."""

from __future__ import annotations

from abc import abstractmethod
from copy import copy
from typing import TYPE_CHECKING, Any

from singer_sdk import Target
from singer_sdk.exceptions import RecordsWithoutSchemaException
from singer_sdk.mapper import SameRecordTransform
from typing_extensions import override

from target_creovai.errors import InputError
from target_creovai.input.announced import AnnouncedStreams
from target_creovai.input.batch import records_in
from target_creovai.input.reader import LineReader
from target_creovai.input.sinks import Sink

if TYPE_CHECKING:
    from singer_sdk.mapper import StreamMap


class NoSchemaError(InputError, RecordsWithoutSchemaException):
    """Rows came before the SCHEMA of their stream."""


class Listener(Target):
    """A target that is handed rows under Salesforce's names for streams.

    `announced` has the streams. Every message that cannot be used is reported:
    the run goes on where nothing but that line is lost.
    """

    message_reader_class = LineReader
    default_sink_class = Sink

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.announced = AnnouncedStreams()
        self._versioned: set[str] = set()
        if isinstance(self.message_reader, LineReader):
            self.message_reader.on_unusable = self.record_unusable_line

    @abstractmethod
    def stage(self, stream: str, record: dict[str, Any]) -> None:
        """Take a row of one of Salesforce's objects."""

    @abstractmethod
    def ignore(self, stream: str) -> None:
        """Count a row of a stream that makes no conversation."""

    @abstractmethod
    def record_unusable(self, what: str) -> None:
        """Note what of the input could not be used; it holds no value of a row."""

    def record_unusable_line(self, what: str) -> None:
        """Note what could not be used of the line at hand."""
        number = self.message_reader.number if isinstance(self.message_reader, LineReader) else 0
        self.record_unusable(f"line {number}: {what}")

    @override
    def _process_schema_message(self, message_dict: dict[str, Any]) -> None:
        """Register a stream; the SDK's own errors quote the schema.

        Raises:
            InputError: The SDK can make nothing of it, or another stream is the same object.
        """
        try:
            super()._process_schema_message(message_dict)
        except InputError:
            raise
        # The texts of the SDK's errors quote what they stumble over.
        except Exception as error:  # noqa: BLE001 -- of any kind, as schemas and stream maps are
            msg = (
                f"The SCHEMA of the stream '{message_dict['stream']}' cannot be used "
                f"({type(error).__name__}): check it in the tap, and stream_maps."
            )
            raise InputError(msg) from None
        self.announced.any = True

    @override
    def _process_record_message(self, message_dict: dict[str, Any]) -> None:
        """Hand a record to its sinks, without the SDK's work for targets that load tables.

        Raises:
            NoSchemaError: Its stream has had no SCHEMA.
        """
        stream, record = message_dict["stream"], message_dict["record"]
        maps = self.mapper.stream_maps.get(stream)
        if maps is None:
            msg = f"a RECORD of the stream '{stream}' comes before its SCHEMA."
            raise NoSchemaError(msg)
        for stream_map in maps:
            mapped = _mapped(stream_map, record)
            if mapped is not None:
                sink = self.get_sink(stream_map.stream_alias)
                sink.process_record(mapped, {})

    @override
    def _process_batch_message(self, message_dict: dict[str, Any]) -> None:
        """Take the records of a batch's files as messages: the SDK would skip no bad line."""
        stream = message_dict["stream"]
        for place, record in records_in(message_dict["encoding"], message_dict["manifest"]):
            if isinstance(record, dict):
                self._process_record_message({"stream": stream, "record": record})
            else:
                self.record_unusable_line(f"{place}: a row of {stream} is no object")

    @override
    def _process_activate_version_message(self, message_dict: dict[str, Any]) -> None:
        """Warn, once a stream, that this deletes nothing: a conversation is no row of a table."""
        stream = message_dict["stream"]
        if stream not in self._versioned:
            self._versioned.add(stream)
            self.logger.warning(
                "ACTIVATE_VERSION of the stream '%s' changes nothing here: rows that do not come "
                "again stay. Deleted ones are those that come with IsDeleted.",
                stream,
            )


def _mapped(stream_map: StreamMap, record: dict[str, Any]) -> dict[str, Any] | None:
    """Return what a user's stream maps make of a record; None if they leave it out.

    Raises:
        InputError: They cannot be applied to it.
    """
    if type(stream_map) is SameRecordTransform and not stream_map.flattening_enabled:
        return record
    try:
        mapped: dict[str, Any] | None = stream_map.transform(copy(record))
    except Exception as error:  # noqa: BLE001 -- expressions fail in all ways, and quote the row
        msg = (
            f"stream_maps cannot be applied to a record of the stream "
            f"'{stream_map.stream_alias}' ({type(error).__name__})."
        )
        raise InputError(msg) from None
    return mapped
