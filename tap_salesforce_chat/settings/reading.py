"""The settings that say which rows are read, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from tap_salesforce_chat.settings.opt_in import EXTRA_STREAMS

if TYPE_CHECKING:
    from collections.abc import Mapping

READING: tuple[th.Property[Any], ...] = (
    th.Property(
        "api_type",
        th.StringType,
        allowed_values=["REST", "BULK2", "AUTO"],
        default="REST",
        title="API",
        description=(
            "Read by the REST API or by the Bulk API 2.0. `AUTO`: Bulk for streams with a large "
            "backlog, REST for the others and for what Bulk refuses."
        ),
    ),
    th.Property(
        "start_date",
        th.DateTimeType,
        title="Start date",
        description=(
            "Read what changed at this time or later; without it, everything. A bookmark in the "
            "state takes precedence."
        ),
    ),
    th.Property(
        "whole_cases",
        th.BooleanType,
        default=True,
        title="Whole cases",
        description=(
            "With `start_date`: read a case that has anything from that time on whole, with all "
            "its older mails and comments."
        ),
    ),
    th.Property(
        "end_date",
        th.DateTimeType,
        title="End date",
        description="Read only what changed before this time, for backfills.",
    ),
    th.Property(
        "lookback_seconds",
        th.IntegerType(minimum=0),
        default=600,
        title="Lookback",
        description=(
            "Read this many seconds before the bookmark again, for rows that became visible late."
        ),
    ),
    th.Property(
        "page_size",
        th.IntegerType(minimum=200, maximum=2000),
        default=2000,
        title="Page size",
        description="Rows per page to ask for; Salesforce may send fewer.",
    ),
    th.Property(
        "max_workers",
        th.IntegerType(minimum=1, maximum=20),
        default=8,
        title="Requests in flight",
        description=(
            "Most requests to Salesforce in flight at once. A large backlog is read in several "
            "windows of time at once, and streams are prefetched before it is their turn; rows are "
            "written in order."
        ),
    ),
    th.Property(
        "verify_counts",
        th.BooleanType,
        default=True,
        title="Verify counts",
        description=(
            "Compare the rows read with what Salesforce counts, at one request per window of "
            "time; a difference that remains after reading again ends the run."
        ),
    ),
    th.Property(
        "include_deleted",
        th.BooleanType,
        default=True,
        title="Include deleted rows",
        description="Read soft-deleted rows too: deletions arrive as `IsDeleted: true`.",
    ),
    th.Property(
        "include_hard_deleted",
        th.BooleanType,
        default=False,
        title="Include hard-deleted rows",
        description=(
            "Also emit rows that are gone from the recycle bin, with `Id`, `IsDeleted: true` and "
            "the time of the deletion as `SystemModstamp`, whatever `filters` says. Salesforce "
            "knows the deletions of the last 15 days."
        ),
    ),
    th.Property(
        "filters",
        th.ObjectType(additional_properties=th.StringType(nullable=False)),
        title="Filters",
        description=(
            "Stream name to SOQL condition that its rows must meet as well, such as "
            '`{"Case": "RecordType.Name = \'Support\'"}`.'
        ),
    ),
    th.Property(
        "extra_streams",
        th.ArrayType(th.StringType(allowed_values=list(EXTRA_STREAMS), nullable=False)),
        default=[],
        title="Extra streams",
        description=(
            "Streams that conversations do not need, read only if they are named here: "
            "`LiveChatTranscriptEvent`, `User`, `Contact`."
        ),
    ),
    th.Property(
        "supervisor_text",
        th.BooleanType,
        default=False,
        title="Supervisors' text",
        description=(
            "Also read what supervisors write to agents in chats "
            "(`LiveChatTranscript.SupervisorTranscriptBody`)."
        ),
    ),
    th.Property(
        "viewed_dates",
        th.BooleanType,
        default=False,
        title="Dates of viewing",
        description=(
            "Also read `LastViewedDate` and `LastReferencedDate`, which are the integration "
            "user's own and change when it looks at a row."
        ),
    ),
    th.Property(
        "mail_without_case",
        th.BooleanType,
        default=False,
        title="Mail without a case",
        description="Also read mail that belongs to no case, such as that of sales.",
    ),
)


def filter_of(config: Mapping[str, Any], sobject: str) -> str | None:
    """Return the SOQL condition that `filters` puts on the rows of an object, None: none."""
    condition: str | None = (config.get("filters") or {}).get(sobject)
    return condition
