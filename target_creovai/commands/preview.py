"""`preview`: conversations to read, on a page that is a file of its own.

The one command whose answer holds customers' words. They go into that file and nowhere else.
"""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from msgspec.structs import replace

from target_creovai.commands.explain import with_advice
from target_creovai.commands.support.command import Settings, open_store, operator_command
from target_creovai.commands.support.files import write_private
from target_creovai.commands.support.find import find_all, say_unknown
from target_creovai.commands.support.previewed import (
    PreviewContext,
    PreviewedConversation,
    previewed_of,
)
from target_creovai.commands.support.shell import Shell, say
from target_creovai.kinds import KINDS
from target_creovai.model.outcomes import Outcome, in_general
from target_creovai.model.timestamps import utc
from target_creovai.preview.listing import Listed, shared
from target_creovai.preview.page import Index, page_of
from target_creovai.settings.checks import assembly_settings, delivery_policy
from target_creovai.store.database.statements import chunks

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from target_creovai.commands.explain import Explanation
    from target_creovai.preview.view import View
    from target_creovai.store import LedgerEntry
    from target_creovai.store.operator.store import OperatorStore

# Every record is searched for each of these Ids: a search for more would take long.
MAX_NAMED = 50
OUTCOMES = tuple(outcome.value for outcome in Outcome)  # not by their names


class Body(msgspec.Struct, frozen=True):
    """What the page shows of a conversation once it is read."""

    known: Explanation
    view: View | None
    as_if_due: bool
    problems: Sequence[str]


def page_for(
    conversations: Iterable[PreviewedConversation],
    made_at: datetime,
    totals: dict[str, int],
    *,
    removed: bool,
) -> bytes:
    """Return the page of these conversations, the newest first; `totals` by kind is what there is.

    `removed`: it shows what is not sent of them, too.
    """
    shown = sorted(conversations, key=lambda one: one.facts.date or "", reverse=True)
    same = shared(one.customer.keys for one in shown)
    accounts = shared(filter(None, [one.customer.account]) for one in shown)
    listed = [
        Listed(one.known.kind, one.known.id, one.outcome, one.reason, one.facts, *groups)
        for one, *groups in zip(shown, same, accounts, strict=True)
    ]
    bodies = [Body(_typed(one.known), one.view, one.as_if_due, one.problems) for one in shown]
    reasons = {code: in_general(code) for code in {one.reason for one in shown} if code}
    return page_of(Index(utc(made_at), totals, reasons, removed, listed), bodies)


def _typed(known: Explanation) -> Explanation:
    """Return what is known, its commands as they are typed here."""
    typed = Shell.here().typed
    to_do = known.to_do and typed(known.to_do)
    reason = known.reason and typed(known.reason)
    return replace(known, now=typed(known.now), to_do=to_do, reason=reason)


@operator_command()
@click.argument("keys", metavar="[ID]...", nargs=-1)
@click.option(
    "--output",
    "file",
    type=click.Path(path_type=Path),
    required=True,
    help="The page to write, such as preview.html.",
)
@click.option(
    "--outcome",
    "outcomes",
    multiple=True,
    type=click.Choice(OUTCOMES),
    help="Without an ID: only those of this outcome in the ledger; may be given several times.",
)
@click.option(
    "--kind",
    "kinds",
    multiple=True,
    type=click.Choice(tuple(KINDS)),
    help="Without an ID: only those of this kind; may be given several times.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="Without an ID: show no more of each kind than this many, the latest changed.",
)
@click.option(
    "--related",
    is_flag=True,
    help="Also what names the same cases and customers. Reads every record: long in a large store.",
)
@click.option(
    "--removed/--no-removed",
    default=True,
    show_default=True,
    help="Also show, folded, what is not sent: quotes, signatures, redactions, internal notes.",
)
def preview(
    settings: Settings,
    keys: tuple[str, ...],
    *,
    file: Path,
    removed: bool,
    related: bool,
    **chosen: Any,
) -> None:
    """Write a page to read conversations on, as they would be sent: all, or those of each ID.

    An ID is a case number, a Salesforce Id or a session id. The page holds customers' words: only
    you may read the file. It loads nothing and sends nothing.
    """
    assembly = replace(assembly_settings(settings), keep_removed=removed)
    with open_store(settings) as store:
        advised = partial(with_advice, store)
        now = datetime.now(UTC)
        context = PreviewContext(
            assembly, delivery_policy(settings), now, store.speakers.known_roles, advised
        )
        entries, unknown, totals = _chosen(store, keys, assembly.session_id_prefix, **chosen)
        conversations = [*previewed_of(store, entries, context)]
        if related:
            found = _related(store, conversations, chosen["limit"])
            conversations += previewed_of(store, found, context)
        conversations += previewed_of(store, _their_cases(store, conversations), context)
    if entries or not keys:
        write_private(file, page_for(conversations, now, totals, removed=removed))
        beside = len(conversations) - len(entries)
        more = f" and {beside} that belong to them" if beside else ""
        say(f"{len(entries)} of {sum(totals.values())} conversations{more}: {file}")
        say("The page holds customers' words: only you may read it.")
    say_unknown(unknown)
    if unknown:
        sys.exit(1)


def _chosen(
    store: OperatorStore,
    keys: Sequence[str],
    prefix: str,
    *,
    outcomes: Sequence[str],
    kinds: Sequence[str],
    limit: int,
) -> tuple[list[LedgerEntry], list[str], dict[str, int]]:
    """Return what was asked for, the Ids that nothing goes by, and how many there are by kind."""
    if keys:
        entries, unknown = find_all(store, keys, prefix)
        return entries, unknown, Counter(entry.kind for entry in entries)
    entries, totals = store.queries.newest(kinds or tuple(KINDS), outcomes or OUTCOMES, limit)
    return entries, [], totals


def _related(
    store: OperatorStore, conversations: Iterable[PreviewedConversation], limit: int
) -> list[LedgerEntry]:
    """Return what belongs to a few conversations: of the same case, of the same customer."""
    known = {(one.known.kind, one.known.id) for one in conversations}
    cases = (one.known.id if one.known.kind == "case" else one.facts.case for one in conversations)
    people = (one.customer.person for one in conversations)
    named = dict.fromkeys(filter(None, [*cases, *people]))
    entries = store.queries.referring_to([*named][:MAX_NAMED], limit)
    return [entry for entry in entries if (entry.kind, entry.id) not in known]


def _their_cases(
    store: OperatorStore, conversations: Iterable[PreviewedConversation]
) -> list[LedgerEntry]:
    """Return the cases that chats name and that are not among the conversations."""
    known = {(one.known.kind, one.known.id) for one in conversations}
    named = dict.fromkeys(one.facts.case for one in conversations if one.facts.case)
    missing = [case for case in named if ("case", case) not in known]
    entries = [entry for some in chunks(missing) for entry in store.queries.find(some)]
    return [entry for entry in entries if entry.kind == "case" and entry.id in named]
