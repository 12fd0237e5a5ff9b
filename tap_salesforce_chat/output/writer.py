"""Singer messages to standard output, each a whole line, whatever signal comes."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from singer_sdk.contrib.msgspec import MsgSpecWriter
from singer_sdk.singerlib import RecordMessage
from typing_extensions import override

from tap_salesforce_chat.errors import OutputClosedError

if TYPE_CHECKING:
    from singer_sdk.singerlib.encoding.simple import Message

# Bytes of records that leave in one go; to write each by itself costs more than to encode it.
_BUFFER_BYTES = 2**16


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
        if len(self._lines) > _BUFFER_BYTES or not isinstance(message, RecordMessage):
            self.flush()
        self._leave_if_asked()

    def flush(self) -> None:
        """Write what waits, then leave if that was asked for meanwhile.

        Raises:
            OutputClosedError: It cannot be written.
        """
        # Whatever happens meanwhile, nothing may be written twice.
        lines, self._lines = self._lines, bytearray()
        self._writing = True
        try:
            lost = _put(lines)
        finally:
            self._writing = False
        if lost:
            msg = f"Standard output {lost}. Run again from the state before."
            raise OutputClosedError(msg)
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


def _put(lines: bytearray) -> str | None:
    """Write to stdout; return why that cannot be, and have nothing written to it from then on."""
    if sys.stdout is None:
        return "is closed"
    try:
        sys.stdout.buffer.write(lines)
        sys.stdout.flush()
    except OSError as error:
        with suppress(OSError):  # Python writes what is in its buffer at its end, and would fail
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, sys.stdout.fileno())
            os.close(nowhere)
        if isinstance(error, BrokenPipeError):
            return "is closed: what reads it has ended, and its last lines say why"
        return f"cannot be written ({error.strerror})"
    return None
