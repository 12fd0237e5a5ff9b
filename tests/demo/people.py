"""Who works in the demo's org, and who writes to it. All made up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.fakes.salesforce import SalesforceOrg

AGENTS = (
    ("Ada", "Brandt"),
    ("Luis", "Ferreira"),
    ("Mei", "O'Neill"),
    ("Jean-Luc", "Moreau"),
    ("Priya", "Nair"),
)
CUSTOMERS = (
    ("Hanna", "Lindqvist"),
    ("Tomás", "Aguilar"),
    ("Yuki", "Tanaka"),
    ("Chloé", "Dubois"),
    ("Matteo", "Ricci"),
    ("Zoë", "van Dijk"),
    ("Amara", "Okafor"),
    ("Piotr", "Zieliński"),
    ("Grace", "Holloway"),
    ("Noah", "Steiner"),
    ("Inês", "Carvalho"),
    ("Oleg", "Petrov"),
)


@dataclass(frozen=True, slots=True)
class Person:
    """Someone with a row in the org. `label` is how transcripts print an agent."""

    id: str
    first: str
    last: str
    email: str

    @property
    def name(self) -> str:
        """First and last name."""
        return f"{self.first} {self.last}"

    @property
    def label(self) -> str:
        """First name and last initial."""
        return f"{self.first} {self.last[0]}"


def hire(org: SalesforceOrg) -> list[Person]:
    """Add the agents to the org."""
    return [_add(org, "User", first, last, "example.test") for first, last in AGENTS]


def meet(org: SalesforceOrg) -> list[Person]:
    """Add the customers to the org."""
    return [_add(org, "Contact", first, last, "customer.test") for first, last in CUSTOMERS]


def _add(org: SalesforceOrg, sobject: str, first: str, last: str, host: str) -> Person:
    email = f"{first}.{last}@{host}".lower().replace(" ", "").replace("'", "")
    email = email.encode("ascii", "ignore").decode()
    more = {"Username": email, "UserType": "Standard"} if sobject == "User" else {}
    row_id = org.add(sobject, FirstName=first, LastName=last, Email=email, **more)
    return Person(row_id, first, last, email)
