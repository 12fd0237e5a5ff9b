"""Enhanced chats: sessions of every kind, with all forms that their entries have.

A scene is what is said in one conversation, as (seconds, who, payload). Payloads have the shape of
Salesforce's own (schema of its Interaction Service): messages of five kinds, and events that are
no messages.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tests.fakes.salesforce.messaging import message, static_text

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tests.demo.people import Person
    from tests.fakes.salesforce import SalesforceOrg

Payload = dict[str, Any]
Line = tuple[int, str, Payload]

CUSTOMER, BOT, AGENT, COLLEAGUE = "customer", "bot", "agent", "colleague"
SUPERVISOR, SYSTEM = "supervisor", "system"
BOT_NAME = "Pixel Bot"
_ROLES = MappingProxyType(
    {
        CUSTOMER: "EndUser",
        BOT: "Chatbot",
        AGENT: "Agent",
        COLLEAGUE: "Agent",
        SUPERVISOR: "Supervisor",
        SYSTEM: "System",
    }
)
# Conversations that come back: seconds from the first session of one to its second.
RETURN = 26 * 3600
SESSION = timedelta(minutes=20)


def text(words: str) -> Payload:
    """Return a message of plain text."""
    return static_text(words)


def static(form: str, **content: Any) -> Payload:
    """Return a message of another static form, such as links and files."""
    return message(staticContent={"formatType": form, **content})


def title(words: str, **more: str) -> Payload:
    """Return a title as menus and links have it."""
    return {"itemType": "TitleItem", "title": words, **more}


def menu(form: str, question: str, *options: str) -> Payload:
    """Return a menu; a carousel has its cards and no text."""
    items = [
        {"itemType": "TitleOptionItem", "optionIdentifier": f"o{n}", "titleItem": title(words)}
        for n, words in enumerate(options)
    ]
    if form == "Carousel":
        cards = [{"titleItem": item["titleItem"], "interactionItems": []} for item in items]
        return message("ChoicesMessage", choices={"formatType": form, "items": cards})
    head = {"title": question} if form == "ListPicker" else {"text": question}
    return message("ChoicesMessage", choices={"formatType": form, **head, "optionItems": items})


def choice(*options: str) -> Payload:
    """Return a customer's answer to a menu."""
    selected = [
        {"optionIdentifier": f"o{n}", "optionTitle": title(words)}
        for n, words in enumerate(options)
    ]
    response = {"formatType": "Selections", "selectedOptions": selected}
    return message("ChoicesResponseMessage", choicesResponse=response)


def form(name: str, *labels: str) -> Payload:
    """Return a form to fill in."""
    sections = [
        {"input": {"inputType": "TextInput", "id": label.lower(), "label": title(label)}}
        for label in labels
    ]
    return message(
        "FormMessage", form={"formatType": "Inputs", "formTitle": title(name), "sections": sections}
    )


def filled_in(**answers: str) -> Payload:
    """Return a customer's answers to a form: by the questions' identifiers alone."""
    values = [
        {
            "inputValueType": "SingleInputValue",
            "inputId": name,
            "value": {"valueType": "TextValue", "textValue": value},
        }
        for name, value in answers.items()
    ]
    response = {"formatType": "Inputs", "inputValues": values}
    return message("FormResponseMessage", formResponse=response)


def joined(who: str, operation: str = "add") -> Payload:
    """Return that somebody came or went; the subject and the name are filled in on stage."""
    return {"entryType": "ParticipantChanged", "entries": [{"operation": operation, "who": who}]}


def event(entry_type: str, **content: Any) -> Payload:
    """Return an event that is no message."""
    return {"entryType": entry_type, **content}


