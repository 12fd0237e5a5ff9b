"""A case: the Case row with its mails and comments, whenever they arrived.

A case that was merged into another one gives it all its messages, however its rows arrived and
whether or not Salesforce has moved them.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from target_creovai.errors import RowError
from target_creovai.kinds.case_messages import (
    CaseMessage,
    Rank,
    instead_of_words,
    without_copies_of_mails,
    without_second_copies,
)
from target_creovai.kinds.left_out import has_text, is_sent_comment, left_out_of_case, why_left_out
from target_creovai.kinds.timing import in_turns, settling
from target_creovai.model.conversation import Conversation, Interface
from target_creovai.model.findings import Finding
from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.participants import Role
from target_creovai.model.rows import DroppedRow
from target_creovai.model.verdicts import NEEDS_ROWS, Deleted, Skipped, Waiting
from target_creovai.parsers.mail import (
    Page,
    Thread,
    full_text,
    may_stand_alone,
    repeats,
    with_subject,
)
from target_creovai.participants.case_authors import CaseAuthors
from target_creovai.participants.merging import participants_of
from target_creovai.salesforce.rows import (
    is_deleted,
    latest_change,
    metadata_of,
    parent_of,
    text_of,
    time_of,
)
from target_creovai.wholeness.needs import without_needed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from target_creovai.model.conversation import Assembly
    from target_creovai.model.rows import Row
    from target_creovai.model.settings import AssemblySettings

DRAFT = "5"  # EmailMessage.Status: a digit string (Salesforce object reference)
AUTOMATIC = frozenset({Role.BOT, Role.SYSTEM})

# `Comments` is a helper that inserts a CaseComment: its text is one already.
MESSAGE_TEXT = frozenset({"Description", "Comments"})


def assemble_case(
    key: str, rows: Mapping[str, Sequence[Row]], settings: AssemblySettings, now: datetime
) -> Assembly:
    """Make a case of its Case row, of those merged into it, and whatever children are there.

    Raises:
        RowError: A row has no date.
    """
    cases = {case["Id"]: case for case in rows.get("Case", ())}
    case = cases.get(key)
    if case is None:
        return Waiting(Reason(Code.NO_MAIN_ROW, ("Case",)), for_main_row=True)
    if isinstance(case, DroppedRow):
        return NEEDS_ROWS
    every_row = [row for stream in rows.values() for row in stream]
    if verdict := _not_to_go(key, case, settings) or settling(every_row, settings, now):
        return verdict
    if any(isinstance(row, DroppedRow) for row in every_row):
        return NEEDS_ROWS
    return without_needed(rows, settings) or _conversation(
        [case, *_in_order(cases.values(), but=case)], rows, settings
    )


def _not_to_go(
    key: str, case: Row, settings: AssemblySettings
) -> Waiting | Skipped | Deleted | None:
    """Return the verdict that the Case row alone decides."""
    if text_of(case, "MasterRecordId") not in {None, key}:
        return Skipped(Reason(Code.MERGED))
    if is_deleted(case):
        return Deleted()
    if settings.case_delivery == "closed":
        unknown = without_needed({"Case": [case]}, settings, only={"Case.IsClosed"})
        return unknown or (None if _is_closed(case) else Waiting(Reason(Code.CASE_OPEN)))
    return None


def _in_order(rows: Iterable[Row], but: Row | None = None) -> list[Row]:
    """Return rows in an order that does not depend on how they arrived."""
    return sorted(
        (row for row in rows if row is not but),
        key=lambda row: (str(row.get("CreatedDate")), str(row.get("Id"))),
    )


def _is_closed(case: Row) -> bool:
    if isinstance(closed := case.get("IsClosed"), bool):
        return closed
    return time_of(case, "ClosedDate") is not None


def _conversation(
    cases: Sequence[Row], rows: Mapping[str, Sequence[Row]], settings: AssemblySettings
) -> Conversation | Skipped:
    case = cases[0]
    findings: Counter[Finding] = Counter()
    everything = sorted(_all_messages(cases, rows, settings), key=lambda item: item.order)
    once = _each_once(everything, findings)
    own = _own_words(once, settings, findings)
    wanted = [item for item in own if why_left_out(item.sender.role, settings) is None]
    kept = _to_send(own, wanted, findings)
    messages = tuple(item.message(keep_whole=settings.keep_removed) for item in kept)
    if not messages:
        return Skipped(Reason(Code.NO_MESSAGE), +findings, proven=False)
    participants, messages = participants_of(messages)
    messages = tuple(in_turns(messages))
    first, last = messages[0].at, messages[-1].at
    closed = time_of(case, "ClosedDate")
    return Conversation(
        interface=Interface.CASE,
        session_id=settings.session_id_prefix + case["Id"],
        # The mail that opened a case is a little older than the case: the window takes it in.
        start=min(time_of(case, "CreatedDate") or first, first),
        end=max(closed, last) if closed else last,
        participants=participants,
        messages=messages,
        metadata=metadata_of(case, settings.metadata_exclude | MESSAGE_TEXT),
        modified=latest_change([case]) or last,
        master_id=_master_id(case, settings),
        findings=+findings,  # without those that are zero
        # Its rows come from several streams.
        proven=False,
        left_out=left_out_of_case([everything, once, own, wanted, kept], rows, settings),
    )


def _master_id(case: Row, settings: AssemblySettings) -> str | None:
    """Return what Creovai takes a follow-up case together with: the case that it follows.

    Cases also have parents of other kinds, such as the one incident of many customers. Where the
    row has the parent's ClosedDate, a case that was opened before is no follow-up of it.
    """
    parent = text_of(case, "ParentId")
    if parent is None or parent == case["Id"]:
        return None
    master = parent_of(case, "Parent")
    if "ClosedDate" in master:
        closed, created = time_of(master, "ClosedDate"), time_of(case, "CreatedDate")
        if closed is None or (created is not None and created < closed):
            return None
    return settings.session_id_prefix + parent


# The messages of the rows


def _all_messages(
    cases: Sequence[Row], rows: Mapping[str, Sequence[Row]], settings: AssemblySettings
) -> Iterator[CaseMessage]:
    mails = sorted(
        (mail for mail in rows.get("EmailMessage", ()) if _is_message(mail)),
        key=lambda mail: (_mail_time(mail), str(mail.get("Id"))),
    )
    comments = _in_order(rows.get("CaseComment", ()))
    authors = CaseAuthors(cases, mails, comments, settings.agent_id)
    mailed = [_mail(mail, authors, strip=settings.strip_quoted_replies) for mail in mails]
    yield from _descriptions(cases, mailed, authors)
    yield from mailed
    for comment in comments:
        if is_sent_comment(comment, settings) and has_text(comment):
            yield _comment(comment, authors)


def _descriptions(
    cases: Sequence[Row], mailed: Sequence[CaseMessage], authors: CaseAuthors
) -> Iterator[CaseMessage]:
    """Yield the descriptions of cases, except copies of the mails that opened them.

    Email-to-Case copies that mail. Which one opened a case that was merged cannot be told
    once Salesforce has moved it: then any of them may be.
    """
    received = [mail.text for mail in mailed if mail.row.get("Incoming") is True]
    openers = received if len(cases) > 1 else received[:1]
    for case in cases:
        text = text_of(case, "Description")
        if text and not any(repeats(text, opener) for opener in openers):
            channel = text_of(case, "Origin") or "Case"
            sender = authors.of_description(case)
            yield CaseMessage(_created(case), Rank.DESCRIPTION, case, sender, channel, text.strip())


def _mail(mail: Row, authors: CaseAuthors, *, strip: bool) -> CaseMessage:
    bodies = text_of(mail, "TextBody"), text_of(mail, "HtmlBody")
    page = Page.of(*bodies) if strip else None
    text = page.text if page else full_text(*bodies)
    if not may_stand_alone(text):
        text = instead_of_words(mail, text)
        page = None
    return CaseMessage(
        _mail_time(mail), Rank.MAIL, mail, authors.of_mail(mail), "Email", text, page=page
    )


def _comment(comment: Row, authors: CaseAuthors) -> CaseMessage:
    text, sender = comment["CommentBody"].strip(), authors.of_comment(comment)
    return CaseMessage(_created(comment), Rank.COMMENT, comment, sender, "Case Comment", text)


def _is_message(mail: Row) -> bool:
    has_words = any(text_of(mail, field) for field in ("TextBody", "HtmlBody", "Subject"))
    return (
        (has_words or bool(mail.get("HasAttachment")))
        and not is_deleted(mail)
        and str(mail.get("Status")) != DRAFT
    )


def _mail_time(mail: Row) -> datetime:
    return time_of(mail, "MessageDate") or _created(mail)


def _created(row: Row) -> datetime:
    created = time_of(row, "CreatedDate")
    if created is None:
        msg = f"the row {row.get('Id')} has no CreatedDate: select that field in the tap"
        raise RowError(msg)
    return created


# What of each is sent


def _each_once(messages: Sequence[CaseMessage], findings: Counter[Finding]) -> list[CaseMessage]:
    kept = without_second_copies(messages)
    if len(kept) < len(messages):
        findings[Finding.REPEATED] += len(messages) - len(kept)
    return kept


def _own_words(
    messages: Iterable[CaseMessage], settings: AssemblySettings, findings: Counter[Finding]
) -> list[CaseMessage]:
    """Return the same in order, each with what its author wrote there and then."""
    found: list[CaseMessage] = []
    thread = Thread()
    for item in messages:
        own, side = item.text, item.sender.role.value
        signature: tuple[str, ...] = ()
        if item.page:
            subject = text_of(item.row, "Subject") or ""
            mail = thread.read(
                item.page,
                subject=subject,
                strip_signatures=settings.strip_signatures,
                side=side,
            )
            own, signature = mail.text, mail.signature
            if mail.only_quotes:
                own = with_subject(subject, "") or own
            elif not may_stand_alone(own):
                own = with_subject(subject, own) or own
            findings.update({Finding.STRIPPED: mail.removed, Finding.KEPT_WHOLE: mail.kept_whole})
        elif settings.strip_quoted_replies:
            thread.add(item.text, side)
        found.append(replace(item, own=own, signature=signature))
    return found


def _to_send(
    own: Sequence[CaseMessage], wanted: Sequence[CaseMessage], findings: Counter[Finding]
) -> Sequence[CaseMessage]:
    # Against what is sent: a comment may be all that is left of a mail that is not.
    kept = without_copies_of_mails(wanted)
    automatic = sum(item.sender.role in AUTOMATIC for item in own)
    findings.update(
        {
            Finding.AUTOMATIC: automatic - sum(item.sender.role in AUTOMATIC for item in wanted),
            Finding.REPEATED: len(wanted) - len(kept),
        }
    )
    return kept
