"""The sessions that a status look-up at Creovai returns."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from target_creovai.http.answers import text

if TYPE_CHECKING:
    from collections.abc import Mapping

    Session = Mapping[str, Any]

EXCLUDED = "Excluded"
_ABSENT = frozenset({"NotFound", "Unknown", ""})
_PURGED = frozenset({"NotFound", "Purging"})


def session_id_of(session: Session) -> str:
    """Return the id by which it was sent."""
    return text(session.get("sessionId"))


def creovai_id_of(session: Session) -> str:
    """Return Creovai's own id of it; empty if it has none yet."""
    return str(session.get("id") or "")


def is_present(session: Session) -> bool:
    """Tell whether Creovai has it."""
    return text(session.get("status")) not in _ABSENT


def is_purged(session: Session) -> bool:
    """Tell, of an item of a purge's answer, whether it is being deleted or gone already."""
    return text(session.get("status")) in _PURGED


def is_excluded(session: Session) -> bool:
    """Tell whether Creovai keeps it out of all analysis.

    Whether and how such a session may be sent again is not documented: it never is.
    """
    return session.get("status") == EXCLUDED
