"""Singer sinks, which pass each record on to the target as it came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from singer_sdk import RecordSink
from singer_sdk.exceptions import MissingKeyPropertiesError
from typing_extensions import override

from target_creovai.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from singer_sdk import Target

    from target_creovai.input.announced import AnnouncedStreams


class KeyMissingError(InputError, MissingKeyPropertiesError):
    """A record has not all of its stream's key properties."""


class Receiver(Protocol):
    """What a sink calls of its target."""

    announced: AnnouncedStreams

    def stage(self, stream: str, record: dict[str, Any]) -> None:
        """Take a row of one of Salesforce's objects."""

    def ignore(self, stream: str) -> None:
        """Count a row of a stream that makes no conversation."""


class Sink(RecordSink):
    """Takes the records of one stream.

    The SDK's validation would log the values of a record that does not fit its
    schema, and its parsing would turn date-times into objects: `staging` checks the
    few fields that it needs.
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
        self.object = self._target.announced.register(stream_name, schema.get("properties", {}))
        if self.object is None:
            self.logger.warning(
                "Stream '%s' makes no conversation: its rows are counted, not stored.", stream_name
            )
        elif self.object != stream_name:
            self.logger.info("Stream '%s' is taken for %s.", stream_name, self.object)

    @override
    def get_validator(self) -> None:
        """Return no validator, so that nothing is validated."""

    @override
    def clean_up(self) -> None:
        """Log no counter: the target's own metrics have it, once for each stream."""

    @override
    def process_record(self, record: dict[str, Any], context: dict[str, Any]) -> None:
        """Hand a record over.

        Raises:
            KeyMissingError: It is of no object that is known here, and lacks its key.
        """
        if self.object is not None:
            self._target.stage(self.object, record)
            return
        if missing := set(self.key_properties) - record.keys():
            names = ", ".join(sorted(missing))
            msg = f"a record of the stream '{self.stream_name}' lacks its key ({names})."
            raise KeyMissingError(msg)
        self._target.ignore(self.stream_name)
