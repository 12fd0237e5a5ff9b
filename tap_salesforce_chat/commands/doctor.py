"""`doctor`: would a sync work, what would it cost, and what to change in Setup so that it works.

Every check sends few requests, has the responses judged by a function of `findings`, and ends as
one `Finding`. A check that Salesforce refuses is a finding too: its text is the tap's error.
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
    ApiQuota,
    Finding,
    Status,
    judge_case_feed,
    judge_entries,
    judge_fields,
    judge_new_chats,
    judge_quota,
    judge_rows,
    judge_view_all_data,
    object_absent,
)
from tap_salesforce_chat.commands.identity import read_identity
from tap_salesforce_chat.commands.proxies import Proxy
from tap_salesforce_chat.commands.sync_cost import KnownMetadata, requests_of_a_sync
from tap_salesforce_chat.discovery.describe import discover
from tap_salesforce_chat.discovery.describe_cache import DescribeClient
from tap_salesforce_chat.errors import (
    LoginError,
    SessionExpiredError,
    UnreadableObjectError,
    unreadable_object,
)
from tap_salesforce_chat.login.hosts import login_url
from tap_salesforce_chat.login.selection import flow_name
from tap_salesforce_chat.messaging.interfaces import rate_limits_for
from tap_salesforce_chat.messaging.sessions import SESSIONS, Sessions
from tap_salesforce_chat.reading.query_client import QueryClient
from tap_salesforce_chat.settings.opt_in import disabled_streams
from tap_salesforce_chat.settings.reading import filter_of
from tap_salesforce_chat.soql import PRIMARY_KEY, REPLICATION_KEY, Query
from tap_salesforce_chat.streams.declarations import QUERY_STREAMS, STREAMS
from tap_salesforce_chat.timestamps import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tap_salesforce_chat.http.client import SalesforceClient
    from tap_salesforce_chat.services import Services
    from tap_salesforce_chat.streams.query_stream import QueryStream


_RECENT = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CheckContext:
    """What the checks share: the services of a run, and the start of the rows to count."""

    services: Services
    since: datetime | None

    @property
    def client(self) -> SalesforceClient:
        """The client."""
        return self.services.client

    @property
    def config(self) -> Mapping[str, Any]:
        """The settings."""
        return self.services.config

    def count(self, query: Query, *, deleted: bool = False) -> int:
        """Return how many rows a query would return."""
        resource = "queryAll" if deleted else "query"
        subject = f"Count of {query.sobject}"
        page_size = self.config["page_size"]
        query_client = QueryClient(self.client, resource, page_size=page_size, subject=subject)
        return query_client.count(query.count())


def run_checks(services: Services, since: datetime | None) -> Iterator[Finding]:
    """Yield the findings: proxy and login first, the others only if the login works.

    Args:
        services: The services of a run.
        since: Rows that changed earlier are not counted; None: all are.
    """
    context = CheckContext(services, since)
    proxy = _proxy(login_url(context.config))
    yield from proxy
    login = [] if any(finding.status is Status.FAILED for finding in proxy) else _login(context)
    yield from login
    if not login or login[-1].status is Status.FAILED:
        return
    yield _checked("org", partial(_org, context.client))
    streams = [stream for stream in QUERY_STREAMS if stream.shown]
    describe = DescribeClient(context.client)
    for stream in streams:
        yield _checked(stream.sobject, partial(_object, stream, describe))
    yield _checked("View All Data", partial(_view_all_data, context))
    pages: list[int] = []
    for stream in streams:
        name = f"{stream.sobject} rows"
        yield _checked(name, partial(_rows, context, stream, name, pages))
    yield _checked(ENTRIES, partial(_entries, context))
    yield _checked("daily API requests", partial(_quota, context, describe, sum(pages)))
    yield _checked("new chats", partial(_new_chats, context))
    yield _checked(FEED, partial(_case_feed, context))


def _checked(check: str, run_check: Callable[[], Finding]) -> Finding:
    try:
        return run_check()
    except (FatalAPIError, RetriableAPIError) as exc:
        return Finding(check, Status.FAILED, str(exc))


def _proxy(url: str) -> list[Finding]:
    """Return the finding about the proxy, an empty list if requests go through none."""
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
    if proxy.is_reachable:
        return [Finding(check, Status.OK, named)]
    return [Finding(check, Status.FAILED, f"{named}, where nobody answers", advice)]


def _org(client: SalesforceClient) -> Finding:
    return Finding("org", Status.OK, str(read_identity(client)))


def _login(context: CheckContext) -> list[Finding]:
    client, version = context.client, context.config["api_version"]
    check = f"API version {version}"
    try:
        client.get("", subject=check)
    except (FatalAPIError, RetriableAPIError) as exc:
        if client.instance_url is None or isinstance(exc, LoginError | SessionExpiredError):
            return [Finding("login", Status.FAILED, str(exc))]
        outcome = Finding(check, Status.FAILED, str(exc))
    else:
        outcome = Finding(check, Status.OK, "the org has it")
    clear = ", not encrypted" if str(client.instance_url).startswith("http:") else ""
    flow = flow_name(context.config)
    found = f"{flow} at {client.instance_url}{clear}"
    return [Finding("login", Status.OK, found), outcome]


def _object(stream: type[QueryStream], describe: DescribeClient) -> Finding:
    document = describe(stream.sobject)
    if document is None and stream.optional:
        return object_absent(stream.sobject, stream.sobject)
    if document is None:
        return Finding(stream.sobject, Status.FAILED, str(unreadable_object(stream.sobject)))
    visible = {field["name"] for field in document["fields"]}
    hidden = [
        name for name in (PRIMARY_KEY, REPLICATION_KEY, *stream.own_fields()) if name not in visible
    ]
    return judge_fields(
        stream.sobject, hidden, discover(document, stream.parents, describe).missing
    )


def _view_all_data(context: CheckContext) -> Finding:
    subject = "Permissions of the user"
    query_client = QueryClient(context.client, "query", subject=subject)
    try:
        (page,) = query_client.pages("SELECT PermissionsViewAllData FROM UserPermissionAccess")
    except FatalAPIError:
        return judge_view_all_data(granted=None)
    return judge_view_all_data(granted=bool(page.rows and page.rows[0]["PermissionsViewAllData"]))


def _rows(
    context: CheckContext, stream: type[QueryStream], check: str, pages: list[int]
) -> Finding:
    config, sobject = context.config, stream.sobject
    end_date = config.get("end_date")
    waiting = Query(
        sobject,
        (PRIMARY_KEY,),
        since=context.since,
        until=parse_instant(end_date) if end_date else None,
        condition=filter_of(config, sobject),
        more=tuple(stream.scope(config).values()),
    )
    try:
        count = context.count(waiting, deleted=config["include_deleted"])
    except UnreadableObjectError:
        if stream.optional:
            return object_absent(check, sobject)
        raise
    visible = count or context.count(Query(sobject, (PRIMARY_KEY,)))
    since = f"since {format_instant(context.since)}" if context.since else "in all"
    page_count = max(1, -(-count // config["page_size"]))
    pages.append(page_count - 1)
    return judge_rows(check, count, visible, since, page_count)


def _entries(context: CheckContext) -> Finding:
    clock = context.client.clock or datetime.now(UTC)
    condition = filter_of(context.config, SESSIONS)
    try:
        ended = context.count(replace(Sessions.ended(None, condition), since=context.since))
    except UnreadableObjectError:
        return object_absent(ENTRIES, SESSIONS)
    hours = rate_limits_for(context.config, {}).hours_for(ended, clock)
    return judge_entries(ended, hours, context.config["messaging_api"])


def _quota(context: CheckContext, describe: DescribeClient, pages: int) -> Finding:
    config = context.config
    quota = context.client.quota
    disabled = disabled_streams(config)
    streams = [
        stream
        for stream in STREAMS
        if stream.sobject not in disabled and (stream.discovered(describe) or not stream.optional)
    ]
    known = KnownMetadata(
        organization=context.client.session.organization_id is not None,
        objects=describe.document_count,
        kept=describe.save(context.services.describe_cache),
    )
    hourly = requests_of_a_sync(streams, config, known)
    per_run = config.get("quota_percent_per_run")
    api_quota = ApiQuota(quota.used, quota.limit, config["quota_percent_total"], per_run)
    return judge_quota(api_quota, hourly, hourly + pages, kept=known.kept)


def _case_feed(context: CheckContext) -> Finding:
    return judge_case_feed(found=has_case_feed(context.client))


def _new_chats(context: CheckContext) -> Finding:
    if context.client.clock is None:
        return Finding("new chats", Status.WARNING, "Salesforce does not say what time it is")
    begin = format_instant(context.client.clock - _RECENT)
    recent = f"CreatedDate >= {begin}"
    try:
        sessions = context.count(Query(SESSIONS, (PRIMARY_KEY,), condition=recent))
    except UnreadableObjectError:
        return Finding("new chats", Status.OK, f"the org shows no {SESSIONS}")
    chats = context.count(Query("LiveChatTranscript", (PRIMARY_KEY,), condition=recent))
    return judge_new_chats(chats, sessions)
