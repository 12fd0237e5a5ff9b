"""The settings of enhanced chats, whose entries come from interfaces with limits of their own."""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

MESSAGING: tuple[th.Property[Any], ...] = (
    th.Property(
        "messaging_api",
        th.StringType,
        allowed_values=["connect", "conversation_data"],
        default="connect",
        title="Interface for enhanced chats",
        description=(
            "How the entries of enhanced chats are read. `connect`: Connect REST, static text "
            "only. `conversation_data`: Conversation Data API, all kinds of messages; it needs an "
            "app with the scope `sfap_api`."
        ),
    ),
    th.Property(
        "messaging_calls_per_hour",
        th.IntegerType(minimum=1),
        default=900,
        title="Calls per hour for enhanced chats",
        description=(
            "Most calls for entries in any hour, over all runs. Salesforce allows 1,000 per app "
            "and user by Connect."
        ),
    ),
    th.Property(
        "messaging_max_active",
        th.IntegerType(minimum=1),
        default=1000,
        title="Active enhanced chats",
        description=(
            "Most calls for entries in any 30 minutes, over all runs: each makes a conversation "
            "count as active for so long, and beyond the org's limit of active ones customers "
            "cannot begin a chat."
        ),
    ),
    th.Property(
        "messaging_pause",
        th.ArrayType(th.StringType(nullable=False)),
        default=[],
        title="Hours without calls for enhanced chats",
        description=(
            'Hours of the day in which no entries are asked for, such as `["08:00-18:00"]`; the '
            "end may be on the next day."
        ),
    ),
    th.Property(
        "messaging_time_zone",
        th.StringType,
        title="Time zone of those hours",
        description=(
            "Time zone of `messaging_pause`, such as `Europe/Berlin`; without it, that of the "
            "machine."
        ),
    ),
    th.Property(
        "conversation_data_url",
        th.StringType(pattern=r"^https?://\S+[^/\s]/?$"),
        default="https://api.salesforce.com/platform/engagement/v1.0",
        title="Conversation Data API URL",
        description="Where the Conversation Data API is, with its version.",
    ),
)
