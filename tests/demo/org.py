"""The demo's org: a few hundred conversations, most of them fine, some as real ones are."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from itertools import cycle

from tests.demo.cases import CaseDesk
from tests.demo.chats import ChatDesk, other_dialogues, real_dialogues
from tests.demo.messaging import add_enhanced_chats
from tests.demo.people import hire, meet
from tests.fakes.salesforce import SalesforceOrg

SEED = 20260214
FIRST_DAY = datetime(2025, 11, 3, 8, 0, tzinfo=UTC)

REAL_CHATS, CLOSED_CASES, OPEN_CASES, MISSED_CHATS, RUNNING_CHATS = 160, 110, 20, 10, 4
BROKEN_BODIES = (
    # Someone's own script wrote these: no layout that anyone knows.
    "call me back under the usual number, thanks, it is about the invoice",
    "{'transcript': [{'t': 1, 'm': 'hello'}, {'t': 2, 'm': 'hi'}]}",
)


@dataclass(frozen=True, slots=True)
class DemoOrg:
    """The org, and the rows that the second act changes."""

    org: SalesforceOrg
    cases: CaseDesk
    closed_cases: list[str]
    open_cases: list[str]
    chats: list[str]
    sessions: list[str]  # of enhanced chats, ended, in which somebody speaks

    @property
    def deliverable(self) -> dict[str, int]:
        """How many conversations a first run must deliver."""
        return {
            "chats": len(self.chats),
            "cases": len(self.closed_cases),
            "enhanced chats": len(self.sessions),
        }


def build_org() -> DemoOrg:
    """Fill an org, the same way every time."""
    org, rng = SalesforceOrg(), random.Random(SEED)  # noqa: S311 -- made-up data
    agents, customers = hire(org), meet(org)
    org.add_field("Case", "Product_Line__c", "picklist", label="Product line")
    cases = CaseDesk(org, rng, agents, customers)
    chats = ChatDesk(
        org,
        rng,
        agents,
        customers,
        button=org.add("LiveChatButton", MasterLabel="Web chat"),
        deployment=org.add("LiveChatDeployment", MasterLabel="Shop"),
    )
    closed = [
        cases.add(FIRST_DAY + timedelta(hours=5 * n), closed=True, Product_Line__c="Home")
        for n in range(CLOSED_CASES)
    ]
    still_open = [
        cases.add(FIRST_DAY + timedelta(hours=31 * n), closed=False) for n in range(OPEN_CASES)
    ]
    done = _add_chats(chats, rng, closed)
    for n in range(MISSED_CHATS):
        chats.add_row(_moment(900 + n), Status="Missed", Abandoned=40)
    for n in range(RUNNING_CHATS):
        chats.add_row(_moment(950 + n), Status="InProgress")
    for n, body in enumerate(BROKEN_BODIES):
        chats.add_row(_moment(980 + n), Status="Completed", Body=body, EndTime=_moment(981 + n))
    *sessions, _silent = add_enhanced_chats(org, agents, customers, FIRST_DAY)
    return DemoOrg(org, cases, closed, still_open, done, sessions)


def _add_chats(chats: ChatDesk, rng: random.Random, cases: list[str]) -> list[str]:
    zones = cycle(timezone(timedelta(hours=hours)) for hours in (0, -5, 8, 1))
    dialogues = [*real_dialogues(REAL_CHATS), *other_dialogues()]
    return [
        chats.add(
            dialogue,
            _moment(number).astimezone(next(zones)),
            bot=rng.random() < 0.2,
            case_id=rng.choice(cases) if rng.random() < 0.3 else None,
        )
        for number, dialogue in enumerate(dialogues)
    ]


def _moment(number: int) -> datetime:
    return FIRST_DAY + timedelta(hours=number * 2, minutes=number * 7 % 60)
