"""The labelled set: transcripts and mails, each with what a careful reader would make of it.

A file holds many cases. `@@ name` begins one; lines of `key: value` say what the record knows;
`--- kind` begins a section: the body in some rendering, then what is expected of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self

from target_creovai.model.participants import Role
from target_creovai.parsers.transcript import KnownNames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

HERE: Final = Path(__file__).parent

# How a body that is written on many lines here arrives. HTML bodies have no newline at all.
RENDERINGS: Final[dict[str, Callable[[str], str]]] = {
    "html": lambda body: body.replace("\n", ""),
    "html-as-is": str,
    "text": str,
    "text-crlf": lambda body: body.replace("\n", "\r\n"),
    "flat": lambda body: body.replace("\n", " "),
    "tabs": lambda body: body.replace("\n", "\t"),
    "glued": lambda body: body.replace("\n", ""),
}


@dataclass(frozen=True, slots=True)
class Said:
    """One message, as labelled or as parsed; `at` ends in `~` when the time is derived."""

    at: str
    role: str
    speaker: str
    text: str


@dataclass(frozen=True, slots=True)
class Chat:
    """A labelled transcript; `said` is None when it must be refused."""

    name: str
    language: str
    body: str
    names: KnownNames
    start: datetime | None
    chatbot: bool
    said: tuple[Said, ...] | None
    left_over: str

    @classmethod
    def of(cls, name: str, facts: Mapping[str, str], sections: Mapping[str, str]) -> Self:
        rendering, body = next((kind, text) for kind, text in sections.items() if text)
        start = facts.get("start")
        return cls(
            name=name,
            language=facts["language"],
            body=RENDERINGS[rendering](body),
            names=KnownNames(
                agents=_listed(facts, "agents"),
                customers=_listed(facts, "customers"),
                bots=_listed(facts, "bots"),
                patterns=_rules(facts.get("rules", "")),
            ),
            start=datetime.fromisoformat(start) if start else None,
            chatbot="chatbot" in facts,
            said=None if "refused" in sections else tuple(_said(sections["said"])),
            left_over=sections.get("left over", ""),
        )


@dataclass(frozen=True, slots=True)
class Mail:
    """A labelled mail; `own` is what its author wrote in it."""

    name: str
    language: str
    text: str | None
    html: str | None
    subject: str | None
    earlier: tuple[str, ...]
    strip_signatures: bool
    own: str

    @classmethod
    def of(cls, name: str, facts: Mapping[str, str], sections: Mapping[str, str]) -> Self:
        return cls(
            name=name,
            language=facts["language"],
            text=sections.get("text"),
            html=sections.get("html"),
            subject=facts.get("subject"),
            earlier=tuple(text for kind, text in sections.items() if kind.startswith("earlier")),
            strip_signatures="strip signatures" in facts,
            own=sections["own"],
        )


def chats() -> list[Chat]:
    """Return all labelled transcripts."""
    return [Chat.of(*case) for case in _cases("transcripts")]


def mails() -> list[Mail]:
    """Return all labelled mails."""
    return [Mail.of(*case) for case in _cases("mails")]


def _cases(folder: str) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
    for path in sorted((HERE / folder).glob("*.txt")):
        _, *cases = re.split(r"^@@ ", path.read_text("utf-8"), flags=re.MULTILINE)
        for case in cases:
            head, *pieces = re.split(r"^--- ([a-z][a-z0-9 -]*)\n", case, flags=re.MULTILINE)
            name, *facts = head.strip().split("\n")
            sections = zip(pieces[::2], (text.strip("\n") for text in pieces[1::2]), strict=True)
            yield (
                f"{path.stem}/{name}",
                dict(fact.split(": ", 1) for fact in facts),
                dict(sections),
            )


def _listed(facts: Mapping[str, str], key: str) -> frozenset[str]:
    return frozenset(filter(None, facts.get(key, "").split(", ")))


def _rules(text: str) -> tuple[tuple[re.Pattern[str], Role], ...]:
    pattern, _, role = text.partition(" = ")
    return ((re.compile(pattern), Role(role)),) if role else ()


def _said(section: str) -> Iterator[Said]:
    """Yield the messages of lines `time | role | speaker | text`, below a line with the date."""
    day = ""
    for line in filter(None, section.split("\n")):
        if "|" not in line:
            day = date.fromisoformat(line).isoformat()
            continue
        at, role, speaker, text = (part.strip() for part in line.split("|", 3))
        yield Said(f"{day}T{at}", role, speaker, text.replace("\\n", "\n"))
