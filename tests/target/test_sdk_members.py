"""Members of singer-sdk that are private or final there, and that the target uses nevertheless.

Each may change with any release of the SDK. So each is listed with the signature that the target
relies on and with the SDK's own functions that call it: a change fails here, and by name.
"""

from __future__ import annotations

import pytest
from singer_sdk import Target
from singer_sdk.plugin_base import BaseSingerReader, PluginBase

import target_creovai
from tests.sdk_members import Member, function_of, overridden

MESSAGE = "(self, message_dict)"
READER = (BaseSingerReader.process_lines,)

# Each override says in its docstring why it is there.
MEMBERS = [
    Member(PluginBase, "_validate_config", "(self, *, raise_errors=True)", (PluginBase.__init__,)),
    Member(BaseSingerReader, "listen", "(self, file_input=None)", (Target.invoke,)),
    Member(Target, "_process_schema_message", MESSAGE, READER),
    Member(Target, "_process_record_message", MESSAGE, READER),
    Member(Target, "_process_batch_message", MESSAGE, READER),
    Member(Target, "_process_activate_version_message", MESSAGE, READER),
    Member(Target, "_process_state_message", MESSAGE, READER),
    Member(Target, "_write_state_message", "(self, state)", (Target.drain_all,)),
    Member(
        Target,
        "_handle_termination",
        "(self, signum, frame)",
        (PluginBase._setup_signal_handlers,),
    ),
]
# What is read or called, and not overridden: where the SDK itself does so.
USED = {
    "_latest_state": (Target._process_state_message, Target.drain_all),
    "_config": (PluginBase.__init__,),
    "_env_var_config": (PluginBase.__init__,),
}


def test_every_override_of_a_private_or_final_member_is_listed() -> None:
    """One that is not would break unnoticed."""
    assert overridden(target_creovai) == {(member.owner, member.name) for member in MEMBERS}


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_the_sdk_still_has_the_member_with_its_signature(member: Member) -> None:
    """An override with another signature would fail in the middle of a run, or not be called."""
    assert member.signature_there == member.signature


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_the_sdk_still_calls_the_member(member: Member) -> None:
    """An override that nothing calls does nothing, without a word."""
    assert member.idle_callers == []


@pytest.mark.parametrize("name", USED)
def test_the_sdk_still_has_what_is_read_of_it(name: str) -> None:
    """A private attribute may go with any release."""
    for function in USED[name]:
        assert name in function_of(function).__code__.co_names
