"""The result of a check of `doctor`."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class CheckStatus(StrEnum):
    """What a check means for a run: it works, it works but look, it does not."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


_MARKS = {CheckStatus.OK: "ok", CheckStatus.FAILED: "FAIL", CheckStatus.WARNING: "--"}


class Check(msgspec.Struct, frozen=True):
    """What one look found, and what to do about it; a warning where it was not possible to look.

    The fields are those of the tap's `doctor`.
    """

    check: str
    status: CheckStatus
    found: str
    advice: str = ""

    def __str__(self) -> str:
        text = f"{_MARKS[self.status]:<4} {self.check}: {self.found}"
        return f"{text} {self.advice}" if self.advice else text


def judged(check: str, found: str, advice: str, *, ok: bool) -> Check:
    """Return what a look found, and what to do where that is not well."""
    return (
        Check(check, CheckStatus.OK, found)
        if ok
        else Check(check, CheckStatus.FAILED, found, advice)
    )
