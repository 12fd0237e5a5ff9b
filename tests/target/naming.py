"""Chats in which it is known who speaks: every way to print a name, in every kind of chat.

The layout is that of captured bodies: centred headers, `Chat Transferred From A To B`, and
`Agent Chatbot successfully transferred the chat to skill`. That an agent joins a conference, or
hands a chat over to a bot, is in the object reference (LiveChatTranscriptEvent.Type); its words
are made up after these.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING, Any, Final

from tests.target.rows import AGENT_ID, CONTACT_ID, Record, chat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

OMAR: Final = {"Name": "Omar Ortiz", "FirstName": "Omar", "LastName": "Ortiz"}
ADMIN: Final = {"Name": "Data Admin", "FirstName": "Data", "LastName": "Admin"}
BEA: Final = {"Name": "Bea Lund", "FirstName": "Bea", "LastName": "Lund"}
AGENTS: Final = ("Omar O", "Acme Support", "Omar", "Omar Ortiz")
VISITORS: Final = ("Visitor", "Bea Lund", "Bea", "Besucher")
ODD_VISITORS: Final = (
    "Visitor 12",
    "Bea L.",
    "System",
    "Agent",
    "bea@x.example",
    "Cliente",
    "Lund, Bea",
)
BOTS: Final = ("Chatbot", "Ziggy")
FROM_BOT: Final = "Agent Chatbot successfully transferred the chat to skill"


@dataclass(frozen=True)
class Naming:
    """How the same few people are called, and what the record knows of them."""

    agent: str
    visitor: str
    bot: str = "Ziggy"
    second: str = "Tina K"
    contact: bool = False
    owner: dict[str, str] = field(default_factory=lambda: OMAR)
    visitor_begins: bool = False
    counted: bool = False
    detail: bool = False
    """Whether the header, or a notice, says what it may leave out."""


@dataclass
class Written:
    """A body in the making, and whose words are whose: what is said names its speaker's role."""

    body: str = ""
    clock: int = 9
    seconds: int = 0
    said: Counter[str] = field(default_factory=Counter)

    def start(self, *headers: str) -> None:
        """Begin a segment."""
        started = f"Chat Started: Monday, May 06, 2024, {self.clock:02}:00:00 (+0000)"
        self.clock, self.seconds = self.clock + 1, 0
        for text in (started, "Chat Origin: Support Web", *headers):
            self.note(text)

    def note(self, text: str) -> None:
        """Write a centred line."""
        self.body += f'<p align="center">{text}</p>'

    def say(self, role: str, name: str) -> None:
        """Write a message that names its speaker's role."""
        self.seconds += 7
        self.said[role] += 1
        self.body += f"( {self.seconds}s ) {name}: {role} says {self.said.total()}<br>"

    def talk(self, naming: Naming, role: str, name: str) -> None:
        """Write a short dialogue between the visitor and somebody who answers."""
        if naming.visitor_begins:
            self.say("customer", naming.visitor)
        self.say(role, name)
        self.say("customer", naming.visitor)


def plain(written: Written, naming: Naming) -> None:
    """An agent and the visitor."""
    written.start("Agent Omar O")
    written.talk(naming, "agent", naming.agent)


def silent(written: Written, naming: Naming) -> None:
    """An agent who says nothing."""
    written.start("Agent Omar O")
    written.say("customer", naming.visitor)
    written.say("customer", naming.visitor)


def conference(written: Written, naming: Naming) -> None:
    """A second agent joins."""
    plain(written, naming)
    if naming.detail:
        written.note(f"Agent {naming.second} joined the conference")
    written.say("agent", naming.second)


def bot_alone(written: Written, naming: Naming) -> None:
    """Nobody but the bot answers."""
    written.start(*["Agent Chatbot"] * naming.detail)
    written.talk(naming, "bot", naming.bot)


def bot_then_agent(written: Written, naming: Naming) -> None:
    """A bot hands over to an agent."""
    written.start()
    written.talk(naming, "bot", naming.bot)
    written.note(FROM_BOT)
    transfer = f"Chat Transferred From {naming.bot} To {naming.agent}"
    written.start(transfer if naming.detail else "Agent Omar O")
    written.talk(naming, "agent", naming.agent)


def agent_then_bot(written: Written, naming: Naming) -> None:
    """An agent hands over to a bot."""
    plain(written, naming)
    if naming.detail:
        written.note(f"Agent {naming.agent} successfully transferred the chat to bot {naming.bot}")
    written.start(f"Chat Transferred From {naming.agent} To {naming.bot}")
    written.say("bot", naming.bot)


def agent_then_agent(written: Written, naming: Naming) -> None:
    """An agent hands over to another one."""
    plain(written, naming)
    transfer = f"Chat Transferred From {naming.agent} To {naming.second}"
    written.start(transfer if naming.detail else "Agent Tina K")
    written.talk(naming, "agent", naming.second)


def bot_then_two_agents(written: Written, naming: Naming) -> None:
    """A bot hands over to an agent, who hands over to another one."""
    bot_then_agent(written, naming)
    written.start(f"Chat Transferred From {naming.agent} To {naming.second}")
    written.talk(naming, "agent", naming.second)


KINDS: Final[tuple[Callable[[Written, Naming], None], ...]] = (
    plain,
    silent,
    conference,
    bot_alone,
    bot_then_agent,
    agent_then_bot,
    agent_then_agent,
    bot_then_two_agents,
)


def row_of(kind: Callable[[Written, Naming], None], naming: Naming) -> Record:
    """Return the row of such a chat."""
    written = Written()
    kind(written, naming)
    counted = naming.counted or kind is silent
    return chat(
        Body=written.body,
        IsChatbotSession="bot" in written.said,
        ContactId=CONTACT_ID if naming.contact else None,
        Contact=BEA if naming.contact else None,
        OwnerId=AGENT_ID,
        Owner=naming.owner | {"Email": "owner@x.example", "Type": "User"},
        OperatorMessageCount=written.said["agent"] if counted else None,
        VisitorMessageCount=written.said["customer"] if counted else None,
    )


def combinations() -> Iterator[tuple[str, Record]]:
    """Yield every kind of chat with every usual naming, the record's counts being unknown."""
    flags = (False, True)
    for kind in KINDS:
        bots = BOTS if "bot" in kind.__name__ else BOTS[1:]
        for agent, visitor, bot, contact, begins in product(AGENTS, VISITORS, bots, flags, flags):
            naming = Naming(agent, visitor, bot, contact=contact, visitor_begins=begins)
            yield kind.__name__, row_of(kind, naming)


def random_chat(random: Random) -> Record:
    """Return some chat of any kind, with any naming."""
    flags: Sequence[bool] = (False, True)
    naming = Naming(
        random.choice(AGENTS),
        random.choice(VISITORS + ODD_VISITORS),
        random.choice((*BOTS, "Pepper Chatbot", "Acme Assistant")),
        random.choice(("Tina K", "Tina King", "Acme Billing")),
        random.choice(flags),
        random.choice((OMAR, ADMIN)),
        *random.choices(flags, k=3),
    )
    return row_of(random.choice(KINDS), naming)


def sides(payload: dict[str, Any]) -> set[tuple[str, str]]:
    """Return in which role somebody spoke, and which role that really is."""
    return {
        (who["type"].lower(), message["content"].partition(" ")[0])
        for who in payload["participants"]
        for message in who["messages"]
    }
