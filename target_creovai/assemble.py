"""From the rows of one conversation to a checked payload, or to the reason why not."""

from __future__ import annotations

import traceback
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from itertools import chain
from pathlib import PurePath
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import asdict, replace

from target_creovai import DISTRIBUTION
from target_creovai.encoding import encode, json_hash
from target_creovai.errors import InstallationError, RowError, TextError
from target_creovai.kinds import KINDS
from target_creovai.model.conversation import Conversation
from target_creovai.model.history import UNKNOWN, Traits, traits_of
from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.participants import Role
from target_creovai.model.settings import OPENING_LENGTH, SHAPE_LENGTH
from target_creovai.model.verdicts import Deleted, OpenSpeakers, SetAside, Skipped, Waiting
from target_creovai.payload.payload import Payload, build_payload, content_hash
from target_creovai.payload.validate import problems_of
from target_creovai.redaction import redacted
from target_creovai.salesforce.rows import latest_change
from target_creovai.wholeness.coverage import EVERYTHING
from target_creovai.wholeness.judge import missing_main_row, missing_part

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from target_creovai.kinds import Kind
    from target_creovai.model.conversation import Assembly
    from target_creovai.model.findings import Findings
    from target_creovai.model.participants import Speaker
    from target_creovai.model.rows import Row
    from target_creovai.model.settings import AssemblySettings
    from target_creovai.wholeness.coverage import Coverage


@dataclass(frozen=True)
class Ready:
    """A payload that Creovai should take. `modified` is the main row's SystemModstamp.

    `redacted` counts what was replaced in it, by rule. `speakers` and `roles_by_name` are a chat's.
    `traits` are what the history counts it by.
    `conversation` is what the payload was made of, with `AssemblySettings.keep_removed`.
    """

    session_id: str
    payload: Payload
    modified: datetime
    findings: Findings
    redacted: Mapping[str, int] = field(default_factory=dict)
    speakers: tuple[Speaker, ...] = ()
    roles_by_name: Mapping[str, Role] = field(default_factory=dict)
    traits: Traits = UNKNOWN
    conversation: Conversation | None = field(default=None, repr=False)

    @cached_property
    def content_hash(self) -> str:
        """The fingerprint of the conversation without its metadata."""
        return content_hash(self.payload)

    @cached_property
    def payload_hash(self) -> str:
        """The fingerprint of all that would be sent."""
        return json_hash(self.payload)

    @cached_property
    def size(self) -> int:
        """How many bytes would be sent."""
        return len(encode(self.payload))

    @property
    def metadata(self) -> Payload:
        """The metadata, empty where the payload has none."""
        metadata: Payload = self.payload.get("metadata", {})
        return metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalid(SetAside):
    """A payload that must not go; only an operator gets to see it.

    `problems` are the rules that it breaks, as `validate` names them; `conversation` as of `Ready`.
    """

    payload: Payload = field(repr=False)
    problems: Sequence[str]
    conversation: Conversation | None = field(default=None, repr=False)


Verdict = Ready | Waiting | Skipped | Deleted | SetAside


class Reach(msgspec.Struct, frozen=True):
    """What was read by now, and the filters under which a conversation came."""

    coverage: Coverage
    filters: Collection[str] = ()


ALL_READ = Reach(EVERYTHING)


def assemble(
    kind: str,
    key: str,
    rows: Mapping[str, Sequence[Row]],
    settings: AssemblySettings,
    now: datetime,
    reach: Reach = ALL_READ,
) -> Verdict:
    """Make a conversation's payload from the rows that are there, and check it.

    Raises:
        InstallationError: A module that assembly needs cannot be imported.
    """
    try:
        conversation = KINDS[kind].assemble(key, rows, settings, now)
        reason = _missing_part(KINDS[kind], conversation, rows, settings, reach)
        return Waiting(reason) if reason else _verdict(conversation, settings, KINDS[kind], rows)
    except (TextError, RowError) as error:
        return SetAside(Reason(Code.UNREADABLE, (str(error),)))
    except ImportError as error:
        # Modules are imported when they are needed: no row is at fault where one cannot be.
        raise InstallationError(error.name) from None
    # An unexpected error over one row must not hold all other conversations back.
    except Exception as error:  # noqa: BLE001 -- named below, and set aside
        return SetAside(_unforeseen(error))


