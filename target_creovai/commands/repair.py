"""`resend`, `retry`, `forget`: what the next run is to do otherwise. STATE is not touched."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from target_creovai.assemble import fingerprint
from target_creovai.commands.support.command import Settings, operator_command, store_for_repair
from target_creovai.commands.support.find import find_all, say_unknown
from target_creovai.commands.support.shell import say
from target_creovai.kinds import KINDS
from target_creovai.model.outcomes import Code, Reason
from target_creovai.salesforce.ids import long_id
from target_creovai.settings.checks import assembly_settings, delivery_policy
from target_creovai.store import sent_once

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_creovai.store import LedgerEntry

RESEND, RETRY = Reason(Code.RESEND), Reason(Code.RETRY)

_keys = click.argument("keys", metavar="ID...", nargs=-1, required=True)


@operator_command()
@click.argument("keys", metavar="[ID]...", nargs=-1)
@click.option(
    "--changed-settings",
    "changed",
    is_flag=True,
    help="All cases that Creovai has as other settings made them, where they differ now.",
)
@click.option(
    "--even-if-chats-are-billed-twice",
    "chats_twice",
    is_flag=True,
    help="Post chats again that Creovai has already: it may keep, and bill, both.",
)
def resend(settings: Settings, keys: tuple[str, ...], *, changed: bool, chats_twice: bool) -> None:
    """Send conversations again in the next run, even if they are unchanged."""
    if changed == bool(keys):
        msg = "Name IDs, or give --changed-settings."
        raise click.UsageError(msg)
    if changed:
        _resend_changed(settings)
        return
    with store_for_repair(settings) as store:
        entries, unknown = find_all(store, keys, settings["session_id_prefix"])
        erased = [entry for entry in entries if entry.erased_at]
        twice = [entry for entry in entries if _is_sent_chat(entry) and not chats_twice]
        due = [entry for entry in entries if entry not in twice and entry not in erased]
        store.repairs.resend(due, RESEND)
    say(f"{_count(due)} to be sent by the next run.")
    for entry in erased:
        say(
            f"Left as it is: {entry.kind} {entry.id}, {entry.reason}, at {entry.erased_at}. If it "
            f"shall go all the same, `target-creovai forget {entry.id}` first; the tap has to read "
            "it again then."
        )
    for entry in twice:
        say(
            f"Left as it is: chat {entry.id}, sent at {entry.sent_at}. Creovai may bill a second "
            "post: add --even-if-chats-are-billed-twice if it shall go all the same."
        )
    _end(unknown, failed=bool(twice or erased))


def _resend_changed(settings: Settings) -> None:
    if delivery_policy(settings).case_updates == "once":
        msg = "case_updates is `once`: no case is sent a second time, unless its Id is given."
        raise click.ClickException(msg)
    kinds = [kind for kind in KINDS if not sent_once(kind)]
    rules = fingerprint(assembly_settings(settings))
    with store_for_repair(settings) as store:
        count = store.repairs.reopen_other_settings(rules, kinds)
    say(f"{count} to be made anew by the next run, and sent again where they differ.")


def _is_sent_chat(entry: LedgerEntry) -> bool:
    sent = entry.sent_at is not None and entry.erased_at is None
    return sent_once(entry.kind) and sent


@operator_command()
def retry(settings: Settings) -> None:
    """Try all conversations again, in the next run, that are set aside."""
    with store_for_repair(settings) as store:
        counts = store.repairs.retry_set_aside(RETRY)
    kinds = ", ".join(f"{count} of kind {kind}" for kind, count in sorted(counts.items()))
    say(f"{counts.total()} to be tried again by the next run{kinds and f': {kinds}'}.")


@operator_command()
@_keys
def forget(settings: Settings, keys: tuple[str, ...]) -> None:
    """Drop conversations from the store, with their rows and receipts; users and contacts, too.

    Creovai keeps what it has. What the tap reads again is looked for there before it is sent.
    """
    with store_for_repair(settings) as store:
        entries, unknown = find_all(store, keys, settings["session_id_prefix"])
        rows = store.repairs.forget(entries)
        people = store.repairs.forget_people([long_id(one.strip()) for one in unknown])
    say(f"{_count(entries)} forgotten, with {rows} row{'' if rows == 1 else 's'}.")
    if people:
        say(f"Forgotten as well: {', '.join(sorted(people))}, by whom rows name people.")
        unknown = [one for one in unknown if long_id(one.strip()) not in people]
    for entry in entries:
        if entry.sent_at and not entry.erased_at:
            say(f"Creovai still has {entry.kind} {entry.id}, sent at {entry.sent_at}.")
    _end(unknown)


def _count(entries: Sequence[LedgerEntry]) -> str:
    return f"{len(entries)} conversation{'' if len(entries) == 1 else 's'}"


def _end(unknown: Sequence[str], *, failed: bool = False) -> None:
    say_unknown(unknown)
    if unknown or failed:
        sys.exit(1)
