"""Rows with a canary in every place where Salesforce holds text."""

from __future__ import annotations

from typing import Any

from tests.target.messaging_rows import answer, entries, entry, message, says, session
from tests.target.rows import (
    COMPLETED,
    STARTED,
    Record,
    case,
    chat,
    comment,
    mail,
    reply,
    singer,
    transcript,
)

# Every canary holds this word, and a number that tells which one it was.
SONG = "kanarienvogel"


class Birds:
    """Makes canaries, each one different."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> str:
        self.count += 1
        return f"{SONG}{self.count}"

    def person(self, **fields: Any) -> dict[str, Any]:
        """Return a parent of which every text is a canary."""
        first, last = self(), self()
        return {
            "FirstName": first,
            "LastName": last,
            "Name": f"{first} {last}",
            "Email": f"{self()}@{self()}.example",
            "Username": f"{self()}@{self()}.example",
            "Phone": self(),
            **fields,
        }

    def texts(self, *names: str) -> dict[str, Any]:
        """Return a canary for each field."""
        return {name: self() for name in names}


def birdcage() -> list[Record]:
    """Return rows of all streams with canaries wherever Salesforce holds text."""
    bird = Birds()
    agent, customer = bird.person(Type="User", UserType="Standard"), bird.person()
    body = transcript(
        f"( 1s ) {agent['Name']}: {bird()} <b>{bird()}</b>",
        f"( 2s ) {customer['Name']}: {bird()} {bird()}@{bird()}.example",
        agent=agent["Name"],
    )
    people: dict[str, Any] = {"CreatedBy": agent, "Owner": agent, "Contact": customer}
    parents: dict[str, Any] = {"Account": bird.texts("Name"), "RecordType": bird.texts("Name")}
    return [
        case(
            **people,
            **parents,
            **bird.texts("Description", "Subject", "Origin", "CaseNumber", "Comments", "Tier__c"),
            **bird.texts("SuppliedName", "SuppliedEmail", "SuppliedPhone", "Priority", "Reason"),
        ),
        comment(CommentBody=bird(), CreatedBy=agent),
        mail(
            CreatedBy=agent,
            **bird.texts("TextBody", "HtmlBody", "FromAddress", "FromName", "Subject", "ToAddress"),
        ),
        reply(
            TextBody=None,
            HtmlBody=f"<p>{bird()}</p><blockquote>{bird()}</blockquote>",
            CreatedBy=agent,
            **bird.texts("FromAddress", "FromName", "Headers"),
        ),
        chat(
            **people,
            **bird.texts("SupervisorTranscriptBody", "Browser", "IpAddress", "Location", "Name"),
            Body=body,
            LiveChatVisitor=bird.texts("SessionKey"),
        ),
        *enhanced_chat(bird, agent, customer),
    ]


def enhanced_chat(bird: Birds, agent: Any, customer: Any) -> list[Record]:
    """Return a messaging session and entries of many forms, odd ones among them."""
    joined = {"participant": {"subject": "005X", "role": bird()}, "displayName": bird()}
    payloads: list[Any] = [
        says(f"{bird()} {bird()}"),
        message("ChoicesMessage", choices={"text": bird(), "optionItems": [bird.texts("title")]}),
        message("StaticContentMessage", staticContent={"formatType": bird(), "text": bird()}),
        message(bird(), **{bird(): bird()}),
        {"entries": [joined], bird(): bird()},
        f'{{"no JSON: {bird()}',
    ]
    names = bird.texts("SenderName", "MessageText", "ConversationIdentifier")
    return [
        session(
            Owner=agent,
            EndUserContact=customer,
            MessagingEndUser=bird.texts("Name"),
            **bird.texts("PreviewDetails", "ChannelEndUserFormula", "SessionKey", "Notes__c"),
        ),
        *entries(
            *(entry(n, Payload=payload, **names) for n, payload in enumerate(payloads)),
            answer(10, EntryType=bird(), SenderRole=bird(), Payload=says(bird())),
            answer(11, EntryType="Note", Payload=says(bird())),
            answer(12, SenderRole=bird(), SenderId=bird(), Payload=says(bird())),
        ),
    ]


ROWS = birdcage()
INPUT = singer(STARTED, *ROWS, COMPLETED)
(CHAT,) = (record.row for record in ROWS if record.stream == "LiveChatTranscript")


def unknown_speakers() -> Record:
    """Return a chat of which nobody can tell who speaks."""
    bird = Birds()
    return chat(8, Body=transcript(*(f"( {n}s ) {bird()}: {bird()}" for n in range(9))))