SCENES: Mapping[str, tuple[Line, ...]] = MappingProxyType(
    {
        "plain text": (
            (1, CUSTOMER, text("Hello, is the blue lamp in stock?")),
            (30, AGENT, text("Hi! Yes, twelve of them.\nShall I put one aside?")),
            (55, CUSTOMER, text("Please do 🙂")),
        ),
        "links": (
            (1, CUSTOMER, text("How do I reset it?")),
            (20, AGENT, static("Links", links=[{"url": "https://help.example.test/reset"}])),
            (
                40,
                AGENT,
                static(
                    "RichLink",
                    linkItem={"titleItem": title("Reset your lamp"), "url": "https://example.test"},
                    image={"assetId": "a1", "title": "A lamp"},
                ),
            ),
            (60, AGENT, static("WebView", title=title("Or here"), url="https://example.test/view")),
        ),
        "files": (
            (1, CUSTOMER, text("It arrived like this:")),
            (
                5,
                CUSTOMER,
                static(
                    "Attachments",
                    text="Look at the corner",
                    attachments=[{"id": "f1", "name": "lamp.jpg", "mimeType": "image/jpeg"}],
                ),
            ),
            (
                9,
                CUSTOMER,
                static("Attachments", attachments=[{"id": "f2", "name": "box.pdf"}]),
            ),
            (60, AGENT, text("I am sorry. A new one is on its way.")),
        ),
        "bot with menus": (
            (0, SYSTEM, joined(BOT)),
            (1, BOT, text("I am a bot. Pick a topic.")),
            (2, BOT, menu("Buttons", "What is it about?", "Delivery", "Returns")),
            (9, CUSTOMER, choice("Returns")),
            (10, BOT, menu("ListPicker", "Which order?", "4711", "4712")),
            (15, CUSTOMER, choice("4712")),
            (16, BOT, menu("Carousel", "", "Refund", "Voucher")),
            (20, CUSTOMER, choice("Voucher")),
            (21, BOT, menu("QuickReplies", "Anything else?", "No, thanks")),
            (30, CUSTOMER, choice("No, thanks")),
        ),
        "form": (
            (1, BOT, form("Your order", "Number", "Postcode")),
            (40, CUSTOMER, filled_in(number="4711", postcode="10115")),
            (41, BOT, text("Thank you. It will be with you tomorrow.")),
        ),
        "changed afterwards": (
            (1, CUSTOMER, text("My pin is 4711.")),
            (30, AGENT, text("Thanks. Please never write it down.")),
            (
                60,
                CUSTOMER,
                event("MessageUpdated", updatedMessage=text("My pin is ****.")["abstractMessage"]),
            ),
        ),
        "template": (
            (
                1,
                AGENT,
                static("ExternalTemplate", externalTemplate={"name": "delivery_tomorrow"}),
            ),
            (90, CUSTOMER, text("Great, thanks")),
        ),
        "bot to agent": (
            (0, SYSTEM, joined(BOT)),
            (1, BOT, text("Hi, what can I do for you?")),
            (8, CUSTOMER, text("A person, please")),
            (9, SYSTEM, event("RoutingResult", routingType="Initial", recordId="")),
            (12, SYSTEM, event("RoutingWorkResult", workType="Assigned")),
            (15, SYSTEM, event("RoutingWorkResult", workType="Accepted")),
            (15, SYSTEM, joined(AGENT)),
            (16, SYSTEM, joined(BOT, "remove")),
            (20, AGENT, text("Here is one. How can I help?")),
            (44, CUSTOMER, text("My bill is wrong.")),
        ),
        "between agents": (
            (0, SYSTEM, joined(AGENT)),
            (3, CUSTOMER, text("I want to cancel.")),
            (20, AGENT, text("I pass you on to a colleague.")),
            (25, SYSTEM, event("RoutingResult", routingType="Transfer", recordId="")),
            (26, SYSTEM, joined(COLLEAGUE)),
            (27, SYSTEM, joined(AGENT, "remove")),
            (40, COLLEAGUE, text("Hi, I take over. May I ask why?")),
            (70, CUSTOMER, text("I am moving abroad.")),
        ),
        "whispers": (
            (1, CUSTOMER, text("This is the third time!")),
            (
                10,
                SUPERVISOR,
                event("Note", abstractMessage=text("Offer a voucher")["abstractMessage"]),
            ),
            (30, AGENT, text("I am sorry about that. May I offer you a voucher?")),
            (31, SYSTEM, event("FlagRaise")),
            (50, CUSTOMER, text("All right.")),
            (51, SYSTEM, event("FlagLower")),
        ),
        "noise": (
            (0, SYSTEM, event("SessionStatusChanged", sessionStatus="Active")),
            (1, CUSTOMER, event("TypingStartedIndicator")),
            (2, CUSTOMER, event("TypingStoppedIndicator")),
            (3, CUSTOMER, text("Are you open on Sunday?")),
            (4, SYSTEM, event("DeliveryAcknowledgement")),
            (5, AGENT, event("ReadAcknowledgement")),
            (9, AGENT, text("From ten to four.")),
            (10, SYSTEM, event("MessageDeliveryFailed", errorCode="Unreachable")),
            (11, SYSTEM, event("EndUserConsentUpdated", consentStatus="ImplicitlyOptedIn")),
            (90, SYSTEM, event("SessionStatusChanged", sessionStatus="Ended")),
        ),
        "two sessions": (
            (1, CUSTOMER, text("My lamp flickers.")),
            (40, AGENT, text("Try another bulb.")),
            # It comes before the session that it opens.
            (RETURN - 2, CUSTOMER, text("Still me: the new bulb flickers, too.")),
            (RETURN + 60, AGENT, text("Then we replace the lamp.")),
        ),
        "nobody said anything": (),
    }
)


