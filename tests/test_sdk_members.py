"""Members of singer-sdk that are private or final there, and that the plugins use nevertheless.

Each may change with any release of the SDK. So each is listed with the signature that the plugins
rely on and with the SDK's own functions that call it: a change fails here, and by name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from singer_sdk import Tap, Target
from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.plugin_base import BaseSingerReader, PluginBase
from singer_sdk.streams import Stream

import tap_salesforce_chat
import target_creovai
from tests.sdk_members import Member, function_of, overridden

if TYPE_CHECKING:
    from types import ModuleType

MESSAGE = "(self, message_dict)"
SIGNAL, HANDLERS = "(self, signum, frame)", (PluginBase._setup_signal_handlers,)
READER = (BaseSingerReader.process_lines,)

# Each override says in its docstring why it is there.
OVERRIDES = {
    tap_salesforce_chat: [
        Member(Tap, "sync_all", "(self)", (Tap.invoke,)),
        Member(Tap, "_handle_termination", SIGNAL, HANDLERS),
        Member(
            Stream, "_generate_record_messages", "(self, record)", (Stream._write_record_message,)
        ),
        Member(
            Stream,
            "_increment_stream_state",
            "(self, latest_record, *, context=None)",
            (Stream._sync_records,),
        ),
    ],
    target_creovai: [
        Member(
            PluginBase, "_validate_config", "(self, *, raise_errors=True)", (PluginBase.__init__,)
        ),
        Member(BaseSingerReader, "listen", "(self, file_input=None)", (Target.invoke,)),
        Member(Target, "_process_schema_message", MESSAGE, READER),
        Member(Target, "_process_record_message", MESSAGE, READER),
        Member(Target, "_process_batch_message", MESSAGE, READER),
        Member(Target, "_process_activate_version_message", MESSAGE, READER),
        Member(Target, "_process_state_message", MESSAGE, READER),
        Member(Target, "_write_state_message", "(self, state)", (Target.drain_all,)),
        Member(Target, "_handle_termination", SIGNAL, HANDLERS),
    ],
}
# What the target reads or calls, and does not override: where the SDK itself does so.
USED = {
    "_latest_state": (Target._process_state_message, Target.drain_all),
    "_config": (PluginBase.__init__,),
    "_env_var_config": (PluginBase.__init__,),
}
members = pytest.mark.parametrize(
    "member",
    [member for listed in OVERRIDES.values() for member in listed],
    ids=lambda member: f"{member.owner.__name__}.{member.name}",
)


@pytest.mark.parametrize("package", OVERRIDES, ids=lambda package: package.__name__)
def test_every_override_of_a_private_or_final_member_is_listed(package: ModuleType) -> None:
    """One that is not would break unnoticed."""
    listed = {(member.owner, member.name) for member in OVERRIDES[package]}

    assert overridden(package) == listed


@members
def test_the_sdk_still_has_the_member_with_its_signature(member: Member) -> None:
    """An override with another signature would fail in the middle of a run, or not be called."""
    assert member.signature_there == member.signature


@members
def test_the_sdk_still_calls_the_member(member: Member) -> None:
    """An override that nothing calls does nothing, without a word."""
    assert member.idle_callers == []


@pytest.mark.parametrize("name", USED)
def test_the_sdk_still_has_what_is_read_of_it(name: str) -> None:
    """A private attribute may go with any release."""
    for function in USED[name]:
        assert name in function_of(function).__code__.co_names


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
