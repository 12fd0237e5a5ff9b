"""Sends a request again after a transient error, with exponential back-off."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

import backoff

from tap_salesforce_chat.errors import RetryLaterError

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Generator

    from backoff.types import Details

_Result = TypeVar("_Result")

# With waits of 1, 2, 4 ... 32 seconds that is about a minute.
MAX_TRIES = 7
# If Salesforce asks to wait for longer, the run ends instead, and the next one continues.
LONGEST_WAIT_SECONDS = 300


def call_with_retries(send: Callable[[], _Result], logger: logging.Logger) -> _Result:
    """Return the result of a call, which is made again as long as it raises `RetryLaterError`.

    Args:
        send: Sends a request.
        logger: Gets one line for each wait.

    Raises:
        RetryLaterError: `MAX_TRIES` calls have failed, or Salesforce asks to wait for more than
            `LONGEST_WAIT_SECONDS`.
    """

    def log_wait(details: Details) -> None:
        logger.warning(
            "%s Trying again in %.0f s (try %d of %d failed).",
            details["exception"],
            details["wait"],
            details["tries"],
            MAX_TRIES,
        )

    decorate = backoff.on_exception(
        _waits,
        RetryLaterError,
        max_tries=MAX_TRIES,
        giveup=lambda exc: _is_too_long(cast("RetryLaterError", exc)),
        jitter=backoff.random_jitter,
        on_backoff=log_wait,
        logger=None,
    )
    try:
        return decorate(send)()
    except RetryLaterError as exc:
        msg = (
            f"{exc} {_end_reason(exc)} Check the network, login_url and Salesforce's status page; "
            "state is kept, and the next run continues from it."
        )
        raise RetryLaterError(msg) from None


def _waits() -> Generator[float, RetryLaterError, None]:
    """Yield waits that double from one second on, but none shorter than `Retry-After`."""
    error = yield 0.0  # backoff starts the generator without an error
    for exponent in range(MAX_TRIES):
        error = yield max(float(2**exponent), error.retry_after)


def _is_too_long(exc: RetryLaterError) -> bool:
    return exc.retry_after > LONGEST_WAIT_SECONDS


def _end_reason(exc: RetryLaterError) -> str:
    if _is_too_long(exc):
        return f"It asks to wait for {exc.retry_after:.0f} s, longer than a run does."
    return f"Gave up after {MAX_TRIES} tries."