@dataclass(frozen=True, slots=True)
class MessagingDesk:
    """Adds enhanced chats to an org."""

    org: SalesforceOrg
    agents: list[Person]
    customers: list[Person]
    channel: str

    def add(self, scene: str, started: datetime, **values: Any) -> list[str]:
        """Play a scene; return the Ids of its sessions. `values` are fields of each of them."""
        number = len(self.org.rows("Conversation"))
        customer = self.customers[number % len(self.customers)]
        identifier = self.org.messaging.open()
        conversation = self.org.add(
            "Conversation", ConversationIdentifier=identifier, StartTime=started
        )
        people = self._people(number, customer)
        for seconds, who, payload in SCENES[scene]:
            moment, sender = started + timedelta(seconds=seconds), (_ROLES[who], people[who][0])
            self.org.messaging.add(identifier, moment, sender, _on_stage(payload, people))
        begins = [started] + [started + timedelta(seconds=RETURN)] * (scene == "two sessions")
        owner = self.agents[number % len(self.agents)]
        end_user = self.org.add(
            "MessagingEndUser", Name=customer.name, MessageType="EmbeddedMessaging"
        )
        common = {
            "ConversationId": conversation,
            "EndUserContactId": customer.id,
            "MessagingEndUserId": end_user,
            "OwnerId": owner.id,
        }
        return [self._session(begin, **common | values) for begin in begins]

    def _session(self, begin: datetime, **values: Any) -> str:
        ended = begin + SESSION
        fields = {
            "Status": "Ended",
            "AgentType": "Agent",
            "ChannelType": "EmbeddedMessaging",
            "Origin": "InboundInitiated",
            "MessagingChannelId": self.channel,
            "StartTime": begin,
            "AcceptTime": begin + timedelta(seconds=15),
            "EndTime": ended,
            "CreatedDate": begin,
            "LastModifiedDate": ended,
            "SystemModstamp": ended,
        }
        return self.org.add("MessagingSession", **fields | values)

    def _people(self, number: int, customer: Person) -> dict[str, tuple[str, str]]:
        """Return the subject and the name of each who may speak."""
        agent, colleague, supervisor = (
            self.agents[(number + shift) % len(self.agents)] for shift in range(3)
        )
        return {
            CUSTOMER: (f"v2/iamessage/AUTH/{number}/uid:{customer.id}", customer.name),
            BOT: ("0Xx000000000001AAA", BOT_NAME),
            AGENT: (agent.id, agent.name),
            COLLEAGUE: (colleague.id, colleague.name),
            SUPERVISOR: (supervisor.id, supervisor.name),
            SYSTEM: (self.org.org_id, "System"),
        }


def _on_stage(payload: Payload, people: Mapping[str, tuple[str, str]]) -> Payload:
    """Return a payload in which those who come and go have a subject and a name."""
    if payload["entryType"] != "ParticipantChanged":
        return payload
    changes = [
        {
            "operation": change["operation"],
            "participant": {"role": _ROLES[change["who"]], "subject": people[change["who"]][0]},
            "displayName": people[change["who"]][1],
        }
        for change in payload["entries"]
    ]
    return payload | {"entries": changes}


def add_enhanced_chats(
    org: SalesforceOrg, agents: list[Person], customers: list[Person], first: datetime
) -> list[str]:
    """Play each scene once, and leave one chat running; return the Ids of sessions that ended."""
    channel = org.add("MessagingChannel", MasterLabel="Web shop", DeveloperName="Web_shop")
    desk = MessagingDesk(org, agents, customers, channel)
    ended: list[str] = []
    for number, scene in enumerate(SCENES):
        ended += desk.add(scene, first + timedelta(hours=3 * number))
    running = first + timedelta(hours=3 * len(SCENES))
    desk.add("plain text", running, Status="Active", EndTime=None, SystemModstamp=running)
    return ended
