"""The command that has the tap read just these conversations once more."""

from __future__ import annotations

import json
import shlex

from tap_salesforce_chat.streams.declarations import FILTERABLE
from target_creovai.kinds import KINDS
from target_creovai.resync import commands
from target_creovai.shell import Shell

IDS = {"case": ["500A"], "chat": ["570A", "570B"], "messaging": ["0MwA"]}


def filters_of(command: str) -> dict[str, str]:
    """Return what a shell would hand to the tap."""
    name, _, value = shlex.split(command)[0].partition("=")
    assert name == "TAP_SALESFORCE_CHAT_FILTERS"
    filters: dict[str, str] = json.loads(value)
    return filters


def test_every_kind_is_read_by_what_the_tap_takes_conditions_for() -> None:
    """The tap refuses a condition for any other stream, and entries follow their sessions."""
    (command,) = commands(IDS, Shell())
    filters = filters_of(command)

    assert set(IDS) == set(KINDS)
    assert filters.keys() <= set(FILTERABLE)
    assert filters["EmailMessage"] == "ParentId IN ('500A')"
    assert filters["LiveChatTranscript"] == "Id IN ('570A', '570B')"
    assert filters["MessagingSession"] == "Id IN ('0MwA')"


def test_what_is_not_wanted_is_not_read() -> None:
    """One chat must not cost a full refresh of all cases."""
    (command,) = commands({"chat": ["570A"]}, Shell("prod"))
    filters = filters_of(command)

    assert {filters[stream] for stream in filters if stream != "LiveChatTranscript"} == {
        "Id = null"
    }
    assert "meltano --environment=prod run --full-refresh --no-state-update" in command
