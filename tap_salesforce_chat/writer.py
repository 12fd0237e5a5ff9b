"""Singer messages to standard output, each a whole line, whatever signal comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from singer_sdk.contrib.msgspec import MsgSpecWriter
from typing_extensions import override

if TYPE_CHECKING:
    from singer_sdk.singerlib.encoding.simple import Message


class WholeLineWriter(MsgSpecWriter):
    """Writes raw UTF-8, and lets a signal end the process between two lines only.

    Half a line would make the target fail on it, and lose what it has already read.
    """

    def __init__(self) -> None:
        super().__init__()
        self._writing = False
        self._exit_code: int | None = None

    @override
    def write_message(self, message: Message) -> None:
        """Write a line, then leave if that was asked for meanwhile."""
        self._writing = True
        try:
            super().write_message(message)
        finally:
            self._writing = False
        if self._exit_code is not None:
            exit_code, self._exit_code = self._exit_code, None
            raise SystemExit(exit_code)

    def exit_between_lines(self, exit_code: int) -> None:
        """Leave now, or when the line that is being written is out.

        Asked a second time in the same line (nobody reads it, it seems), leave at once.
        """
        if self._writing and self._exit_code is None:
            self._exit_code = exit_code
        else:
            raise SystemExit(exit_code)
