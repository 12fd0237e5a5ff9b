"""The command that has tap-salesforce-chat read just these conversations once more."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import msgspec

from target_creovai.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# About 20 KB of settings: a shell takes several times as much.
CONVERSATIONS_PER_COMMAND = 100
# The tap reads these for the rows of another stream that it reads, and takes no condition.
FOLLOWING = frozenset({"ConversationEntry"})
# Before any row of Salesforce's: a `start_date` that is set would hide the older ones.
BEGINNING = "1999-01-01T00:00:00Z"

# All leave the state alone: without one the tap reads from `start_date` on, and none is kept.
_MELTANO = (
    "meltano --environment={environment} run --full-refresh --no-state-update "
    "tap-salesforce-chat target-creovai"
)
_PIPE = (
    "tap-salesforce-chat --config tap.json --config ENV "
    "| target-creovai --config target.json > /dev/null"
)


def read_from(begin: str | None, environment: str | None) -> str:
    """Return what a shell takes to read everything once more.

    Args:
        begin: From when on; None: from `start_date` on, as the tap's settings have it.
        environment: Meltano's; None: it has not started this process.
    """
    run = _MELTANO.format(environment=environment) if environment else _PIPE
    return f"TAP_SALESFORCE_CHAT_START_DATE={begin} {run}" if begin else run


def commands(wanted: Mapping[str, Iterable[str]], environment: str | None) -> Iterator[str]:
    """Yield what a shell takes to read these again; mostly one command, for many several.

    Args:
        wanted: The Ids of conversations, by kind.
        environment: Meltano's; None: it has not started this process.
    """
    pairs = iter([(kind, key) for kind in KINDS for key in wanted.get(kind, ())])
    while some := list(islice(pairs, CONVERSATIONS_PER_COMMAND)):
        run = _MELTANO.format(environment=environment) if environment else _PIPE
        settings = f"TAP_SALESFORCE_CHAT_FILTERS={_quoted(_filters(some))}"
        yield f"{settings} TAP_SALESFORCE_CHAT_START_DATE={BEGINNING} {run}"


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
    """Quote JSON for a shell; Ids hold nothing that a shell knows, see `staging`."""
    text = msgspec.json.encode(filters).decode().replace('"', r"\"")
    return f'"{text}"'
