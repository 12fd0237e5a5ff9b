"""Members of singer-sdk that are private or final there, and that the tap overrides nevertheless.

Each may change with any release of the SDK. So each is listed with the signature that the tap
relies on and with the SDK's own functions that call it: a change fails here, and by name.
"""

from __future__ import annotations

import inspect
from importlib import import_module
from pkgutil import walk_packages
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from singer_sdk import Tap
from singer_sdk.configuration._dict_config import parse_environment_config
from singer_sdk.plugin_base import PluginBase
from singer_sdk.streams import Stream

import tap_salesforce_chat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Member(NamedTuple):
    """A member, its signature, and the functions of the SDK that call it."""

    owner: type
    name: str
    signature: str
    callers: tuple[Callable[..., Any], ...]

    @property
    def function(self) -> Callable[..., Any]:
        return _function(inspect.getattr_static(self.owner, self.name))


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


def _function(member: Any) -> Callable[..., Any]:
    """Return the function behind a method, class method or property."""
    function: Callable[..., Any] = getattr(member, "fget", None) or getattr(
        member, "__func__", member
    )
    return function


def _classes() -> Iterator[type]:
    for module in walk_packages(tap_salesforce_chat.__path__, "tap_salesforce_chat."):
        if not module.name.endswith("__main__"):
            for value in vars(import_module(module.name)).values():
                if inspect.isclass(value) and value.__module__ == module.name:
                    yield value


def _overridden() -> Iterator[tuple[type, str]]:
    """Yield the private and final members of the SDK that classes of the tap define, too."""
    for own in _classes():
        bases = [base for base in own.__mro__[1:] if base.__module__.startswith("singer_sdk.")]
        for name in vars(own):
            owner = next((base for base in bases if name in vars(base)), None)
            if owner is None or name.startswith("__") or name == "_abc_impl":
                continue
            if name.startswith("_") or getattr(_function(vars(owner)[name]), "__final__", False):
                yield owner, name


def test_every_override_of_a_private_or_final_member_is_listed() -> None:
    """One that is not would break unnoticed."""
    assert set(_overridden()) == {(member.owner, member.name) for member in MEMBERS}


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_the_sdk_still_has_the_member_with_its_signature(member: Member) -> None:
    """An override with another signature would fail in the middle of a run, or not be called."""
    signature = inspect.signature(member.function)
    plain = [each.replace(annotation=each.empty) for each in signature.parameters.values()]

    assert str(inspect.Signature(plain)) == member.signature


@pytest.mark.parametrize("member", MEMBERS, ids=lambda member: member.name)
def test_the_sdk_still_calls_the_member(member: Member) -> None:
    """An override that nothing calls does nothing, without a word."""
    for caller in member.callers:
        assert member.name in _function(caller).__code__.co_names


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
