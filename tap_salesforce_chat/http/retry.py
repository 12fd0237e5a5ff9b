"""How long Salesforce is waited for: a request is made again, with growing pauses."""

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
# Where Salesforce asks to wait for longer, the run ends instead: the next one goes on.
LONGEST_WAIT_SECONDS = 300


def retried(ask: Callable[[], _Result], logger: logging.Logger) -> _Result:
    """Return what a request brings, if need be after some tries.

    Raises:
        RetryLaterError: It was tried often enough, or Salesforce wants a run to wait too long.
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
        return decorate(ask)()
    except RetryLaterError as exc:
        msg = (
            f"{exc} {_last_word(exc)} Check the network, login_url and Salesforce's status page; "
            "state is kept, and the next run continues from it."
        )
        raise RetryLaterError(msg) from None


def _waits() -> Generator[float, RetryLaterError, None]:
    """Double the wait from one second on, but never ask earlier than Retry-After says."""
    refusal = yield 0.0  # where backoff starts the generator
    for exponent in range(MAX_TRIES):
        refusal = yield max(float(2**exponent), refusal.retry_after)


def _is_too_long(exc: RetryLaterError) -> bool:
    return exc.retry_after > LONGEST_WAIT_SECONDS


def _last_word(exc: RetryLaterError) -> str:
    if _is_too_long(exc):
        return f"It asks to wait for {exc.retry_after:.0f} s, longer than a run does."
    return f"Gave up after {MAX_TRIES} tries."
