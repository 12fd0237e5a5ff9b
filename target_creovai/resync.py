"""The commands by which the tap reads the rows of some conversations once more."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from target_creovai.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from target_creovai.shell import Shell

# About 20 KB of settings: a shell takes several times as much.
CONVERSATIONS_PER_COMMAND = 100
# The tap reads these for the rows of another stream that it reads, and takes no condition.
FOLLOWING = frozenset({"ConversationEntry"})
# Before any row of Salesforce's: a `start_date` that is set would hide the older ones.
BEFORE_ALL_ROWS = "1999-01-01T00:00:00Z"


def read_from(begin: str | None, shell: Shell) -> str:
    """Return the shell command that reads everything once more.

    Args:
        begin: From which time on; None: from the tap's setting `start_date` on.
        shell: How commands are typed here.
    """
    return f"TAP_SALESFORCE_CHAT_START_DATE={begin} {shell.sync}" if begin else shell.sync


def commands(wanted: Mapping[str, Iterable[str]], shell: Shell) -> Iterator[str]:
    """Yield the shell commands that read these again: one for a hundred conversations.

    Args:
        wanted: The Ids of conversations, by kind.
        shell: How commands are typed here.
    """
    pairs = iter([(kind, key) for kind in KINDS for key in wanted.get(kind, ())])
    while some := list(islice(pairs, CONVERSATIONS_PER_COMMAND)):
        settings = f"TAP_SALESFORCE_CHAT_FILTERS={_quoted(_filters(some))}"
        yield f"{settings} TAP_SALESFORCE_CHAT_START_DATE={BEFORE_ALL_ROWS} {shell.sync}"


def _filters(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Return a SOQL condition for every stream of ours, also where nothing is wanted of it."""
    return {
        stream: _condition(field, [key for of_kind, key in pairs if of_kind == kind.name])
        for kind in KINDS.values()
        for stream, field in kind.streams.items()
        if stream not in FOLLOWING
    }


def _condition(field: str, keys: Sequence[str]) -> str:
    listed = ", ".join(f"'{key}'" for key in keys)
    return f"{field} IN ({listed})" if keys else "Id = null"


def _quoted(filters: dict[str, str]) -> str:
    """Quote JSON for a shell; `input.staging` takes no Id that a shell would interpret."""
    text = msgspec.json.encode(filters).decode().replace('"', r"\"")
    return f'"{text}"'