def _missing_part(
    kind: Kind,
    conversation: Assembly,
    rows: Mapping[str, Sequence[Row]],
    settings: AssemblySettings,
    reach: Reach,
) -> Reason | None:
    match conversation:
        case Waiting(for_main_row=True):
            return missing_main_row(kind.streams, rows, reach.coverage, reach.filters)
        case Conversation(proven=False) | Skipped(proven=False):
            return missing_part(
                kind.streams,
                rows,
                reach.coverage,
                filters=reach.filters,
                accepted=settings.accept_missing,
            )
    return None


def assemble_with_others(
    kind: str,
    key: str,
    rows: Mapping[str, Sequence[Row]],
    settings: AssemblySettings,
    now: datetime,
    other_chats: Callable[[Collection[str]], Mapping[str, Role]],
    reach: Reach = ALL_READ,
) -> Verdict:
    """Assemble a conversation; where a speaker's role is open, use the roles in other chats."""
    verdict = assemble(kind, key, rows, settings, now, reach)
    names = open_names(verdict)
    if not names or not (known := other_chats(names)):
        return verdict
    return assemble(kind, key, rows, replace(settings, other_chats=known), now, reach)


def open_names(verdict: Verdict) -> frozenset[str]:
    """Return the names of which a chat leaves open whose they are."""
    if not isinstance(verdict, Ready | OpenSpeakers):
        return frozenset()
    return frozenset(each.name for each in verdict.speakers if each.role is Role.UNKNOWN)


def _verdict(
    conversation: Assembly,
    settings: AssemblySettings,
    kind: Kind,
    rows: Mapping[str, Sequence[Row]],
) -> Verdict:
    if isinstance(conversation, Waiting | Skipped | Deleted | SetAside):
        return conversation
    conversation, replaced = redacted(conversation, settings)
    if not conversation.messages:
        return Skipped(Reason(Code.REDACTED), conversation.findings)
    payload = build_payload(conversation, settings)
    made_of = conversation if settings.keep_removed else None
    if doubt := conversation.doubt:
        return Invalid(
            doubt.reason, doubt.detail, payload=payload, problems=[], conversation=made_of
        )
    if problems := problems_of(conversation.interface, payload):
        reason = Reason(Code.INVALID, ("; ".join(problems[:5]),))
        return Invalid(reason, payload=payload, problems=problems, conversation=made_of)
    if settings.max_payload_bytes and (size := len(encode(payload))) > settings.max_payload_bytes:
        reason = Reason(Code.TOO_LARGE, (str(size),))
        return Invalid(reason, payload=payload, problems=[], conversation=made_of)
    return Ready(
        session_id=conversation.session_id,
        payload=payload,
        modified=conversation.modified,
        findings=conversation.findings,
        redacted=replaced,
        speakers=conversation.speakers,
        roles_by_name=conversation.roles_by_name,
        traits=traits_of(conversation, kind, latest_change(chain.from_iterable(rows.values()))),
        conversation=made_of,
    )


def _unforeseen(error: Exception) -> Reason:
    """Return what broke and where in our code: the message of such an error may quote the row."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{PurePath(place.filename).name}:{place.lineno}"
    return Reason(Code.UNFORESEEN, (type(error).__name__, where))


# To be raised where `CASE_OPEN`, `CHAT_OPEN`, `SESSION_OPEN` or `NO_MAIN_ROW` is decided otherwise.
_OPENING_VERSION = 1
# Settings that decide when a conversation is sent, and not what is sent.
_DECIDE_WHEN = frozenset(
    {"case_delivery", "settle_minutes", "accept_missing", "max_payload_bytes", "other_chats"}
)


def fingerprint(settings: AssemblySettings, *more: str) -> str:
    """Return the fingerprint of all that a verdict depends on besides the rows.

    That is the settings and this version; `more` are settings that decide the next step. Where it
    differs from the ledger's, what waits, was skipped or was set aside is assembled again. It
    begins with the fingerprint of the settings that shape what Creovai gets; behind that comes what
    decides whether a conversation is open.
    """
    basis = asdict(settings) | {"metadata_exclude": sorted(settings.metadata_exclude)}
    del basis["keep_removed"]
    shape = {name: value for name, value in basis.items() if name not in _DECIDE_WHEN}
    whole = [basis, version(DISTRIBUTION), *more]
    opening = json_hash([_OPENING_VERSION, settings.case_delivery])[:OPENING_LENGTH]
    return (
        json_hash(shape)[:SHAPE_LENGTH]
        + opening
        + json_hash(whole)[SHAPE_LENGTH + OPENING_LENGTH :]
    )
