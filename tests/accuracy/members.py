"""Threads that are members of a class of mistakes, each with what of its last mail is the writer's.

A file is a class. In a case, `--- mail` or `--- html mail` begins a mail; the sections below it say
more of it. Customer and agent write in turn, unless `--- sent` or `--- received` says otherwise.
`is` is all that comes out, `holds` and `lacks` have a phrase per line; white space doesn't count.
A case without a `why` has that of the case above.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from tests.accuracy.cases import labelled
from tests.target.rows import at, case, mail, reply
from tests.target.support import payload_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.accuracy.cases import Sections
    from tests.target.rows import Record


@dataclass(slots=True)
class Written:
    """One mail of a thread."""

    incoming: bool
    text: str | None = None
    html: str | None = None
    subject: str = "Re: device"


@dataclass(slots=True)
class Member:
    """A thread, and what is expected of its last mail."""

    name: str
    strip_signatures: bool
    mails: list[Written] = field(default_factory=list)
    exact: str | None = None
    holds: list[str] = field(default_factory=list)
    lacks: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, name: str, facts: Mapping[str, str], sections: Sections) -> Member:
        """Return the member that a case in a file is."""
        member = cls(name, "strip signatures" in facts)
        for kind, text in sections:
            if kind in BODIES:
                member.mails.append(Written(incoming=len(member.mails) % 2 == 0))
            READERS[kind](member, text)
        return member

    def content(self) -> str:
        """Return what comes out of the last mail, through a case; white space as single spaces."""
        rows = [case(), *(_row(number, one) for number, one in enumerate(self.mails, 1))]
        payload = payload_of(*rows, strip_signatures=self.strip_signatures)
        last = max(payload["messages"], key=lambda message: message["utcTimestamp"])
        assert len(payload["messages"]) == len(self.mails)
        return flat(last["content"])


def flat(text: str) -> str:
    """Return a text with single spaces for its white space."""
    return " ".join(text.split())


BODIES: Final = frozenset({"mail", "html mail"})
READERS: Final[dict[str, Callable[[Member, str], None]]] = {
    "mail": lambda member, text: setattr(member.mails[-1], "text", text),
    "html mail": lambda member, text: setattr(member.mails[-1], "html", text),
    "html of it": lambda member, text: setattr(member.mails[-1], "html", text),
    "subject of it": lambda member, text: setattr(member.mails[-1], "subject", text),
    "sent": lambda member, _: setattr(member.mails[-1], "incoming", False),
    "received": lambda member, _: setattr(member.mails[-1], "incoming", True),
    "is": lambda member, text: setattr(member, "exact", flat(text)),
    "holds": lambda member, text: member.holds.extend(map(flat, text.split("\n"))),
    "lacks": lambda member, text: member.lacks.extend(map(flat, text.split("\n"))),
}


def members() -> list[Member]:
    """Return all members of all classes."""
    return [Member.of(*row) for row in labelled("members")]


def _row(number: int, written: Written) -> Record:
    return (mail if written.incoming else reply)(
        number,
        TextBody=written.text,
        HtmlBody=written.html,
        Subject=written.subject,
        MessageDate=at(f"10:{number:02}"),
    )
