"""The settings of requests: API, quota, time-outs, and what is kept of describes."""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

CONNECTION: tuple[th.Property[Any], ...] = (
    th.Property(
        "cache_dir",
        th.StringType,
        title="Cache folder",
        description=(
            "Folder that keeps the describes of the org's objects, so that a run asks with one "
            "request whether they have changed; by default in the user's cache folder. Without a "
            "folder that outlives the run, each run asks for about 17 describes."
        ),
    ),
    th.Property(
        "api_version",
        th.StringType(pattern=r"^\d{2,3}\.0$"),
        default="62.0",
        title="API version",
        description="Version of Salesforce's REST API.",
    ),
    th.Property(
        "quota_percent_total",
        th.IntegerType(minimum=1, maximum=100),
        default=90,
        title="API quota",
        description=(
            "Stop, with state kept, when the org has used more than this percentage of its daily "
            "API requests."
        ),
    ),
    th.Property(
        "quota_percent_per_run",
        th.IntegerType(minimum=1, maximum=100),
        title="API quota of a run",
        description=(
            "Stop, with state kept, when this run has used this percentage of the org's daily API "
            "requests. Without it, only `quota_percent_total` counts."
        ),
    ),
    th.Property(
        "request_timeout_seconds",
        th.IntegerType(minimum=1),
        default=300,
        title="Request timeout",
        description="Give up waiting for an answer after this many seconds, and ask again.",
    ),
    th.Property(
        "bulk_timeout_minutes",
        th.IntegerType(minimum=1),
        default=360,
        title="Bulk timeout",
        description="Abort a Bulk job that Salesforce has not finished after this many minutes.",
    ),
)
