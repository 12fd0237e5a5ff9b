"""Streams and fields that are read only if a setting says so, whatever a catalog selects. Pure.

Meltano selects everything in a catalog by default. So discovery leaves out what conversations do
not need, and what a vendor should not get.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

EXTRA_STREAMS = ("LiveChatTranscriptEvent", "User", "Contact")
_STREAMS_SETTING = "extra_streams"
# Setting -> the fields, of any stream, that it enables.
_FIELDS: dict[str, tuple[str, ...]] = {
    # They differ by user, and change when somebody views the row.
    "viewed_dates": ("LastViewedDate", "LastReferencedDate"),
    # Customers do not see what supervisors write to agents (whisper messages).
    "supervisor_text": ("SupervisorTranscriptBody",),
}


def disabled_streams(config: Mapping[str, Any]) -> frozenset[str]:
    """Return the streams that are not read with these settings."""
    return frozenset(EXTRA_STREAMS).difference(config.get(_STREAMS_SETTING) or ())


def disabled_fields(config: Mapping[str, Any]) -> frozenset[str]:
    """Return the fields, of any stream, that are not read with these settings."""
    unset = (names for setting, names in _FIELDS.items() if not config.get(setting))
    return frozenset(name for names in unset for name in names)


def disabled_warning(names: Collection[str]) -> str:
    """Return the warning about disabled streams and fields that a catalog selects."""
    by_setting = {_STREAMS_SETTING: EXTRA_STREAMS, **_FIELDS}
    found = {
        setting: [name for name in own if name in names] for setting, own in by_setting.items()
    }
    shown = (f"{', '.join(own)} ({setting})" for setting, own in found.items() if own)
    return f"Selected in the catalog, but only read if the setting asks for it: {'; '.join(shown)}."
