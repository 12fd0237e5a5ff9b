"""What of the log gets out, whoever set the logging up: an environment variable, a file, Meltano.

Own lines say Ids, counts and reasons at every level. Libraries quote what they work on at debug
level: statements, URLs, rows. So the filter sits on the handlers, where no configuration lifts it.
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

LOGGER_NAME = "target-creovai"

_SDK = str(Path(singer_sdk.__file__).parent)
# From which level on lines of these get out. SQLAlchemy's at INFO are statements.
_OTHERS = {"sqlalchemy": logging.WARNING}

# How many calls an unforeseen error is located by.
_CALLS_SHOWN = 6


class DiscreetFilter(logging.Filter):
    """Lets own lines and METRIC lines pass, and of libraries what quotes nothing.

    What the SDK says of its own doings (versions, modes, streams that are skipped) is for debug
    level, where it is of use; a run without news would be drowned in it.
    """

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a line gets out."""
        if record.name == METRICS_LOGGER_NAME:
            return True
        if record.pathname.startswith(_SDK):
            is_debug = logging.getLogger(LOGGER_NAME).isEnabledFor(logging.DEBUG)
            return record.levelno >= (logging.INFO if is_debug else logging.WARNING)
        family = record.name.partition(".")[0]
        return family == LOGGER_NAME or record.levelno >= _OTHERS.get(family, logging.INFO)


_FILTER = DiscreetFilter()


def keep_discreet() -> None:
    """Put the filter on every handler there is; logging has been set up by now."""
    for handler in _handlers():
        handler.addFilter(_FILTER)


def _handlers() -> Iterator[logging.Handler]:
    loggers = [logging.getLogger(), *logging.getLogger().manager.loggerDict.values()]
    for logger in loggers:
        if isinstance(logger, logging.Logger):
            yield from logger.handlers


def unforeseen(error: Exception) -> str:
    """Say what went wrong that nobody thought of, and where.

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
