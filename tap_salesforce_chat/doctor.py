"""`doctor`: would a sync work, what would it cost, and what has to be clicked so that it does.

Every check asks Salesforce little, judges the answer in a function of its own, and ends as one
`Finding`. A check that Salesforce refuses is a finding too: the errors of the tap say what to do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from singer_sdk.exceptions import FatalAPIError, RetriableAPIError

from tap_salesforce_chat.case_feed import has_case_feed
from tap_salesforce_chat.describe import Describer, discover
from tap_salesforce_chat.errors import (
    LoginError,
    SessionExpiredError,
    UnreadableObjectError,
    unreadable_object,
)
from tap_salesforce_chat.messaging.interfaces import budget_for
from tap_salesforce_chat.messaging.sessions import SESSIONS, Sessions
from tap_salesforce_chat.reading.pagination import Asker
from tap_salesforce_chat.soql import CURSOR, KEY, Query
from tap_salesforce_chat.streams import STREAMS
from tap_salesforce_chat.timestamps import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tap_salesforce_chat.client import SalesforceStream
    from tap_salesforce_chat.connection import Connection


class Status(StrEnum):
    """What a finding means for a sync: it works, it works but look, it does not."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of a check, and what to do about it."""

    check: str
    status: Status
    found: str
    advice: str = ""


# Without these fields a row makes no conversation, or the wrong one.
NEEDED: dict[str, tuple[str, ...]] = {
    "Case": (
        *("CaseNumber", "Subject", "Description", "Status", "Origin", "IsClosed", "ClosedDate"),
        *("ContactId", "OwnerId", "CreatedById", "CreatedDate"),
    ),
    "CaseComment": ("ParentId", "CommentBody", "IsPublished", "CreatedById", "CreatedDate"),
    "EmailMessage": (
        *("ParentId", "Incoming", "Status", "Subject", "TextBody", "HtmlBody", "FromName"),
        *("FromAddress", "MessageDate", "CreatedById", "CreatedDate"),
    ),
    "LiveChatTranscript": (
        *("Body", "Status", "StartTime", "EndTime", "CaseId", "ContactId", "OwnerId"),
        *("LiveChatVisitorId", "CreatedDate"),
    ),
    "MessagingSession": (
        *("Status", "StartTime", "EndTime", "ConversationId", "MessagingEndUserId"),
        *("EndUserContactId", "CaseId", "OwnerId", "CreatedDate"),
    ),
}

