"""What to click or run for each reason why a conversation waits for a part that was not read."""

from __future__ import annotations

from target_creovai.wholeness.reasons import told_by

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


def advice(reason: str) -> str | None:
    """Return what to do; None where nothing needs doing, or a command says it."""
    told = told_by(reason)
    if told is None or told.before is not None:
        return None
    if told.field is not None:
        field = told.field.partition(" or ")[0]
        form = _AUTHOR if field.startswith("CreatedBy.") else _FIELD
        return form.format(stream=told.stream, field=field)
    return (_STREAM if told.up_to is None else _END).format(stream=told.stream)
