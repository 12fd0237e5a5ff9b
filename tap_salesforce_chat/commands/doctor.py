"""`doctor`: would a sync work, what would it cost, and what has to be clicked so that it does.

Every check asks Salesforce little, judges the answer in a function of its own, and ends as one
`Finding`. A check that Salesforce refuses is a finding too: the errors of the tap say what to do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from singer_sdk.exceptions import FatalAPIError, RetriableAPIError

from tap_salesforce_chat.commands.case_feed import has_case_feed
from tap_salesforce_chat.commands.findings import (
    ENTRIES,
    FEED,
    NEEDED,
    Allowed,
    Finding,
    Status,
    judge_case_feed,
    judge_entries,
    judge_fields,
    judge_new_chats,
    judge_quota,
    judge_rows,
    judge_view_all_data,
    not_there,
)
from tap_salesforce_chat.commands.proxies import Proxy
from tap_salesforce_chat.commands.reached import reached
from tap_salesforce_chat.commands.sync_cost import Knowledge, requests_of_a_sync
from tap_salesforce_chat.discovery.describe import discover
from tap_salesforce_chat.discovery.describe_cache import DescribeClient
from tap_salesforce_chat.errors import (
    LoginError,
    SessionExpiredError,
    UnreadableObjectError,
    unreadable_object,
)
from tap_salesforce_chat.login.hosts import login_url
from tap_salesforce_chat.messaging.interfaces import rate_limits_for
from tap_salesforce_chat.messaging.sessions import SESSIONS, Sessions
from tap_salesforce_chat.reading.query_client import QueryClient
from tap_salesforce_chat.settings.opt_in import disabled_streams
from tap_salesforce_chat.soql import CURSOR, KEY, Query
from tap_salesforce_chat.streams.declarations import QUERY_STREAMS, STREAMS
from tap_salesforce_chat.timestamps import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tap_salesforce_chat.discovery.describe_cache import DescribeCache
    from tap_salesforce_chat.http.client import SalesforceClient
    from tap_salesforce_chat.streams.query_stream import QueryStream


_RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Patient:
    """What is examined: an org by its client, and what a sync would ask of it."""

    client: SalesforceClient
    config: Mapping[str, Any]
    flow: str
    since: datetime | None
    cache: Callable[[], DescribeCache]  # known after the login

    def count(self, query: Query, *, deleted: bool = False) -> int:
        """Return how many rows a query would give."""
        resource = "queryAll" if deleted else "query"
        subject = f"Count of {query.sobject}"
        page_size = self.config["page_size"]
        query_client = QueryClient(self.client, resource, page_size=page_size, subject=subject)
        return query_client.count(query.count())


def examine(patient: Patient) -> Iterator[Finding]:
    """Yield the findings, the login first; without one there is nothing more to find."""
    way = _way(login_url(patient.config))
    yield from way
    login = [] if any(finding.status is Status.FAILED for finding in way) else _login(patient)
    yield from login
    if not login or login[-1].status is Status.FAILED:
        return
    yield _checked("org", partial(_org, patient.client))
    streams = [stream for stream in QUERY_STREAMS if stream.sobject in NEEDED]
    describe = DescribeClient(patient.client)
    for stream in streams:
        yield _checked(stream.sobject, partial(_object, stream, describe))
    yield _checked("View All Data", partial(_view_all_data, patient))
    pages: list[int] = []
    for stream in streams:
        name = f"{stream.sobject} rows"
        yield _checked(name, partial(_rows, patient, stream, name, pages))
    yield _checked(ENTRIES, partial(_entries, patient))
    yield _checked("daily API requests", partial(_quota, patient, describe, sum(pages)))
    yield _checked("new chats", partial(_new_chats, patient))
    yield _checked(FEED, partial(_case_feed, patient))


def _checked(check: str, ask: Callable[[], Finding]) -> Finding:
    try:
        return ask()
    except (FatalAPIError, RetriableAPIError) as exc:
        return Finding(check, Status.FAILED, str(exc))


def _way(url: str) -> list[Finding]:
    """Return what is found of the proxy, none if there is none."""
    check = "proxy"
    host = urlsplit(url).hostname
    advice = f"Correct the variable, or have NO_PROXY name {host} if the way there is straight."
    try:
        proxy = Proxy.for_url(url)
    except ValueError as exc:
        return [Finding(check, Status.FAILED, str(exc), advice)]
    if proxy is None:
        return []
    named = f"{proxy.variable} names {proxy.host}:{proxy.port}"
    if proxy.answers:
        return [Finding(check, Status.OK, named)]
    return [Finding(check, Status.FAILED, f"{named}, where nobody answers", advice)]


def _org(client: SalesforceClient) -> Finding:
    return Finding("org", Status.OK, str(reached(client)))


def _login(patient: Patient) -> list[Finding]:
    client, version = patient.client, patient.config["api_version"]
    check = f"API version {version}"
    try:
        client.get("", subject=check)
    except (FatalAPIError, RetriableAPIError) as exc:
        if client.instance_url is None or isinstance(exc, LoginError | SessionExpiredError):
            return [Finding("login", Status.FAILED, str(exc))]
        outcome = Finding(check, Status.FAILED, str(exc))
    else:
        outcome = Finding(check, Status.OK, "the org has it")
    plain = ", not encrypted" if str(client.instance_url).startswith("http:") else ""
    found = f"{patient.flow} at {client.instance_url}{plain}"
    return [Finding("login", Status.OK, found), outcome]


def _object(stream: type[QueryStream], describe: DescribeClient) -> Finding:
    document = describe(stream.sobject)
    if document is None and stream.optional:
        return not_there(stream.sobject, stream.sobject)
    if document is None:
        return Finding(stream.sobject, Status.FAILED, str(unreadable_object(stream.sobject)))
    visible = {field["name"] for field in document["fields"]}
    lacking = [name for name in (KEY, CURSOR, *NEEDED[stream.sobject]) if name not in visible]
    return judge_fields(
        stream.sobject, lacking, discover(document, stream.parents, describe).missing
    )


def _view_all_data(patient: Patient) -> Finding:
    subject = "Permissions of the user"
    query_client = QueryClient(patient.client, "query", page_size=2000, subject=subject)
    try:
        (page,) = query_client.pages("SELECT PermissionsViewAllData FROM UserPermissionAccess")
    except FatalAPIError:
        return judge_view_all_data(granted=None)
    return judge_view_all_data(granted=bool(page.rows and page.rows[0]["PermissionsViewAllData"]))


def _rows(patient: Patient, stream: type[QueryStream], check: str, pages: list[int]) -> Finding:
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
            return not_there(check, sobject)
        raise
    visible = count or patient.count(Query(sobject, (KEY,)))
    since = f"since {format_instant(patient.since)}" if patient.since else "in all"
    needed = max(1, -(-count // config["page_size"]))
    pages.append(needed - 1)
    return judge_rows(check, count, visible, since, needed)


def _entries(patient: Patient) -> Finding:
    clock = patient.client.clock or datetime.now(UTC)
    wish = (patient.config.get("filters") or {}).get(SESSIONS)
    try:
        ended = patient.count(replace(Sessions.ended(None, wish), since=patient.since))
    except UnreadableObjectError:
        return not_there(ENTRIES, SESSIONS)
    hours = rate_limits_for(patient.config, {}).hours_for(ended, clock)
    return judge_entries(ended, hours, patient.config["messaging_api"])


def _quota(patient: Patient, describe: DescribeClient, pages: int) -> Finding:
    config = patient.config
    quota = patient.client.quota
    unasked = disabled_streams(config)
    streams = [
        stream
        for stream in STREAMS
        if stream.sobject not in unasked and (stream.discovered(describe) or not stream.optional)
    ]
    known = Knowledge(
        organization=patient.client.session.organization_id is not None,
        objects=describe.document_count,
        kept=describe.save(patient.cache()),
    )
    hourly = requests_of_a_sync(streams, config, known)
    own = config.get("quota_percent_per_run")
    allowed = Allowed(quota.used, quota.limit, config["quota_percent_total"], own)
    return judge_quota(allowed, hourly, hourly + pages, kept=known.kept)


def _case_feed(patient: Patient) -> Finding:
    return judge_case_feed(found=has_case_feed(patient.client))


def _new_chats(patient: Patient) -> Finding:
    if patient.client.clock is None:
        return Finding("new chats", Status.WARNING, "Salesforce does not say what time it is")
    begin = format_instant(patient.client.clock - _RECENT)
    recent = f"CreatedDate >= {begin}"
    try:
        sessions = patient.count(Query("MessagingSession", (KEY,), condition=recent))
    except UnreadableObjectError:
        return Finding("new chats", Status.OK, "the org shows no MessagingSession")
    chats = patient.count(Query("LiveChatTranscript", (KEY,), condition=recent))
    return judge_new_chats(chats, sessions)
