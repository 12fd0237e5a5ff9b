"""What to click or run for each reason why a conversation waits for a part that was not read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_creovai.model.outcomes import Code

if TYPE_CHECKING:
    from target_creovai.model.outcomes import Reason

_ACCEPT = "If the org cannot have it, name it in accept_missing."
_AUTHOR = (
    "select CreatedBy with its UserType in the tap, or the stream User, and read the comments "
    f"again. {_ACCEPT}"
)
_FIELD = (
    "give the integration user's permission set Read on {stream}.{field}, or select the field "
    "(`meltano select tap-salesforce-chat {stream} {field}`). tap-salesforce-chat then reads these "
    f"rows again by itself, another tap by a full refresh. {_ACCEPT}"
)
_STREAM = (
    "select the stream (`meltano select tap-salesforce-chat {stream} '*'`), and give the "
    f"integration user's permission set Read on it. {_ACCEPT}"
)
_END = "run the tap again with this stream selected: it goes on from there."


_FORMS = {
    Code.FIELD_UNREAD: _FIELD,
    Code.STREAM_UNREAD: _STREAM,
    Code.LATER_UNREAD: _END,
    Code.REST_UNREAD: _END,
}


def advice(reason: Reason) -> str | None:
    """Return what to do; None where nothing needs doing, or a command says it."""
    if reason.code not in _FORMS:
        return None
    stream, field = (*reason.args, "")[:2]
    field = field.partition(" or ")[0]
    form = _AUTHOR if field.startswith("CreatedBy.") else _FORMS[reason.code]
    return form.format(stream=stream, field=field)
