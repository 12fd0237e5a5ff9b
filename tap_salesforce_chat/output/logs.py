"""Which log records are written, however logging is configured: by variable, file or Meltano.

The tap's own records hold Ids, counts and reasons, at every level. Libraries log URLs with queries,
and rows, at debug level. So the filter is added to the handlers, where no level overrides it.
"""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import singer_sdk
from singer_sdk.metrics import METRICS_LOGGER_NAME
from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator

LOGGER_NAME = "tap-salesforce-chat"

_SDK = str(Path(singer_sdk.__file__).parent)

# Calls of the traceback that are shown for an unexpected error.
_CALLS_SHOWN = 6


class LibraryLogFilter(logging.Filter):
    """Passes the tap's own records and metrics, and records of libraries without data.

    The SDK's records at info level (versions, modes, skipped streams) pass only if the tap logs at
    debug level: a run without new rows has more of them than others.
    """

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is written."""
        if record.name == METRICS_LOGGER_NAME:
            return True
        if record.pathname.startswith(_SDK):
            is_debug = logging.getLogger(LOGGER_NAME).isEnabledFor(logging.DEBUG)
            return record.levelno >= (logging.INFO if is_debug else logging.WARNING)
        return record.name.partition(".")[0] == LOGGER_NAME or record.levelno >= logging.INFO


_FILTER = LibraryLogFilter()


def install_log_filter() -> None:
    """Add the filter to every handler; logging has been configured before."""
    for handler in _handlers():
        handler.addFilter(_FILTER)


def _handlers() -> Iterator[logging.Handler]:
    loggers = [logging.getLogger(), *logging.getLogger().manager.loggerDict.values()]
    for logger in loggers:
        if isinstance(logger, logging.Logger):
            yield from logger.handlers


def unexpected_error_message(error: Exception) -> str:
    """Return the message for an exception that no code handles: its type and its place.

    Its own text may quote a row and is left out; the operating system's texts do not.
    """
    what = type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        what = f"{what}: {error.strerror}"
    calls = traceback.extract_tb(error.__traceback__)[-_CALLS_SHOWN:]
    where = ", ".join(f"{Path(call.filename).name}:{call.lineno} {call.name}" for call in calls)
    return (
        f"An unforeseen error ended the run ({what}; {where}). State is kept: run again. If it "
        "comes back, report it with this line."
    )
