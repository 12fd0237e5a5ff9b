"""Retries of requests: with growing pauses, and within a budget of seconds for a whole run."""

from __future__ import annotations

import logging
import random
import threading
from functools import partial
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

import backoff

from target_creovai import LOGGER_NAME
from target_creovai.errors import HaltError, LostAnswerError, RetryLaterError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from backoff.types import Details

TRIES = 6  # over about half a minute
LONGEST_BACKOFF_SECONDS = 60.0
# An answer that asks to wait longer ends the delivery of this run instead.
LONGEST_WAIT_SECONDS = 300

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger(LOGGER_NAME)


class RetryBudget:
    """How many seconds the workers of a run may wait in all; safe to share among threads."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._left = seconds
        self._lock = threading.Lock()
        self._retry_of: dict[tuple[int, bool], Callable[..., Any]] = {}
        self.retries = 0
        """How many requests were made again."""

    def retrying(
        self, call: Callable[P, R], *, tries: int = TRIES, lost_too: bool = True
    ) -> Callable[P, R]:
        """Return a call that is made again, after pauses, while Creovai cannot take it.

        Args:
            call: What to call.
            tries: How often, at most.
            lost_too: Also where an answer was lost, so that it may have arrived.

        Raises:
            RetryLaterError: From that call: it was tried often enough.
            HaltError: From that call: a run does not wait for so long.
        """
        retry = self._retry_of.get((tries, lost_too))
        if retry is None:
            retry = self._retry_of[tries, lost_too] = self._make_retry(tries, lost_too=lost_too)
        return partial(retry, call)

    def _make_retry(self, tries: int, *, lost_too: bool) -> Callable[..., Any]:
        """Return the retry of a call, which is kept: to make it takes longer than a request."""
        return backoff.on_exception(
            self._waits,
            RetryLaterError,
            max_tries=tries,
            giveup=lambda error: not lost_too and isinstance(error, LostAnswerError),
            jitter=None,
            on_backoff=_log_wait,
            logger=None,
        )(_call)

    def _waits(self) -> Generator[float, RetryLaterError, None]:
        """Yield pauses: exponential with jitter, and never less than Retry-After."""
        error = yield 0.0
        delay = 1.0
        while True:
            jittered = random.uniform(delay / 2, delay)  # noqa: S311 -- no secret rests on it
            seconds = max(error.retry_after, jittered)
            self._spend(seconds, error)
            error = yield seconds
            delay = min(2 * delay, LONGEST_BACKOFF_SECONDS)

    def _spend(self, seconds: float, error: RetryLaterError) -> None:
        refuse_long_wait(error)
        with self._lock:
            self._left -= seconds
            self.retries += 1
            used_up = self._left < 0
        if used_up:
            msg = (
                f"this run has waited {self._seconds:.0f} seconds for Creovai in all, as "
                f"retry_budget_seconds allows; the last answer: {error}."
            )
            raise HaltError(msg)


def _call(call: Callable[P, R], *arguments: P.args, **named: P.kwargs) -> R:
    return call(*arguments, **named)


def _log_wait(details: Details) -> None:
    logger.info(
        "%s. Trying again in %.0f s (try %d failed).",
        details["exception"],
        details["wait"],
        details["tries"],
    )


def refuse_long_wait(error: RetryLaterError) -> None:
    """Raise where Creovai asks for a longer pause than a run waits.

    Raises:
        HaltError: Creovai asks for that.
    """
    if error.retry_after > LONGEST_WAIT_SECONDS:
        msg = f"Creovai asks to wait {error.retry_after:.0f} seconds ({error})."
        raise HaltError(msg)
