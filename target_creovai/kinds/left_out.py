"""Messages that are not sent although their rows are there: which, and why.

`why_left_out` decides; kinds drop what it names, and `preview` shows it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_creovai.model.conversation import LeftOut, Why
from target_creovai.salesforce.rows import is_deleted, parent_of, text_of, time_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from target_creovai.kinds.case_messages import CaseMessage
    from target_creovai.model.conversation import Message
    from target_creovai.model.participants import Role
    from target_creovai.model.rows import Row
    from target_creovai.model.settings import AssemblySettings


def why_left_out(
    role: Role, settings: AssemblySettings, *, is_internal: bool = False
) -> Why | None:
    """Return why the settings keep a message back; None if it is sent."""
    if is_internal and not settings.include_internal_comments:
        return Why.INTERNAL
    return Why.ROLE if settings.leaves_out(role) else None


def left_out_of_case(
    stages: Sequence[Sequence[CaseMessage]],
    rows: Mapping[str, Sequence[Row]],
    settings: AssemblySettings,
) -> tuple[LeftOut, ...]:
    """Return the messages of a case that are not sent; none without `keep_removed`.

    Args:
        stages: All messages, the same without second copies, in their authors' own words, those
            that the settings let through, and what is sent of them.
        rows: The rows of the case.
        settings: Those with `keep_removed`.
    """
    if not settings.keep_removed:
        return ()
    everything, once, own, wanted, kept = stages
    left_out = [
        *_missing_from(once, everything, Why.REPEATED),
        *_missing_from(wanted, own, Why.ROLE),
        *_missing_from(kept, wanted, Why.REPEATED),
        *_internal_comments(rows.get("CaseComment", ()), settings),
    ]
    return tuple(sorted(left_out, key=lambda item: item.at))


def _missing_from(
    kept: Iterable[CaseMessage], before: Iterable[CaseMessage], why: Why
) -> Iterator[LeftOut]:
    """Yield what a step has left out; what it kept are the same objects."""
    still_there = {id(item) for item in kept}
    for item in before:
        if id(item) not in still_there:
            yield LeftOut(item.at, why, item.text, item.sender.name, item.channel)


def _internal_comments(comments: Iterable[Row], settings: AssemblySettings) -> Iterator[LeftOut]:
    """Yield the comments that are kept back because they are not published to the customer."""
    for comment in comments:
        created = time_of(comment, "CreatedDate")
        text = text_of(comment, "CommentBody")
        if created and text and not is_sent_comment(comment, settings) and has_text(comment):
            name = text_of(parent_of(comment, "CreatedBy"), "Name")
            yield LeftOut(created, Why.INTERNAL, text.strip(), name, "Case Comment")


def is_sent_comment(comment: Row, settings: AssemblySettings) -> bool:
    """Tell whether the settings let a comment through: published, or internal ones too."""
    return comment.get("IsPublished") is True or settings.include_internal_comments


def has_text(comment: Row) -> bool:
    """Tell whether a comment has a text, published or not; deleted ones have none."""
    return not is_deleted(comment) and text_of(comment, "CommentBody") is not None


def unsent(message: Message, why: Why) -> LeftOut:
    """Return a message as one that is not sent."""
    return LeftOut(message.at, why, message.text, message.sender.name)
