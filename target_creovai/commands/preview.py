"""`preview`: conversations to read, on a page that is a file of its own.

The one command whose answer holds customers' words. They go into that file and nowhere else.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from target_creovai.assemble import ALL_READ, Invalid, Reach, Ready, assemble_with_others
from target_creovai.commands.command import Settings, operator_command
from target_creovai.commands.explain import Explanation, explanation, with_advice
from target_creovai.commands.files import write_private
from target_creovai.commands.find import find_all, say_unknown
from target_creovai.config import assembly_rules, delivery_policy
from target_creovai.delivery.decide import Action
from target_creovai.kinds import KINDS
from target_creovai.model import DroppedRow, Unfit, Waiting
from target_creovai.outcomes import Code, Outcome, Reason
from target_creovai.payload import utc
from target_creovai.preview.page import page_of
from target_creovai.preview.view import View, view_of
from target_creovai.rows import text_of
from target_creovai.store.operator import OperatorStore
from target_creovai.wholeness.needs import ACCEPTABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from target_creovai.assemble import Verdict
    from target_creovai.model import Policy, Role, Row, Rules
    from target_creovai.store.operator import Line

OUTCOMES = tuple(outcome.value for outcome in Outcome)  # not by their names
READY = "ready"
NO_TEXT = Reason(Code.NO_TEXT)


@dataclass(frozen=True, slots=True)
class Shown:
    """A conversation on the page. `view` is what would be sent, None where nothing can be made.

    `outcome`: the ledger's, or what the next run will make it, such as "ready". `as_if_due`:
    nothing would be sent now, and the view is what there is so far. `problems` say where a
    payload breaks which rule.
    """

    known: Explanation
    outcome: str
    number: str | None
    view: View | None
    as_if_due: bool
    problems: Sequence[str]


@dataclass(frozen=True, slots=True)
class Page:
    """All that the page shows; `total` counts what could have been on it."""

    made_at: str
    total: int
    conversations: list[Shown]


@dataclass(frozen=True, slots=True)
class Terms:
    """What decides, beside the rows, what the next run does."""

    rules: Rules
    policy: Policy
    now: datetime
    other_chats: Callable[[Collection[str]], Mapping[str, Role]]
    advised: Callable[[Line, Verdict, Explanation], Explanation]


def shown(line: Line, rows: Mapping[str, Sequence[Row]], terms: Terms, reach: Reach) -> Shown:
    """Assemble a conversation as the next run will, and lay out what that gives."""
    rules = terms.rules
    verdict = _assemble(line, rows, rules, terms, reach)
    readable = verdict
    if isinstance(verdict, Waiting | Unfit) and not isinstance(verdict, Invalid):
        readable = _assemble(line, rows, _as_if_due(rules), terms, ALL_READ)
    prefix = rules.session_id_prefix
    known = explanation(line, rows, verdict, terms.policy, prefix=prefix)
    return Shown(
        known=terms.advised(line, verdict, known),
        outcome=_outcome(known, verdict),
        number=_number(line, rows),
        view=_view(readable, rules),
        as_if_due=known.outdated
        or (readable is not verdict and isinstance(readable, Ready | Invalid)),
        problems=readable.problems if isinstance(readable, Invalid) else (),
    )


def _assemble(
    line: Line, rows: Mapping[str, Sequence[Row]], rules: Rules, terms: Terms, reach: Reach
) -> Verdict:
    return assemble_with_others(
        line.kind, line.id, rows, rules, terms.now, terms.other_chats, reach
    )


def _outcome(known: Explanation, verdict: Verdict) -> str:
    """Look ahead: after a dry run the ledger knows of nothing but that it waits."""
    to_go = isinstance(verdict, Ready) and known.action in _GOES
    if known.outcome == Outcome.SENT or (to_go and known.outcome == Outcome.PENDING):
        return known.outcome
    return READY if to_go else _BECOMES.get(Action(known.action), Outcome.SKIPPED)


_GOES = frozenset({Action.LOOK_UP, Action.ASK, Action.POST, Action.APPEND, Action.ADOPT})
# What is deleted in Salesforce, before or after it was sent, ends as skipped.
_BECOMES = {
    Action.WAIT: Outcome.WAITING,
    Action.SET_ASIDE: Outcome.SET_ASIDE,
    Action.STAY_ASIDE: Outcome.SET_ASIDE,
    Action.GIVE_UP: Outcome.SET_ASIDE,
    Action.LOOK_UP: Outcome.PENDING,
    Action.KEEP: Outcome.SENT,
    Action.APPEND: Outcome.SENT,
}


def _as_if_due(rules: Rules) -> Rules:
    """Return rules by which all has been said, and who speaks may stay open."""
    types = {"unknown": "Unknown", **rules.participant_types}
    return replace(
        rules,
        case_delivery="all",
        settle_minutes=0,
        participant_types=types,
        accept_missing=tuple(ACCEPTABLE),
    )


def _view(verdict: Verdict, rules: Rules) -> View | None:
    if not isinstance(verdict, Ready | Invalid):
        return None
    return view_of(verdict.payload, rules.participant_types)


def _number(line: Line, rows: Mapping[str, Sequence[Row]]) -> str | None:
    """Return the number by which people know the record that is the conversation itself."""
    streams = [stream for stream, key in KINDS[line.kind].streams.items() if key == "Id"]
    own = (row for stream in streams for row in rows.get(stream, ()) if row["Id"] == line.id)
    row = next(own, {})
    return text_of(row, "CaseNumber") or text_of(row, "Name")


def without_text(line: Line, terms: Terms) -> Shown:
    """Return what the ledger alone knows of a conversation."""
    prefix = terms.rules.session_id_prefix
    known = explanation(line, {}, Unfit(NO_TEXT), terms.policy, prefix=prefix)
    return Shown(
        known=known if line.erased_at else replace(known, now=str(NO_TEXT)),
        outcome=line.outcome,
        number=None,
        view=None,
        as_if_due=False,
        problems=(),
    )


def shown_of(store: OperatorStore, line: Line, terms: Terms) -> Shown:
    """Take a conversation out of the store."""
    found = store.snapshot_of(line.kind, [line.id])
    rows = found.rows[line.id]
    dropped = any(isinstance(row, DroppedRow) for some in rows.values() for row in some)
    # What was erased is not shown either, though the tap may have read it again.
    if dropped or not rows or line.erased_at:
        return without_text(line, terms)
    return shown(line, rows, terms, Reach(found.coverage, found.filters.get(line.id, ())))


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
    "--limit",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    help="Without an ID: show no more than this many, the latest changed.",
)
def preview(
    settings: Settings,
    keys: tuple[str, ...],
    *,
    file: Path,
    outcomes: tuple[str, ...],
    limit: int,
) -> None:
    """Write a page to read conversations on, as they would be sent: all, or those of each ID.

    An ID is a case number, a Salesforce Id or a session id. The page holds customers' words: only
    you may read the file. It loads nothing and sends nothing.
    """
    rules, policy = assembly_rules(settings), delivery_policy(settings)
    with OperatorStore(settings["store_url"]) as store:
        advised = partial(with_advice, store)
        terms = Terms(rules, policy, datetime.now(UTC), store.settled_names, advised)
        lines, unknown = find_all(store, keys, terms.rules.session_id_prefix)
        total = len(lines)
        if not keys:
            lines, total = store.newest(outcomes or OUTCOMES, limit)
        page = Page(utc(terms.now), total, [shown_of(store, line, terms) for line in lines])
    if lines or not keys:
        write_private(file, page_of(page))
        click.echo(f"{len(lines)} of {total} conversations: {file}")
        click.echo("The page holds customers' words: only you may read it.")
    say_unknown(unknown)
    if unknown:
        sys.exit(1)
