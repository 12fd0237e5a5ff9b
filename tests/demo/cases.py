"""Cases: mail threads with quoted history in the ways of several mail clients, and comments."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from tests.demo.people import Person
    from tests.fakes.salesforce import SalesforceOrg

SUPPORT = "support@example.test"

# Subject, then what customer and agent write in turn.
TOPICS = (
    (
        "Invoice 20871 charged twice",
        "Hello,\n\nmy card was charged twice for invoice 20871.\nPlease refund one of the charges.",
        "Hello,\n\nthank you for writing. We see both charges and have refunded the second one.",
        "I can see the refund now.\n\nOne more thing: the invoice still shows the old address.",
        "We have corrected the address, and a new invoice is attached.",
    ),
    (
        "Router drops the connection",
        "Hi,\n\nthe router drops the connection every evening.\nThe light turns red.",
        "Hi,\n\nplease hold the reset button for ten seconds and tell us the firmware version.",
        "It says 3.2.1, and the light is still red after the reset.",
        "That version has a known fault. A new router is on its way to you.",
    ),
    (
        "Lieferung unvollständig",
        "Guten Tag,\n\nin meiner Lieferung fehlen zwei Stühle.\nAuf dem Lieferschein stehen sechs.",
        "Guten Tag,\n\ndas tut uns leid. Die zwei Stühle gehen morgen auf den Weg.",
        "Sie sind angekommen, vielen Dank für die schnelle Hilfe.",
    ),
    (
        "Impossible de me connecter",
        "Bonjour,\n\nje n'arrive plus à me connecter depuis hier.\nLe code n'arrive jamais.",
        "Bonjour,\n\nnous avons renvoyé le code à votre nouvelle adresse.",
        "C'est arrivé, merci beaucoup !",
    ),
    (
        "Cambio de titular",
        "Hola,\n\nquiero cambiar el titular del contrato 5512.\n¿Qué documentos necesitan?",
        "Hola,\n\nnecesitamos una copia de los dos documentos de identidad.",
        "Se los envío adjuntos.",
    ),
)


def quoted_as_gmail(text: str, history: str, author: str, when: datetime) -> str:
    """An attribution line, then `>` before every line of the history."""
    quote = "\n".join(f"> {line}" if line else ">" for line in history.splitlines())
    return f"{text}\n\nOn {when:%a, %b %d, %Y} at {when:%H:%M} {author} wrote:\n\n{quote}"


def quoted_as_outlook(text: str, history: str, author: str, when: datetime) -> str:
    """A block of header lines, then the history as it was."""
    header = (
        f"From: {author}\nSent: {when:%A, %B %d, %Y %H:%M}\nTo: {SUPPORT}\nSubject: RE: your case"
    )
    return f"{text}\n\n{header}\n\n{history}"


def quoted_as_salesforce(text: str, history: str, author: str, when: datetime) -> str:
    """What the case feed's reply button writes."""
    header = f"From: {author}\nSent: {when:%m/%d/%Y %H:%M}\nTo: {SUPPORT}\nSubject: your case"
    return f"{text}\n\n--------------- Original Message ---------------\n{header}\n\n{history}"


QUOTING: tuple[Callable[[str, str, str, datetime], str], ...] = (
    quoted_as_gmail,
    quoted_as_outlook,
    quoted_as_salesforce,
)


@dataclass(slots=True)
class Thread:
    """The mails of a case so far; every reply quotes all that came before."""

    history: str = ""
    author: str = ""
    when: datetime | None = None
    count: int = field(default=0)

    def say(self, text: str, author: str, when: datetime, quote: Callable[..., str]) -> str:
        """Return the full text of the next mail."""
        mail = quote(text, self.history, self.author, self.when) if self.when else text
        self.history, self.author, self.when = mail, author, when
        self.count += 1
        return mail


@dataclass(frozen=True, slots=True)
class CaseDesk:
    """Adds cases to an org."""

    org: SalesforceOrg
    rng: random.Random
    agents: list[Person]
    customers: list[Person]

    def add(self, opened: datetime, *, closed: bool, **values: Any) -> str:
        """Add a case with its mails and a comment or two; return its Id."""
        subject, *turns = self.rng.choice(TOPICS)
        agent, customer = self.rng.choice(self.agents), self.rng.choice(self.customers)
        ended = opened + timedelta(hours=20 * len(turns))
        case_id = self.org.add(
            "Case",
            Subject=subject,
            # Email-to-Case copies the mail that opens the case.
            Description=turns[0],
            Origin="Email",
            Status="Closed" if closed else "Working",
            IsClosed=closed,
            ClosedDate=ended if closed else None,
            Priority=self.rng.choice(("Low", "Medium", "High")),
            ContactId=customer.id,
            OwnerId=agent.id,
            CreatedDate=opened,
            LastModifiedDate=ended,
            SystemModstamp=ended,
            **values,
        )
        self._add_mails(case_id, opened, turns, agent, customer)
        self.comment(case_id, ended, agent, "Callback promised for Friday.", published=False)
        if self.rng.random() < 0.5:
            self.comment(
                case_id, ended, agent, "We keep this case open for a week.", published=True
            )
        return case_id

    def _add_mails(
        self, case_id: str, opened: datetime, turns: list[str], agent: Person, customer: Person
    ) -> None:
        thread, quote = Thread(), self.rng.choice(QUOTING)
        for number, text in enumerate(turns):
            when = opened + timedelta(hours=20 * number, seconds=-30 if number == 0 else 0)
            incoming = number % 2 == 0
            author = customer if incoming else agent
            full = thread.say(text, f"{author.name} <{author.email}>", when, quote)
            self.mail(case_id, when, author, full, incoming=incoming)

    def mail(
        self, case_id: str, when: datetime, author: Person, text: str, *, incoming: bool
    ) -> str:
        """Add a mail; some have HTML only."""
        html = self.rng.random() < 0.3
        markup = "<br>".join(escape(line) for line in text.splitlines())
        return self.org.add(
            "EmailMessage",
            ParentId=case_id,
            Incoming=incoming,
            Status="1" if incoming else "3",
            FromAddress=author.email if incoming else SUPPORT,
            FromName=author.name,
            ToAddress=SUPPORT if incoming else author.email,
            Subject="RE: your case",
            TextBody=None if html else text,
            HtmlBody=f"<html><body>{markup}</body></html>" if html else None,
            MessageDate=when,
            CreatedDate=when,
            LastModifiedDate=when,
            SystemModstamp=when,
            **({} if incoming else {"CreatedById": author.id}),
        )

    def comment(
        self, case_id: str, when: datetime, author: Person, text: str, *, published: bool
    ) -> str:
        """Add a comment by an agent."""
        return self.org.add(
            "CaseComment",
            ParentId=case_id,
            CommentBody=text,
            IsPublished=published,
            CreatedById=author.id,
            CreatedDate=when,
            LastModifiedDate=when,
            SystemModstamp=when,
        )
