"""Who is who in a transcript: agent, customer or bot, by evidence.

A speaker is a printed name, and nothing in the line says which side it belongs to. `_EVIDENCE`
lists what does, the strongest first; what comes after it (`_hear_bot`, `_eliminate`) needs the
roles that the list has given. Whoever remains is `Role.UNKNOWN`: a wrong side is worse than none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from target_creovai.model import Role
from target_creovai.parsers.transcript.words import LABELS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_INVISIBLE: Final = re.compile("[\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_OPPOSITE: Final = {
    Role.CUSTOMER: Role.AGENT,
    Role.AGENT: Role.CUSTOMER,
    Role.BOT: Role.CUSTOMER,
}
# Roles that one segment settles help in another, and back; no real chat needs more.
_ROUNDS: Final = 3
_PAIR: Final = 2


@dataclass(frozen=True, slots=True)
class KnownNames:
    """Names that the record's other fields supply.

    Attributes:
        agents: Full names; the short forms that chats print ("Ann B", "Ann B.") are derived.
        customers: Names of the visitor, contact or lead, as printed.
        bots: Names that bots sign with, as printed.
        rules: House rules, the strongest evidence: the first pattern found in a name decides.
    """

    agents: frozenset[str] = frozenset()
    customers: frozenset[str] = frozenset()
    bots: frozenset[str] = frozenset()
    rules: tuple[tuple[re.Pattern[str], Role], ...] = ()


@dataclass(frozen=True, slots=True)
class Transfer:
    """`Chat Transferred From A To B`; `by_bot` when a notice just before it names the bot."""

    giver: str
    taker: str
    by_bot: bool


@dataclass(slots=True)
class Scene:
    """What one segment says about its speakers."""

    agent: str | None = None
    transfers: list[Transfer] = field(default_factory=list)
    speakers: dict[str, str | None] = field(default_factory=dict)
    """Each printed name, in order of appearance, with the part printed beside it, if any."""
    others: list[str] = field(default_factory=list)
    """Agents whom notices name."""


@lru_cache(maxsize=1024)
def name_key(name: str) -> str:
    """Return what two printings of the same name have in common."""
    return " ".join(_INVISIBLE.sub("", name).casefold().split()).rstrip(".")


@lru_cache(maxsize=1024)
def short_forms(name: str) -> frozenset[str]:
    """Return the name and its short forms, as keys.

    Where the first name ends is not known: "Ana María López" may sign as "Ana M" or "Ana María L".
    """
    words = name_key(name).split()
    initials = {" ".join([*words[:count], words[count][0]]) for count in range(1, len(words))}
    return frozenset(initials | {" ".join(words)})


def assign_roles(
    scenes: Sequence[Scene], names: KnownNames, *, chatbot_session: bool
) -> list[dict[str, Role]]:
    """Return, for each segment, the role of each printed name."""
    cast = _Cast(scenes, names)
    settled = [cast.settle(scene) for scene in scenes]
    if chatbot_session:
        _hear_bot(scenes, settled)
    for _ in range(_ROUNDS):
        if all(None not in roles.values() for roles in settled):
            break
        _carry_over(settled)
        _eliminate(scenes, settled)
    return [{name: role or Role.UNKNOWN for name, role in roles.items()} for roles in settled]


class _Cast:
    """All that the record and the headers know, as keys of names."""

    def __init__(self, scenes: Iterable[Scene], names: KnownNames) -> None:
        scenes = tuple(scenes)
        self._rules = names.rules
        self._agents = {form for name in names.agents for form in short_forms(name)} - {""}
        self._customers = {name_key(name) for name in names.customers} - {""}
        self._bots = {name_key(name) for name in names.bots} - {""}
        self._headed = {name_key(scene.agent) for scene in scenes if scene.agent}
        self._headed |= {name_key(name) for scene in scenes for name in scene.others}
        transfers = [transfer for scene in scenes for transfer in scene.transfers]
        self._givers = {name_key(each.giver) for each in transfers if each.by_bot}
        self._takers = {name_key(each.taker) for each in transfers}

    def settle(self, scene: Scene) -> dict[str, Role | None]:
        """Return the role of each speaker that the evidence in the list decides."""
        return {
            name: next(
                (role for step in _EVIDENCE if (role := step(self, name, part, scene))), None
            )
            for name, part in scene.speakers.items()
        }

    def by_rule(self, name: str, _part: str | None, _scene: Scene) -> Role | None:
        return next((role for pattern, role in self._rules if pattern.search(name)), None)

    def by_conflict(self, name: str, _part: str | None, _scene: Scene) -> Role | None:
        """A name on both sides decides nothing, and nothing later may decide it either."""
        key = name_key(name)
        sides = self._agents | self._headed | self._takers | self._bots
        return Role.UNKNOWN if key in self._customers and key in sides else None

    def by_record(self, name: str, _part: str | None, _scene: Scene) -> Role | None:
        key = name_key(name)
        if key in self._bots:
            return Role.BOT
        if key in self._agents:
            return Role.AGENT
        return Role.CUSTOMER if key in self._customers else None

    def by_transfer(self, name: str, _part: str | None, _scene: Scene) -> Role | None:
        key = name_key(name)
        if key in self._givers:
            return Role.BOT
        return _agent_or_bot(key) if key in self._takers else None

    def by_header(self, name: str, _part: str | None, scene: Scene) -> Role | None:
        key = name_key(name)
        return _agent_or_bot(key) if scene.agent and key == name_key(scene.agent) else None

    def by_label(self, name: str, part: str | None, _scene: Scene) -> Role | None:
        printed_part = LABELS.get(name_key(part)) if part else None
        return printed_part or LABELS.get(name_key(name))

    def by_other_header(self, name: str, _part: str | None, _scene: Scene) -> Role | None:
        """Who answered in another segment may stay on, or join, as in a conference."""
        key = name_key(name)
        return _agent_or_bot(key) if key in self._headed else None


_EVIDENCE: Final = (
    _Cast.by_rule,
    _Cast.by_conflict,
    _Cast.by_record,
    _Cast.by_transfer,
    _Cast.by_header,
    _Cast.by_label,
    _Cast.by_other_header,
)


def _agent_or_bot(key: str) -> Role:
    """Return the role of a name in an agent's place, where "Chatbot" may stand too."""
    return Role.BOT if LABELS.get(key) is Role.BOT else Role.AGENT


