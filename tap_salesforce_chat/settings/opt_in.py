"""What is read only if a setting asks for it, whatever a catalog selects. Pure.

Meltano selects all that it finds in a catalog unless it is told otherwise, and so do people with
`jq`. So what conversations do not need, and what is none of a vendor's business, is not found.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

EXTRA_STREAMS = ("LiveChatTranscriptEvent", "User", "Contact")
_STREAMS_SETTING = "extra_streams"
# Setting -> the fields, of whatever stream, that it asks for.
_FIELDS: dict[str, tuple[str, ...]] = {
    # They differ from user to user, and move when somebody looks at the row.
    "viewed_dates": ("LastViewedDate", "LastReferencedDate"),
    # What supervisors whisper to agents is no part of the conversation.
    "supervisor_text": ("SupervisorTranscriptBody",),
}


def disabled_streams(config: Mapping[str, Any]) -> frozenset[str]:
    """Return the streams that are not read with these settings."""
    return frozenset(EXTRA_STREAMS).difference(config.get(_STREAMS_SETTING) or ())


def disabled_fields(config: Mapping[str, Any]) -> frozenset[str]:
    """Return the fields that are not read with these settings, whatever the stream."""
    unset = (names for setting, names in _FIELDS.items() if not config.get(setting))
    return frozenset(name for names in unset for name in names)


def disabled_warning(names: Collection[str]) -> str:
    """Return what to say of streams and fields that a catalog selects and nobody asked for."""
    by_setting = {_STREAMS_SETTING: EXTRA_STREAMS, **_FIELDS}
    found = {
        setting: [name for name in mine if name in names] for setting, mine in by_setting.items()
    }
    asked = (f"{', '.join(mine)} ({setting})" for setting, mine in found.items() if mine)
    return f"Selected in the catalog, but only read if the setting asks for it: {'; '.join(asked)}."
