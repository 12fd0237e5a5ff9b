"""Singer messages to standard output, each a whole line, whatever signal comes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.singerlib import RecordMessage
from typing_extensions import override

if TYPE_CHECKING:
    from singer_sdk.singerlib.encoding.simple import Message

# Bytes of records that leave in one go; to write each by itself costs more than to encode it.
_ENOUGH = 2**16


class WholeLineWriter(MsgSpecWriter):
    """Writes raw UTF-8, and lets a signal end the process between two lines only.

    Half a line would make the target fail on it, and lose what it has already read. Records wait
    for company, but no longer than until the next message of another kind, or `flush`.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines = bytearray()
        self._writing = False
        self._exit_code: int | None = None

    @override
    def write_message(self, message: Message) -> None:
        """Write a line, now or soon, then leave if that was asked for meanwhile."""
        self._writing = True
        try:
            self._lines += self.format_message(message)
        finally:
            self._writing = False
        if len(self._lines) > _ENOUGH or not isinstance(message, RecordMessage):
            self.flush()
        self._leave_if_asked()

    def flush(self) -> None:
        """Write what waits, then leave if that was asked for meanwhile."""
        # Whatever happens meanwhile, nothing may be written twice.
        lines, self._lines = self._lines, bytearray()
        self._writing = True
        try:
            sys.stdout.buffer.write(lines)
            sys.stdout.flush()
        finally:
            self._writing = False
        self._leave_if_asked()

    def exit_between_lines(self, exit_code: int) -> None:
        """Leave now, or when the lines that are being written are out.

        Asked a second time meanwhile (nobody reads them, it seems), leave at once.
        """
        if self._writing and self._exit_code is None:
            self._exit_code = exit_code
        else:
            raise SystemExit(exit_code)

    def _leave_if_asked(self) -> None:
        if self._exit_code is not None:
            exit_code, self._exit_code = self._exit_code, None
            raise SystemExit(exit_code)