def _hear_bot(scenes: Sequence[Scene], settled: Sequence[dict[str, Role | None]]) -> None:
    """Take who speaks first in a bot's session for the bot, unless a person has answered."""
    for scene, roles in zip(scenes, settled, strict=True):
        if scene.agent or scene.transfers:
            return
        for name, role in roles.items():
            if role is None:
                roles[name] = Role.BOT
            if role in {None, Role.BOT, Role.AGENT}:
                return


def _carry_over(settled: Sequence[dict[str, Role | None]]) -> None:
    """Give a speaker the role that all other segments agree on."""
    found: dict[str, set[Role]] = {}
    for roles in settled:
        for name, role in roles.items():
            if role is not None:
                found.setdefault(name_key(name), set()).add(role)
    for roles in settled:
        for name, role in roles.items():
            others = found.get(name_key(name), set())
            if role is None and len(others) == 1:
                roles[name] = next(iter(others))


def _eliminate(scenes: Sequence[Scene], settled: Sequence[dict[str, Role | None]]) -> None:
    """Where two speak and one is known, the other is the other side."""
    everyone = set().union(*map(_people, settled))
    for scene, roles in zip(scenes, settled, strict=True):
        known = {role for role in roles.values() if role not in {None, Role.SYSTEM}}
        if len(_people(roles)) != _PAIR or len(known) != 1:
            continue
        other = _OPPOSITE.get(known.pop())
        # With more than two in the chat, "not the customer" may still be bot or agent.
        if other is Role.AGENT and len(everyone) > _PAIR and not (scene.agent or scene.transfers):
            continue
        roles.update({name: other for name, role in roles.items() if role is None})


def _people(roles: Mapping[str, Role | None]) -> set[str]:
    return {name_key(name) for name, role in roles.items() if role is not Role.SYSTEM}