_PERMISSION_SET = "Setup > Permission Sets > the integration user's"
_RECENT = timedelta(days=30)
_LONG_BACKFILL = 24  # hours
ENTRIES, FEED = "ConversationEntry rows", "case feed"


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined: an org by its connection, and what a sync would ask of it."""

    connection: Connection
    config: Mapping[str, Any]
    flow: str
    since: datetime | None

    def count(self, query: Query, *, deleted: bool = False) -> int:
        """Return how many rows a query would give."""
        resource = "queryAll" if deleted else "query"
        subject = f"Count of {query.sobject}"
        page_size = self.config["page_size"]
        asker = Asker(self.connection, resource, page_size=page_size, subject=subject)
        return asker.count(query.count())


def examine(patient: Patient) -> Iterator[Finding]:
    """Yield the findings, the login first; without one there is nothing more to find."""
    login = _login(patient)
    yield from login
    if login[-1].status is Status.FAILED:
        return
    streams = [stream for stream in STREAMS if stream.sobject in NEEDED]
    describe = Describer(patient.connection)
    for stream in streams:
        yield _checked(stream.sobject, partial(_object, stream, describe))
    yield _checked("View All Data", partial(_view_all_data, patient))
    calls: list[int] = []
    for stream in streams:
        name = f"{stream.sobject} rows"
        yield _checked(name, partial(_rows, patient, stream, name, calls))
    yield _checked(ENTRIES, partial(_entries, patient))
    yield _checked("daily API requests", partial(_quota, patient, calls))
    yield _checked("new chats", partial(_new_chats, patient))
    yield _checked(FEED, partial(_case_feed, patient))


def would_work(findings: Iterable[Finding]) -> bool:
    """Tell whether a sync would work."""
    return all(finding.status is not Status.FAILED for finding in findings)


def _checked(check: str, ask: Callable[[], Finding]) -> Finding:
    try:
        return ask()
    except (FatalAPIError, RetriableAPIError) as exc:
        return Finding(check, Status.FAILED, str(exc))


def _login(patient: Patient) -> list[Finding]:
    connection, version = patient.connection, patient.config["api_version"]
    check = f"API version {version}"
    try:
        connection.get("", subject=check)
    except (FatalAPIError, RetriableAPIError) as exc:
        if connection.instance_url is None or isinstance(exc, LoginError | SessionExpiredError):
            return [Finding("login", Status.FAILED, str(exc))]
        outcome = Finding(check, Status.FAILED, str(exc))
    else:
        outcome = Finding(check, Status.OK, "the org has it")
    return [Finding("login", Status.OK, f"{patient.flow} at {connection.instance_url}"), outcome]


def _object(stream: type[SalesforceStream], describe: Describer) -> Finding:
    document = describe(stream.sobject)
    if document is None and stream.optional:
        return _not_there(stream.sobject, stream.sobject)
    if document is None:
        return Finding(stream.sobject, Status.FAILED, str(unreadable_object(stream.sobject)))
    visible = {field["name"] for field in document["fields"]}
    lacking = [name for name in (KEY, CURSOR, *NEEDED[stream.sobject]) if name not in visible]
    return judge_fields(
        stream.sobject, lacking, discover(document, stream.parents, describe).missing
    )


def _not_there(check: str, sobject: str) -> Finding:
    found = f"the org shows no {sobject}: right, where nobody uses enhanced chat"
    return Finding(check, Status.OK, found)


def judge_fields(sobject: str, lacking: list[str], parents: tuple[str, ...]) -> Finding:
    """Judge an object by the needed fields that it lacks, and by what its parents lack."""
    if lacking:
        advice = f"{_PERMISSION_SET} > Object Settings > {sobject}: Read Access to these fields."
        return Finding(sobject, Status.FAILED, f"hidden: {', '.join(lacking)}", advice)
    if parents:
        advice = f"{_PERMISSION_SET} > Object Settings: {'; '.join(parents)}."
        return Finding(sobject, Status.WARNING, "readable, its parents in part", advice)
    return Finding(sobject, Status.OK, "readable, with all fields that conversations need")


def _view_all_data(patient: Patient) -> Finding:
    subject = "Permissions of the user"
    asker = Asker(patient.connection, "query", page_size=2000, subject=subject)
    try:
        (page,) = asker.pages("SELECT PermissionsViewAllData FROM UserPermissionAccess")
    except FatalAPIError:
        return judge_view_all_data(granted=None)
    return judge_view_all_data(granted=bool(page.rows and page.rows[0]["PermissionsViewAllData"]))


def judge_view_all_data(*, granted: bool | None) -> Finding:
    """Judge what the user may see; None where Salesforce does not tell."""
    check = "View All Data"
    if granted:
        return Finding(check, Status.OK, "granted: no row is hidden by sharing")
    found = "not granted" if granted is False else "cannot be told"
    advice = (
        f"{_PERMISSION_SET} > System Permissions: View All Data, unless sharing shows the user "
        "every record: Salesforce leaves out what it may not see without a word."
    )
    return Finding(check, Status.WARNING, found, advice)


def _rows(
    patient: Patient, stream: type[SalesforceStream], check: str, calls: list[int]
) -> Finding:
    config, sobject = patient.config, stream.sobject
    end_date = config.get("end_date")
    waiting = Query(
        sobject,
        (KEY,),
        since=patient.since,
        until=parse_instant(end_date) if end_date else None,
        condition=(config.get("filters") or {}).get(sobject),
        more=tuple(stream.scope(config).values()),
    )
    try:
        count = patient.count(waiting, deleted=config["include_deleted"])
    except UnreadableObjectError:
        if stream.optional:
            return _not_there(check, sobject)
        raise
    visible = count or patient.count(Query(sobject, (KEY,)))
    since = f"since {format_instant(patient.since)}" if patient.since else "in all"
    calls.append(max(1, -(-count // config["page_size"])))
    return judge_rows(check, count, visible, since, calls[-1])


def judge_rows(check: str, waiting: int, visible: int, since: str, calls: int) -> Finding:
    """Judge how many rows a sync would read, and say what that costs."""
    if not visible:
        advice = (
            "If the org has any, sharing hides them from the integration user; look at the check "
            "'View All Data'."
        )
        return Finding(check, Status.WARNING, "not one is visible", advice)
    found = f"{waiting} to read {since}, which takes {calls} API requests or more"
    return Finding(check, Status.OK, found)


def _entries(patient: Patient) -> Finding:
    clock = patient.connection.clock or datetime.now(UTC)
    wish = (patient.config.get("filters") or {}).get(SESSIONS)
    try:
        ended = patient.count(replace(Sessions.ended(None, wish), since=patient.since))
    except UnreadableObjectError:
        return _not_there(ENTRIES, SESSIONS)
    hours = budget_for(patient.config, {}).hours_for(ended, clock)
    return judge_entries(ended, hours, patient.config["messaging_api"])


def judge_entries(sessions: int, hours: int, interface: str) -> Finding:
    """Say how long it takes to read what was said in sessions, whose calls are few."""
    found = f"{sessions} ended sessions to read by {interface}, which takes about {hours} h"
    if hours <= _LONG_BACKFILL:
        return Finding(ENTRIES, Status.OK, found)
    advice = (
        "The limits messaging_calls_per_hour, messaging_max_active and messaging_pause protect the "
        "org's chats; runs go on where the last one stopped. A later start_date is less to read."
    )
    return Finding(ENTRIES, Status.WARNING, found, advice)


def _quota(patient: Patient, calls: list[int]) -> Finding:
    used, limit = patient.connection.usage
    own = patient.config.get("quota_percent_per_run")
    return judge_quota(used, limit, patient.config["quota_percent_total"], sum(calls), own)


def judge_quota(used: int, limit: int, percent: int, calls: int, own: int | None = None) -> Finding:
    """Judge the use of the org's daily requests, which all of its clients share.

    Args:
        used: Requests of the last 24 hours.
        limit: How many the org has, 0 if it does not tell.
        percent: How many a sync leaves to all clients together.
        calls: How many a sync takes at least.
        own: How many percent a run may take for itself, None: any.
    """
    check = "daily API requests"
    if not limit:
        return Finding(check, Status.OK, f"a sync takes {calls} or more; the limit is not told")
    found = f"{used} of {limit} used in the last 24 hours, and a sync takes {calls} or more"
    stops = f"A sync stops at {percent} % (quota_percent_total), with state kept: "
    if used * 100 > percent * limit:
        advice = f"{stops}wait, or raise the setting; Setup > Company Information shows the limit."
        return Finding(check, Status.FAILED, found, advice)
    if (used + calls) * 100 > percent * limit:
        advice = f"{stops}expect several days, or raise the setting, or set a later start_date."
        return Finding(check, Status.WARNING, found, advice)
    if own and calls * 100 > own * limit:
        advice = f"A run stops at {own} % of them (quota_percent_per_run), with state kept: "
        advice += "expect several runs, or raise the setting, or set a later start_date."
        return Finding(check, Status.WARNING, found, advice)
    return Finding(check, Status.OK, found)


def _case_feed(patient: Patient) -> Finding:
    return judge_case_feed(found=has_case_feed(patient.connection))


def judge_case_feed(*, found: bool | None) -> Finding:
    """Judge whether customers' words may stand where the tap does not look; None: not shown."""
    if found is None:
        return Finding(FEED, Status.OK, "not shown: no Chatter, or no View All Data")
    if not found:
        return Finding(FEED, Status.OK, "no posts or comments on cases")
    advice = (
        "Posts and comments in the feed of a case (FeedItem, FeedComment), as Experience Cloud "
        "sites let customers write them, are not read: the conversations of such cases lack them."
    )
    return Finding(FEED, Status.WARNING, "cases have posts or comments in their feed", advice)


def _new_chats(patient: Patient) -> Finding:
    if patient.connection.clock is None:
        return Finding("new chats", Status.WARNING, "Salesforce does not say what time it is")
    begin = format_instant(patient.connection.clock - _RECENT)
    recent = f"CreatedDate >= {begin}"
    try:
        sessions = patient.count(Query("MessagingSession", (KEY,), condition=recent))
    except UnreadableObjectError:
        return Finding("new chats", Status.OK, "the org shows no MessagingSession")
    chats = patient.count(Query("LiveChatTranscript", (KEY,), condition=recent))
    return judge_new_chats(chats, sessions)


def judge_new_chats(chats: int, sessions: int) -> Finding:
    """Judge whether conversations take place where the tap does not look."""
    check = "new chats"
    found = f"{chats} LiveChatTranscript and {sessions} MessagingSession rows in the last 30 days"
    if sessions and not chats:
        advice = (
            "New chats of this org are messaging sessions (legacy Chat was retired on 14 February "
            "2026, and LiveChatTranscript is its history): keep the streams MessagingSession and "
            "ConversationEntry selected; messaging_api says by which interface their text is read."
        )
        return Finding(check, Status.WARNING, found, advice)
    return Finding(check, Status.OK, found)
