"""What Creovai must have in the end, told from the newest rows alone."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from target_creovai.assemble import Ready, assemble
from target_creovai.kinds import KIND_OF_STREAM
from target_creovai.model.verdicts import Deleted
from target_creovai.payload.payload import BOOKKEEPING
from target_creovai.settings.checks import assembly_settings, problems
from target_creovai.settings.config import CONFIG_SCHEMA
from tests.fakes.creovai.rules import OUT_OF_BAND_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from target_creovai.assemble import Verdict
    from target_creovai.model.rows import Row
    from tests.crash.worlds import Run, World
    from tests.fakes.creovai.tenant import Post

Rows = dict[str, list["Row"]]


@dataclass(frozen=True, slots=True)
class Copy:
    """A conversation as Creovai has it."""

    kind: str
    content: Any
    metadata: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Expected:
    """What is there after a run; `gone` was there and is taken back."""

    copies: dict[str, Copy] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)


class Oracle:
    """Follows a world run by run; keeps no ledger, and knows nothing of deliveries."""

    def __init__(self, world: World, settings: Mapping[str, Any]) -> None:
        config = dict(settings)
        assert problems(config, CONFIG_SCHEMA) == []  # puts the defaults in
        self._rules = assembly_settings(config)
        self._takes_back = world.settings["on_delete"] != "ignore"
        self._newest: dict[tuple[str, str], Row] = {}
        self._expected = Expected()

    def after(self, run: Run) -> Expected:
        """Return what is there once a run has had its way."""
        for stream, row in run.records:
            known = self._newest.get((stream, row["Id"]))
            if known is None or row["SystemModstamp"] >= known["SystemModstamp"]:
                self._newest[stream, row["Id"]] = row
        before = self._expected
        copies, gone = dict(before.copies), set(before.gone)
        for (kind, key), rows in self._conversations().items():
            verdict = assemble(kind, key, rows, self._rules, run.now)
            if key not in gone:
                self._apply(kind, key, verdict, copies, gone)
        self._expected = Expected(copies, gone)
        return self._expected

    def _apply(
        self, kind: str, key: str, verdict: Verdict, copies: dict[str, Copy], gone: set[str]
    ) -> None:
        match verdict:
            case Ready():
                new = _copy(kind, verdict.payload)
                if kind == "chat" and key in copies:
                    new = Copy(kind, copies[key].content, new.metadata)
                copies[key] = new
            case Deleted() if self._takes_back and key in copies:
                gone.add(key)

    def _conversations(self) -> dict[tuple[str, str], Rows]:
        """Return the rows of each conversation, those of cases that it took over included."""
        found: dict[tuple[str, str], Rows] = defaultdict(lambda: defaultdict(list))
        for (stream, _), row in self._newest.items():
            kind = KIND_OF_STREAM[stream]
            for key in self._takers(row[kind.streams[stream]]):
                found[kind.name, key][stream].append(row)
        return found

    def _takers(self, key: str | None) -> Iterator[str]:
        while key:
            yield key
            key = self._newest.get(("Case", key), {}).get("MasterRecordId")


def _copy(kind: str, payload: Mapping[str, Any]) -> Copy:
    content = {name: value for name, value in payload.items() if name != "metadata"}
    return Copy(kind, content, _plain(payload.get("metadata", {})))


def _plain(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what moves with every change, and is no news by itself."""
    return {name: value for name, value in metadata.items() if name not in BOOKKEEPING}


def told(posts: Iterable[Post]) -> tuple[dict[str, Copy], dict[str, list[Any]]]:
    """Return what all that Creovai took amounts to, and the contents of each, post by post."""
    copies: dict[str, Copy] = {}
    contents: dict[str, list[Any]] = defaultdict(list)
    for post in posts:
        last = post.path.rpartition("/")[2]
        if "/outofband/" in post.path:
            copies[post.payload[OUT_OF_BAND_KEYS[last]]].metadata.update(
                _plain(post.payload["metadata"])
            )
        else:
            key = post.payload["sessionId"]
            copies[key] = _copy(last, post.payload)
            contents[key].append(copies[key].content)
    return copies, contents
