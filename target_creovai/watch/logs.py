"""Which log records get out, however logging was set up: by a variable, a file, or Meltano.

Our own records hold Ids, counts and reasons at every level. Libraries quote statements, URLs and
rows at debug level. So the filter is on the handlers, where no configuration removes it.
"""

from __future__ import annotations

import logging
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import singer_sdk
from singer_sdk.metrics import METRICS_LOGGER_NAME
from typing_extensions import override

from target_creovai import LOGGER_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

_SDK = str(Path(singer_sdk.__file__).parent)
# From which level on lines of these libraries get out. SQLAlchemy's at INFO are statements.
_LEAST_LEVELS = {"sqlalchemy": logging.WARNING}

# How many calls an unforeseen error is located by.
_CALLS_SHOWN = 6


class DiscreetFilter(logging.Filter):
    """Passes our own records and METRIC records, and of libraries those that quote nothing.

    Records of the SDK about itself (versions, modes, streams that are skipped) pass at debug level
    only: in a run without changes there would be little else.
    """

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record passes."""
        if record.name == METRICS_LOGGER_NAME:
            return True
        if record.pathname.startswith(_SDK):
            is_debug = logging.getLogger(LOGGER_NAME).isEnabledFor(logging.DEBUG)
            return record.levelno >= (logging.INFO if is_debug else logging.WARNING)
        family = record.name.partition(".")[0]
        return family == LOGGER_NAME or record.levelno >= _LEAST_LEVELS.get(family, logging.INFO)


DISCREET_FILTER = DiscreetFilter()


def keep_discreet() -> None:
    """Put the filter on every handler there is: to be called once logging is set up."""
    for handler in _handlers():
        handler.addFilter(DISCREET_FILTER)


def _handlers() -> Iterator[logging.Handler]:
    loggers = [logging.getLogger(), *logging.getLogger().manager.loggerDict.values()]
    for logger in loggers:
        if isinstance(logger, logging.Logger):
            yield from logger.handlers


def unforeseen(error: Exception) -> str:
    """Return a sentence for an error that no code expects: its type, and where it was raised.

    The text of such an error may quote a row, so it is left out; an operating system's does not.
    """
    what = type(error).__name__
    if isinstance(error, OSError) and error.strerror:
        what = f"{what}: {error.strerror}"
    calls = traceback.extract_tb(error.__traceback__)[-_CALLS_SHOWN:]
    where = ", ".join(f"{Path(call.filename).name}:{call.lineno} {call.name}" for call in calls)
    return (
        f"An unforeseen error ended the run ({what}; {where}). What was committed is safe: run "
        "again. If it comes back, report it with this line."
    )
