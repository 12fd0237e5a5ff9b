"""Messages that are not sent though their rows are there, and why: for people to look at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from target_creovai.model.conversation import LeftOut, Why
from target_creovai.salesforce.rows import is_deleted, parent_of, text_of, time_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from target_creovai.kinds.case_messages import CaseMessage
    from target_creovai.model.conversation import Message
    from target_creovai.model.rows import Row
    from target_creovai.model.settings import AssemblySettings


def left_out_of_case(
    stages: Sequence[Sequence[CaseMessage]],
    rows: Mapping[str, Sequence[Row]],
    settings: AssemblySettings,
) -> tuple[LeftOut, ...]:
    """Return what went on the way from all that was said in a case to what is sent.

    Args:
        stages: All that was said, the same without second copies, in its author's own words, and
            what is sent of it.
        rows: The rows of the case.
        settings: Empty unless they say `keep_removed`.
    """
    if not settings.keep_removed:
        return ()
    everything, once, said, kept = stages
    wanted = [item for item in said if not settings.leaves_out(item.sender.role)]
    internal = () if settings.include_internal_comments else rows.get("CaseComment", ())
    left_out = [
        *_missing_from(once, everything, Why.REPEATED),
        *_missing_from(wanted, said, Why.ROLE),
        *_missing_from(kept, wanted, Why.REPEATED),
        *_internal_comments(internal),
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


def _internal_comments(comments: Iterable[Row]) -> Iterator[LeftOut]:
    """Yield the comments that are not published to the customer."""
    for comment in comments:
        created = time_of(comment, "CreatedDate")
        text = text_of(comment, "CommentBody")
        published = comment.get("IsPublished") is True
        if created and text and not published and counts_as_comment(comment):
            name = text_of(parent_of(comment, "CreatedBy"), "Name")
            yield LeftOut(created, Why.INTERNAL, text.strip(), name, "Case Comment")


def counts_as_comment(comment: Row) -> bool:
    """Tell whether a comment says something, published or not."""
    return not is_deleted(comment) and text_of(comment, "CommentBody") is not None


def unsent(message: Message, why: Why) -> LeftOut:
    """Return a message as one that is not sent."""
    return LeftOut(message.at, why, message.text, message.sender.name)
