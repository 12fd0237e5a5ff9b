"""The findings of `doctor`: how each response is judged, and what to change. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_PERMISSION_SET = "Setup > Permission Sets > the integration user's"
_LONG_BACKFILL = 24  # hours
_HOURS = 24  # of a day
ENTRIES, FEED = "ConversationEntry rows", "case feed"


class Status(StrEnum):
    """What a finding means for a sync: it works, it works with a defect, it does not work."""

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


def would_work(findings: Iterable[Finding]) -> bool:
    """Return whether a sync would work."""
    return all(finding.status is not Status.FAILED for finding in findings)


def object_absent(check: str, sobject: str) -> Finding:
    """Return the finding for an object that orgs without enhanced chat do not have."""
    found = f"the org shows no {sobject}: right, where nobody uses enhanced chat"
    return Finding(check, Status.OK, found)


def judge_fields(sobject: str, hidden: list[str], parents: tuple[str, ...]) -> Finding:
    """Judge an object by the fields that the user cannot read.

    Args:
        sobject: The object.
        hidden: Its own fields that conversations need or show.
        parents: What to grant on its parents, such as `Read on object Contact`.
    """
    if hidden:
        advice = f"{_PERMISSION_SET} > Object Settings > {sobject}: Read Access to these fields."
        return Finding(sobject, Status.FAILED, f"hidden: {', '.join(hidden)}", advice)
    if parents:
        advice = f"{_PERMISSION_SET} > Object Settings: {'; '.join(parents)}."
        return Finding(sobject, Status.WARNING, "readable, its parents in part", advice)
    return Finding(sobject, Status.OK, "readable, with all fields that conversations need")


def judge_view_all_data(*, granted: bool | None) -> Finding:
    """Judge whether sharing may hide rows; `granted` is None if Salesforce does not say."""
    check = "View All Data"
    if granted:
        return Finding(check, Status.OK, "granted: no row is hidden by sharing")
    found = "not granted" if granted is False else "cannot be told"
    advice = (
        f"{_PERMISSION_SET} > System Permissions: View All Data, unless sharing shows the user "
        "every record: Salesforce leaves out what it may not see without a word."
    )
    return Finding(check, Status.WARNING, found, advice)


def judge_rows(check: str, waiting: int, visible: int, since: str, calls: int) -> Finding:
    """Judge how many rows a sync would read.

    Args:
        check: The name of the check.
        waiting: How many rows the next sync reads.
        visible: How many rows the user sees at all.
        since: From when on, in words.
        calls: How many API requests the sync takes at least.
    """
    if not visible:
        advice = (
            "If the org has any, sharing hides them from the integration user; look at the check "
            "'View All Data'."
        )
        return Finding(check, Status.WARNING, "not one is visible", advice)
    found = f"{waiting} to read {since}, which takes {calls} API requests or more"
    return Finding(check, Status.OK, found)


def judge_entries(sessions: int, hours: int, interface: str) -> Finding:
    """Judge how many hours the rate limits make the reading of sessions' entries take."""
    found = f"{sessions} ended sessions to read by {interface}, which takes about {hours} h"
    if hours <= _LONG_BACKFILL:
        return Finding(ENTRIES, Status.OK, found)
    advice = (
        "The limits messaging_calls_per_hour, messaging_max_active and messaging_pause protect the "
        "org's chats; runs go on where the last one stopped. A later start_date is less to read."
    )
    return Finding(ENTRIES, Status.WARNING, found, advice)


@dataclass(frozen=True, slots=True)
class ApiQuota:
    """The org's daily API requests, which all of its clients share.

    Args:
        used: Requests of the last 24 hours.
        limit: How many the org has, 0 if its responses do not say.
        percent_total: The share of them at which a sync stops, by whatever client they are used.
        percent_per_run: The share of them that a run may use, None: any.
    """

    used: int
    limit: int
    percent_total: int
    percent_per_run: int | None = None


def judge_quota(quota: ApiQuota, hourly: int, first: int, *, kept: bool = True) -> Finding:
    """Judge the use of the org's daily requests.

    Args:
        quota: The requests.
        hourly: How many a sync takes when little has changed.
        first: How many the next sync takes at least.
        kept: Whether describes are kept for later runs.
    """
    check = "daily API requests"
    used, limit, percent = quota.used, quota.limit, quota.percent_total
    cost = f"a sync takes {hourly} when little has changed ({hourly * _HOURS} a day, if hourly)"
    cost += f", and {first} or more with what waits now" if first > hourly else ""
    if not limit:
        return Finding(check, Status.OK, f"{cost}; the limit is not told")
    found = f"{used} of {limit} used in the last 24 hours; {cost}"
    stops = f"A sync stops at {percent} % (quota_percent_total), with state kept: "
    if used * 100 > percent * limit:
        advice = f"{stops}wait, or raise the setting; Setup > Company Information shows the limit."
        return Finding(check, Status.FAILED, found, advice)
    if (used + first) * 100 > percent * limit:
        advice = f"{stops}expect several days, or raise the setting, or set a later start_date."
        return Finding(check, Status.WARNING, found, advice)
    per_run = quota.percent_per_run
    if per_run and first * 100 > per_run * limit:
        advice = f"A run stops at {per_run} % of them (quota_percent_per_run), with state kept: "
        advice += "expect several runs, or raise the setting, or set a later start_date."
        return Finding(check, Status.WARNING, found, advice)
    if not kept:
        advice = "Set cache_dir to a folder that can be written to: a sync then takes fewer."
        return Finding(check, Status.WARNING, found, advice)
    return Finding(check, Status.OK, found)


def judge_case_feed(*, found: bool | None) -> Finding:
    """Judge whether case feeds hold messages, which the tap does not read; None: not shown."""
    if found is None:
        return Finding(FEED, Status.OK, "not shown: no Chatter, or no View All Data")
    if not found:
        return Finding(FEED, Status.OK, "no posts or comments on cases")
    advice = (
        "Posts and comments in the feed of a case (FeedItem, FeedComment), as Experience Cloud "
        "sites let customers write them, are not read: the conversations of such cases lack them."
    )
    return Finding(FEED, Status.WARNING, "cases have posts or comments in their feed", advice)


def judge_new_chats(chats: int, sessions: int) -> Finding:
    """Judge by which objects the org's new chats are recorded."""
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
