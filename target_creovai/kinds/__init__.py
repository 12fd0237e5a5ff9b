"""Kinds of conversation: which rows make one, and how they become one.

A new kind is one module and one row in `KINDS`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import msgspec

from target_creovai.model.conversation import Interface

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from target_creovai.model.conversation import Assembly
    from target_creovai.model.rows import Row
    from target_creovai.model.settings import AssemblySettings

    Assemble = Callable[[str, Mapping[str, Sequence[Row]], AssemblySettings, datetime], Assembly]


class Kind(msgspec.Struct, frozen=True):
    """One kind of conversation.

    `streams` maps each stream that belongs to it to the field that holds the
    conversation's Id; the stream where that is its own `Id` is the conversation
    itself. `needs_whole_input`: its rows come from several streams, so that none goes out
    after an input that broke off. `assembler` is the function that makes it, as `module:name`:
    it and its parsers are imported for the first one that is made. `merged_into` is the field
    of the conversation itself that names the one which took all its rows over, `collected_by`
    the one that conversations share which belong together and stay several, `channel` the one
    that says by which way it came. Where `names_speakers`, texts print who speaks, and one may
    show a role that another leaves open; `numbered_by` is the field by which people know it.
    `noun` is what one conversation is called in reports.
    """

    name: str
    noun: str
    interface: Interface
    streams: Mapping[str, str]
    needs_whole_input: bool
    assembler: str
    merged_into: str | None = None
    collected_by: str | None = None
    channel: str | None = None
    names_speakers: bool = False
    numbered_by: str | None = None

    @property
    def assemble(self) -> Assemble:
        """The function that makes a conversation of its rows."""
        module, _, name = self.assembler.partition(":")
        assemble: Assemble = getattr(import_module(module), name)
        return assemble


KINDS = {
    kind.name: kind
    for kind in (
        # Cases first: Creovai then has a case when its chats refer to it.
        Kind(
            name="case",
            noun="case",
            interface=Interface.CASE,
            streams={"Case": "Id", "CaseComment": "ParentId", "EmailMessage": "ParentId"},
            needs_whole_input=True,
            assembler="target_creovai.kinds.case:assemble_case",
            merged_into="MasterRecordId",
            channel="Origin",
            numbered_by="CaseNumber",
        ),
        Kind(
            name="chat",
            noun="chat",
            interface=Interface.CHAT,
            streams={"LiveChatTranscript": "Id"},
            needs_whole_input=False,
            assembler="target_creovai.kinds.chat:assemble_chat",
            collected_by="ChatKey",
            names_speakers=True,
        ),
        Kind(
            name="messaging",
            noun="messaging session",
            interface=Interface.CHAT,
            streams={"MessagingSession": "Id", "ConversationEntry": "MessagingSessionId"},
            # Most prove that they are whole; for the others, the coverage of the input decides.
            needs_whole_input=False,
            assembler="target_creovai.kinds.messaging:assemble_messaging",
            collected_by="ConversationId",
            channel="ChannelType",
        ),
    )
}

KIND_OF_STREAM = {stream: kind for kind in KINDS.values() for stream in kind.streams}


def heading_of(kind: str) -> str:
    """Return the heading above conversations of a kind."""
    return f"{KINDS[kind].noun.capitalize()}s" if kind in KINDS else kind
