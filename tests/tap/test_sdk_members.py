"""Members of singer-sdk that are private or final there, and that the tap overrides nevertheless.

Each may change with any release of the SDK. So each is listed with the signature that the tap
relies on and with the SDK's own functions that call it: a change fails here, and by name.
"""

from __future__ import annotations

import pytest
from singer_sdk import Tap
from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.plugin_base import PluginBase
from singer_sdk.streams import Stream

import tap_salesforce_chat
from tests.sdk_members import Member, overridden

MEMBERS = [
    Member(Tap, "sync_all", "(self)", (Tap.invoke,)),
    Member(
        Tap, "_handle_termination", "(self, signum, frame)", (PluginBase._setup_signal_handlers,)
    ),
    Member(Stream, "_generate_record_messages", "(self, record)", (Stream._write_record_message,)),
    Member(
        Stream,
        "_increment_stream_state",
        "(self, latest_record, *, context=None)",
        (Stream._sync_records,),
    ),
]


def test_every_override_of_a_private_or_final_member_is_listed() -> None:
    """One that is not would break unnoticed."""
    assert overridden(tap_salesforce_chat) == {(member.owner, member.name) for member in MEMBERS}


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_the_sdk_still_has_the_member_with_its_signature(member: Member) -> None:
    """An override with another signature would fail in the middle of a run, or not be called."""
    assert member.signature_there == member.signature


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_the_sdk_still_calls_the_member(member: Member) -> None:
    """An override that nothing calls does nothing, without a word."""
    assert member.idle_callers == []


def test_the_sdk_still_reads_the_environment_setting_by_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A private function, which also reads `.env` files as other taps do."""
    monkeypatch.setenv("TAP_X_PAGE_SIZE", "17")
    schema = {"properties": {"page_size": {"type": ["integer", "null"]}}}

    assert parse_environment_config(schema, "TAP_X_") == {"page_size": 17}
    monkeypatch.setenv("TAP_X_PAGE_SIZE", "many")
    with pytest.raises(ValueError, match="many"):
        parse_environment_config(schema, "TAP_X_")
