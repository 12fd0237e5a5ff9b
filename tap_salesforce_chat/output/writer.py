"""Writes Singer messages to standard output, each a whole line even if a signal comes."""

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

# Records are written together: to write each by itself costs more than to encode it.
_BUFFER_BYTES = 2**16


class WholeLineWriter(MsgSpecWriter):
    """Writes UTF-8, and lets a signal end the process between two lines only.

    A target fails on half a line, and loses what it has already read. Records are buffered until
    the buffer is full, a message of another type comes, or `flush` is called.
    """

    def __init__(self) -> None:
        super().__init__()
        self._lines = bytearray()
        self._writing = False
        self._exit_code: int | None = None

    @override
    def write_message(self, message: Message) -> None:
        """Buffer or write a message; exit then if a signal came meanwhile."""
        self._writing = True
        try:
            self._lines += self.format_message(message)
        finally:
            self._writing = False
        if len(self._lines) > _BUFFER_BYTES or not isinstance(message, RecordMessage):
            self.flush()
        self._exit_if_requested()

    def flush(self) -> None:
        """Write the buffer; exit then if a signal came meanwhile.

        Raises:
            OutputClosedError: Standard output cannot be written.
        """
        # Emptied before it is written: a signal must not make it be written twice.
        lines, self._lines = self._lines, bytearray()
        self._writing = True
        try:
            problem = _write_to_stdout(lines)
        finally:
            self._writing = False
        if problem:
            msg = f"Standard output {problem}. Run again from the state before."
            raise OutputClosedError(msg)
        self._exit_if_requested()

    def exit_between_lines(self, exit_code: int) -> None:
        """Exit now, or when the lines that are being written are written.

        A second call meanwhile exits at once: nobody seems to read the lines.
        """
        if self._writing and self._exit_code is None:
            self._exit_code = exit_code
        else:
            raise SystemExit(exit_code)

    def _exit_if_requested(self) -> None:
        if self._exit_code is not None:
            exit_code, self._exit_code = self._exit_code, None
            raise SystemExit(exit_code)


def _write_to_stdout(lines: bytearray) -> str | None:
    """Write to stdout; if that fails, return why, and redirect it to the null device."""
    if sys.stdout is None:
        return "is closed"
    try:
        sys.stdout.buffer.write(lines)
        sys.stdout.flush()
    except OSError as error:
        with suppress(OSError):  # at its exit, Python would try to write its buffer again
            null_device = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null_device, sys.stdout.fileno())
            os.close(null_device)
        if isinstance(error, BrokenPipeError):
            return "is closed: what reads it has ended, and its last lines say why"
        return f"cannot be written ({error.strerror})"
    return None
