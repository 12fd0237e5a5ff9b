"""Errors of the target, grouped by what the caller does next.

    TargetError
    ├── TextError            set this conversation aside: its text is not understood
    ├── RowError             set this conversation aside: a row lacks what it needs
    │   └── FieldError       store the row without that field: its conversation waits
    ├── StoreError           stop: the store, or the folder for payloads, cannot be used
    ├── InputError           stop: what the tap sent is not a Singer message
    ├── InstallationError    stop: this program lacks a module of its own, or of a library
    └── CreovaiError
        ├── RejectedError    set this conversation aside: Creovai would refuse it again
        ├── RetryLaterError  wait, then try again; the conversation stays pending
        │   └── LostAnswerError   the same, but Creovai may have it: look it up first
        ├── WithdrawnError   leave it to the next run: nothing of this request was sent
        │   └── LateError    write the intent down anew, then send
        └── HaltError        stop delivery: every other conversation would meet the same

No message holds customer text or a credential: ids, counts, sizes, status codes only.
"""

from __future__ import annotations

from typing import Any


class TargetError(Exception):
    """Base of all errors raised on purpose in this package."""

    is_reported = False
    """Whether the summary of the run that it ended has it, so that it is not logged twice."""


class TextError(TargetError):
    """A conversation's text does not follow any grammar that is known.

    The message names the rule that failed, and never holds the text itself.
    """


class RowError(TargetError):
    """A row lacks a field that its conversation cannot do without."""


class FieldError(RowError):
    """A field has a form that is not understood. `rest` is the row without it, to be stored."""

    def __init__(self, message: str, rest: dict[str, Any]) -> None:
        super().__init__(message)
        self.rest = rest


class StoreError(TargetError):
    """The store or `payload_dir` cannot be used; the message names what to change."""


class InstallationError(TargetError):
    """A module cannot be imported: of a broken installation, or one replaced during the run."""

    def __init__(self, module: str | None) -> None:
        """Take the module's name."""
        super().__init__(
            f"The module {module or 'that assembles conversations'} cannot be imported. If the "
            "package was upgraded while this run was at work, run again; if not, install it again. "
            "Nothing is lost."
        )


class InputError(TargetError):
    """A line of the input is not a Singer message that can be used."""


class CreovaiError(TargetError):
    """Base of what Creovai, or the way to it, may answer."""

    lost = False
    """Whether what was to be sent may have arrived, by this request or by an earlier one."""


class RejectedError(CreovaiError):
    """Creovai refused one conversation and would refuse it again.

    Carries a status only: the response body may quote the customer.
    """

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"HTTP {status}: {reason}")
        self.status = status
        self.why = reason


class RetryLaterError(CreovaiError):
    """Creovai cannot take it now. `retry_after` is what it asked for, in seconds."""

    def __init__(self, reason: str, retry_after: float = 0.0) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class LostAnswerError(RetryLaterError):
    """The request may have arrived: its answer did not."""

    lost = True


class WithdrawnError(CreovaiError):
    """The run was asked to stop before anything of this request was sent."""


class LateError(WithdrawnError):
    """Its intent is too old: after a crash nobody could find out when it was sent."""


class HaltError(CreovaiError):
    """Nothing can be delivered until someone changes a setting or a right."""
