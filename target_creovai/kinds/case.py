"""A case: the Case row with its mails and comments, whenever they arrived."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from target_creovai.errors import RowError
from target_creovai.kinds.customers import Customers
from target_creovai.kinds.people import CUSTOMER_USER_TYPES, agent_from, cast_of, named_person
from target_creovai.model import Conversation, Message, Participant, Role, Skipped, Waiting
from target_creovai.parsers.mail import full_text, read_mail, repeats
from target_creovai.rows import (
    is_deleted,
    latest_change,
    metadata_of,
    parent_of,
    text_of,
    time_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from target_creovai.model import Assembly, Row, Rules

DRAFT = "5"  # EmailMessage.Status: a digit string (Salesforce object reference)
CUSTOMER_ORIGINS = frozenset({"web", "email"})
ATTACHMENT_ONLY = "[attachment]"  # stands for a mail without a word of its own

# `Comments` is a helper that inserts a CaseComment: its text is one already.
MESSAGE_TEXT = frozenset({"Description", "Comments"})


def assemble_case(rows: Mapping[str, Sequence[Row]], rules: Rules, now: datetime) -> Assembly:
    """Make a case of its Case row and whatever children are there.

    Raises:
        RowError: A row has no date.
    """
    if not rows.get("Case"):
        return Waiting("its Case row has not arrived")
    (case,) = rows["Case"]
    if is_deleted(case):
        return Skipped("deleted in Salesforce")
    if rules.case_delivery == "closed" and not _is_closed(case):
        return Waiting("the case is open")
    changed = latest_change(row for stream in rows.values() for row in stream)
    if (
        rules.settle_minutes
        and changed
        and now < (settled := changed + timedelta(minutes=rules.settle_minutes))
    ):
        return Waiting("changed less than settle_minutes ago", until=settled)
    return _conversation(case, rows, rules)


def _is_closed(case: Row) -> bool:
    if isinstance(closed := case.get("IsClosed"), bool):
        return closed
    return time_of(case, "ClosedDate") is not None


def _conversation(
    case: Row, rows: Mapping[str, Sequence[Row]], rules: Rules
) -> Conversation | Skipped:
    said = sorted(_everything_said(case, rows, rules), key=lambda item: item.order)
    messages, removed = _messages(said, rules)
    if not messages:
        return Skipped("no message")
    participants, messages = cast_of(messages)
    first, last = messages[0].at, messages[-1].at
    closed = time_of(case, "ClosedDate")
    return Conversation(
        kind="case",
        session_id=rules.session_id_prefix + case["Id"],
        # The mail that opened a case is a little older than the case: the window takes it in.
        start=min(time_of(case, "CreatedDate") or first, first),
        end=max(closed, last) if closed else last,
        participants=participants,
        messages=messages,
        metadata=metadata_of(case, rules.metadata_exclude | MESSAGE_TEXT),
        modified=latest_change([case]) or last,
        removed_characters=removed,
    )


@dataclass(frozen=True, slots=True)
class _Said:
    """A row that says something; `mail` is kept where history may be quoted."""

    at: datetime
    rank: int
    row: Row
    sender: Participant
    channel: str
    text: str
    mail: bool = False

    @property
    def order(self) -> tuple[datetime, int, str, str]:
        """Time first; a tie is settled the same way whatever order the rows came in."""
        return self.at, self.rank, str(self.row.get("CreatedDate")), str(self.row.get("Id"))


def _everything_said(case: Row, rows: Mapping[str, Sequence[Row]], rules: Rules) -> Iterator[_Said]:
    mails = sorted(
        (mail for mail in rows.get("EmailMessage", ()) if _counts(mail)),
        key=lambda mail: (_mail_time(mail), str(mail.get("Id"))),
    )
    customers = Customers.of(case, mails)
    yield from _description(case, mails, customers, rules)
    for mail in mails:
        yield _mail(mail, customers, rules)
    for comment in rows.get("CaseComment", ()):
        published = comment.get("IsPublished") is True or rules.include_internal_comments
        if published and not is_deleted(comment) and text_of(comment, "CommentBody"):
            yield _comment(comment, customers, rules)


def _messages(said: Sequence[_Said], rules: Rules) -> tuple[tuple[Message, ...], int]:
    """Return what each person wrote, and how many characters of history were left out."""
    messages: list[Message] = []
    earlier: list[str] = []
    removed = 0
    for item in said:
        text = item.text
        if item.mail and rules.strip_quoted_replies:
            own = read_mail(
                text_of(item.row, "TextBody"),
                text_of(item.row, "HtmlBody"),
                strip_quoted=True,
                earlier=earlier,
            )
            text, removed = own.text, removed + own.removed
        earlier.append(item.text)
        if not rules.leaves_out(item.sender.role):
            messages.append(Message(item.at, item.sender, text, item.channel))
    return tuple(messages), removed


def _description(
    case: Row, mails: Sequence[Row], customers: Customers, rules: Rules
) -> Iterator[_Said]:
    text = text_of(case, "Description")
    if text is None or _is_copy_of_first_mail(text, mails):
        return
    origin = text_of(case, "Origin") or "Case"
    author = None
    if not _comes_from_customer(case, origin):
        author = agent_from(case, "CreatedBy", rules.agent_id)
    sender = author or customers.primary
    yield _Said(_created(case), 0, case, sender, channel=origin, text=text.strip())


def _comes_from_customer(case: Row, origin: str) -> bool:
    return "".join(filter(str.isalpha, origin)).casefold() in CUSTOMER_ORIGINS or _by_customer(case)


def _is_copy_of_first_mail(description: str, mails: Sequence[Row]) -> bool:
    """Email-to-Case copies subject and body of the mail that opens a case."""
    first = next((mail for mail in mails if mail.get("Incoming") is True), None)
    return first is not None and repeats(description, _full_text(first))


def _mail(mail: Row, customers: Customers, rules: Rules) -> _Said:
    text = _full_text(mail)
    return _Said(
        _mail_time(mail),
        1,
        mail,
        _mail_sender(mail, customers, rules),
        channel="Email",
        text=text or ATTACHMENT_ONLY,
        mail=bool(text),
    )


def _full_text(mail: Row) -> str:
    return full_text(text_of(mail, "TextBody"), text_of(mail, "HtmlBody"))


def _mail_sender(mail: Row, customers: Customers, rules: Rules) -> Participant:
    address, name = text_of(mail, "FromAddress"), text_of(mail, "FromName")
    if mail.get("Incoming") is True:
        return customers.find(address, name)
    if mail.get("AutomationType") == "AiAutomated":
        return Participant(address or "AiAutomated", Role.BOT)
    # A shared mailbox is many agents' address: the author is who made the row.
    author = agent_from(mail, "CreatedBy", rules.agent_id)
    return author or named_person(address or name or "Agent", Role.AGENT, name)


def _comment(comment: Row, customers: Customers, rules: Rules) -> _Said:
    author = None
    if not _by_customer(comment):
        author = agent_from(comment, "CreatedBy", rules.agent_id)
    user = parent_of(comment, "CreatedBy")
    sender = author or customers.find(text_of(user, "Email"), text_of(user, "Name"))
    return _Said(
        _created(comment),
        2,
        comment,
        sender,
        channel="Case Comment",
        text=comment["CommentBody"].strip(),
    )


def _by_customer(row: Row) -> bool:
    return parent_of(row, "CreatedBy").get("UserType") in CUSTOMER_USER_TYPES


def _counts(mail: Row) -> bool:
    said = text_of(mail, "TextBody") or text_of(mail, "HtmlBody") or mail.get("HasAttachment")
    return bool(said) and not is_deleted(mail) and str(mail.get("Status")) != DRAFT


def _mail_time(mail: Row) -> datetime:
    return time_of(mail, "MessageDate") or _created(mail)


def _created(row: Row) -> datetime:
    created = time_of(row, "CreatedDate")
    if created is None:
        msg = f"the row {row.get('Id')} has no CreatedDate: select that field in the tap"
        raise RowError(msg)
    return created
