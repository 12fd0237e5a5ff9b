"""Legacy chats: real small talk between two people, in Salesforce's transcript markup."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from itertools import islice
from typing import TYPE_CHECKING, Any

from chitchat_dataset import Dataset

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from tests.demo.people import Person
    from tests.fakes.salesforce import SalesforceOrg

BOT = "Pixel Bot"
SHORTEST, LONGEST = 6, 60

# What the data set, English only, does not show: (customer's line, agent's line) in turn.
OTHER_LANGUAGES = (
    (
        "Guten Tag, meine Rechnung stimmt nicht.",
        "Das tut mir leid. Welche Nummer hat sie?",
        "Nr. 4711: dort steht 2x derselbe Posten.",
        "Ich habe ihn storniert. Schönen Tag noch!",
    ),
    (
        "Bonjour, je n'arrive plus à me connecter.",
        "Bonjour ! Avez-vous changé d'appareil ?",
        "Oui, hier : un nouveau téléphone.",
        "Voici un lien pour l'enregistrer.",
    ),
    (
        "Hola, ¿cuándo llega mi pedido?",
        "Mañana antes de las 14:00.",
        "¿Y puedo cambiar la dirección?",
        "Claro, dígame la nueva.",
    ),
    (
        "こんにちは。パスワードを忘れました。",
        "再設定のメールをお送りしました。",
        "届きました。ありがとうございます！",
        "よかったです。",
    ),
    (
        "Goedemiddag, mijn router knippert rood.",
        "Hoe lang al?",
        "Sinds gisteren ( 5s ) na elke herstart.",
        "Ik stuur een nieuwe.",
    ),
    ("Cześć, paczka przyszła uszkodzona.", "Przykro mi. Wyślemy nową.", "Dziękuję!", "Proszę."),
)

Said = tuple[bool, str, int]
"""By the customer?, text, seconds since the chat started."""


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What two people wrote."""

    lines: tuple[Said, ...]

    @property
    def seconds(self) -> int:
        """How long it took."""
        return max(seconds for _, _, seconds in self.lines) + 5


def real_dialogues(count: int) -> Iterator[Dialogue]:
    """Yield human chats of a fair length, always the same ones."""
    fair = (
        said
        for conversation in Dataset().values()
        if SHORTEST <= len(said := list(_said(conversation["messages"]))) <= LONGEST
        and len({by_customer for by_customer, _, _ in said}) == 2
    )
    for said in islice(fair, count):
        yield Dialogue(tuple(said))


def _said(turns: list[list[dict[str, str]]]) -> Iterator[Said]:
    messages = [message for turn in turns for message in turn]
    start = datetime.fromisoformat(messages[0]["timestamp"])
    for message in messages:
        since = datetime.fromisoformat(message["timestamp"]) - start
        # Some of those chats went on for days: nobody keeps a support chat open so long.
        seconds = int(since.total_seconds()) % 7200
        yield message["sender"] == messages[0]["sender"], message["text"], seconds


def other_dialogues() -> Iterator[Dialogue]:
    """Yield the scripted ones in other languages."""
    for lines in OTHER_LANGUAGES:
        yield Dialogue(tuple((n % 2 == 0, text, 25 * n + 8) for n, text in enumerate(lines)))


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a chat is played: who, when, and under which names."""

    started: datetime
    agent: Person
    agent_label: str
    visitor: str
    queue: str


def render_body(dialogue: Dialogue, stage: Stage, *, bot: bool = False) -> str:
    """Write a dialogue as LiveChatTranscript.Body; with `bot`, one opens and hands over."""
    if not bot:
        agent = _centred(f"Agent {stage.agent_label}")
        return _segment(stage.started, stage.queue, agent, _entries(dialogue, stage))
    greeting = _entry(2, BOT, "Hi! I'm a bot. What is it about?") + _entry(
        9, stage.visitor, "A person please"
    )
    handover = _centred("Agent Chatbot successfully transferred the chat to skill")
    arrival = _centred(f"Chat Transferred From {BOT} To {stage.agent_label}")
    later = stage.started + timedelta(seconds=20)
    return (
        _segment(stage.started, stage.queue, "", greeting)
        + handover
        + _segment(later, stage.queue, arrival, _entries(dialogue, stage))
    )


def _segment(started: datetime, queue: str, agent: str, entries: str) -> str:
    when = started.strftime("%A, %B %d, %Y, %H:%M:%S (%z)")
    return _centred(f"Chat Started: {when}") + _centred(f"Chat Origin: {queue}") + agent + entries


def _entries(dialogue: Dialogue, stage: Stage) -> str:
    return "".join(
        _entry(seconds, stage.visitor if by_customer else stage.agent_label, text)
        for by_customer, text, seconds in dialogue.lines
    )


def _entry(seconds: int, name: str, text: str) -> str:
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    offset = f"{f'{hours}h ' if hours else ''}{f'{minutes}m ' if minutes else ''}{rest}s"
    return f"( {offset} ) {escape(name)}: {escape(text)}<br>"


def _centred(text: str) -> str:
    return f'<p align="center">{escape(text)}</p>'


@dataclass(frozen=True, slots=True)
class ChatDesk:
    """Adds chats to an org."""

    org: SalesforceOrg
    rng: random.Random
    agents: list[Person]
    customers: list[Person]
    button: str
    deployment: str

    def add(self, dialogue: Dialogue, started: datetime, *, bot: bool, case_id: str | None) -> str:
        """Add a finished chat; return its Id."""
        agent, customer = self.rng.choice(self.agents), self.rng.choice(self.customers)
        known = self.rng.random() < 0.6
        stage = Stage(
            started=started,
            agent=agent,
            agent_label=self.rng.choice((agent.label, agent.label, "Support")),
            visitor=self.rng.choice((customer.name, "Visitor")),
            queue=self.rng.choice(("Web EN", "Billing", "Store chat: returns")),
        )
        return self.add_row(
            started,
            Status="Completed",
            Body=render_body(dialogue, stage, bot=bot),
            EndTime=started + timedelta(seconds=dialogue.seconds + 30),
            ChatDuration=dialogue.seconds + 30,
            IsChatbotSession=bot,
            EndedBy=self.rng.choice(("Agent", "Visitor")),
            OwnerId=agent.id,
            ContactId=customer.id if known else None,
            CaseId=case_id,
        )

    def add_row(self, started: datetime, **values: Any) -> str:
        """Add a transcript with what every one has."""
        visitor = self.org.add("LiveChatVisitor")
        return self.org.add(
            "LiveChatTranscript",
            LiveChatVisitorId=visitor,
            LiveChatButtonId=self.button,
            LiveChatDeploymentId=self.deployment,
            RequestTime=started - timedelta(seconds=20),
            StartTime=started,
            CreatedDate=started,
            LastModifiedDate=values.get("EndTime", started),
            SystemModstamp=values.get("EndTime", started),
            **values,
        )
