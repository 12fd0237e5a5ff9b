"""Who wrote a mail or a comment, where address and direction alone would mislead."""

from __future__ import annotations

from typing import Any

import pytest

from target_creovai.assemble import Ready
from target_creovai.model.findings import Finding
from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.verdicts import Skipped
from tests.target.rows import (
    AGENT,
    CONTACT_ID,
    CUSTOMER,
    Record,
    at,
    case,
    comment,
    mail,
    reply,
)
from tests.target.support import payload_of, senders, texts, verdict_on

NORA = ("Agent", "nora@desk.example")
MAX = ("Agent", "max@desk.example")
ADA = ("Customer", CONTACT_ID)
NOBODY: dict[str, Any] = {"ContactId": None, "Contact": None}
PROCESS = {"Name": "Automated Process", "UserType": "AutomatedProcess", "Email": "auto@org.example"}
WITH_SYSTEM = {"agent": "Agent", "customer": "Customer", "bot": "Bot", "system": "System"}
MAX_USER = {"Name": "Max Pohl", "Email": "Max@Desk.example"}
OWNED_BY_MAX: dict[str, Any] = {
    "OwnerId": "005000000000002AAA",
    "Owner": MAX_USER | {"Type": "User"},
}


# Staff who mail the support address


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([case(**OWNED_BY_MAX)], id="owner"),
        pytest.param(
            [case(), comment(1, CreatedBy=MAX_USER | {"UserType": "Standard"})], id="commented"
        ),
        pytest.param([case(), reply(2, CreatedBy=MAX_USER)], id="answered"),
        pytest.param([case(CreatedBy=MAX_USER | {"UserType": "Standard"})], id="created"),
    ],
)
def test_a_colleague_who_mails_the_support_address_is_an_agent(rows: list[Record]) -> None:
    """Incoming says which way a mail went, not which side its author is on."""
    payload = payload_of(*rows, mail(9, FromAddress="MAX@desk.EXAMPLE", FromName="M."))

    (key,) = {sender for sender in senders(payload) if sender[1].casefold() == MAX[1]}
    assert key == ("Agent", "Max@Desk.example")


def test_a_colleague_who_opens_a_case_by_mail_is_not_its_customer() -> None:
    """Whoever writes in next is."""
    payload = payload_of(
        case(**NOBODY, SuppliedEmail="nora@desk.example", Origin="Email", Description="for Bo"),
        mail(1, FromAddress="nora@desk.example", FromName="Nora", MessageDate=at("10:30")),
        mail(2, FromAddress="bo@web.example", FromName="Bo Web"),
    )

    assert senders(payload) == [NORA, NORA, ("Customer", "bo@web.example")]


@pytest.mark.parametrize(
    ("fields", "address"),
    [
        pytest.param(
            {"Contact": CUSTOMER | {"Email": "nora@desk.example"}},
            "nora@desk.example",
            id="contact",
        ),
        pytest.param(
            {"OwnerId": "00G1", "Owner": {"Email": "all@desk.example", "Type": "Queue"}},
            "all@desk.example",
            id="queue",
        ),
        pytest.param(
            {"CreatedBy": {"Email": "cy@b.example", "UserType": "CspLitePortal"}},
            "cy@b.example",
            id="portal-user",
        ),
    ],
)
def test_an_address_that_is_no_agents_stays_a_customers(
    fields: dict[str, Any], address: str
) -> None:
    """An employee may be the one who asks; a queue and a portal user are no agents."""
    (found,) = senders(payload_of(case(**fields), mail(FromAddress=address, FromName=None)))

    assert found[0] == "Customer"


# What no person wrote


@pytest.mark.parametrize(
    "headers",
    [
        "Auto-Submitted: auto-replied",
        "Received: x\r\nauto-submitted:  auto-generated; owner=x\r\nTo: y",
        "Auto-Submitted:\n auto-notified",
        "X-Autoreply: yes",
        "Precedence: auto_reply",
    ],
)
def test_an_automatic_answer_is_the_systems(headers: str) -> None:
    """An out-of-office note is not what the customer has to say."""
    rows = (case(), mail(1), mail(2, Headers=headers, TextBody="I am away."))

    assert texts(payload_of(*rows)) == ["mail 1"]
    assert senders(payload_of(*rows, participant_types=WITH_SYSTEM))[1] == (
        "System",
        "ada@example.com",
    )


@pytest.mark.parametrize(
    "headers",
    [
        None,
        "Auto-Submitted: no",
        "Auto-Submitted: No; some=parameter",
        "X-Auto-Response-Suppress: All",
        "Precedence: bulk",
        "Subject: about Auto-Submitted: auto-replied",
        "Auto-Submitted:",
    ],
)
def test_an_ordinary_mail_is_its_senders(headers: str | None) -> None:
    """In doubt a person wrote it."""
    assert senders(payload_of(case(), mail(Headers=headers))) == [ADA]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(reply(2, CreatedBy=PROCESS), id="sent"),
        pytest.param(comment(2, CreatedBy=PROCESS), id="comment"),
    ],
)
def test_what_automated_process_says_is_the_systems(row: Record) -> None:
    """It is no agent, and leaving it out is counted."""
    rows = (case(), mail(1), row)
    verdict = verdict_on(*rows)

    assert isinstance(verdict, Ready)
    assert texts(verdict.payload) == ["mail 1"]
    assert verdict.findings == {Finding.AUTOMATIC: 1}
    assert ("System", "Automated Process") in senders(
        payload_of(*rows, participant_types=WITH_SYSTEM)
    )


def test_what_automated_process_received_is_its_senders() -> None:
    """Email-to-Case may run as that user: the customer's words must not be lost."""
    assert senders(payload_of(case(), mail(CreatedBy=PROCESS))) == [ADA]


def test_a_case_of_automatic_mails_alone_is_skipped_and_counted() -> None:
    """Nothing disappears without a word in the summary."""
    verdict = verdict_on(case(), reply(1, CreatedBy=PROCESS), reply(2, CreatedBy=PROCESS))

    assert verdict == Skipped(Reason(Code.NO_MESSAGE), {Finding.AUTOMATIC: 2})


def test_an_automatic_answer_is_a_participant_of_its_own() -> None:
    """A case's messages name their sender by referenceId alone: no two may share one."""
    payload = payload_of(
        case(**NOBODY),
        mail(1),
        mail(2, Headers="Auto-Submitted: auto-replied"),
        participant_types=WITH_SYSTEM,
    )

    assert senders(payload) == [
        ("Customer", "ada@example.com (customer)"),
        ("System", "ada@example.com (system)"),
    ]


# One person, one key


def test_a_portal_user_with_the_contacts_address_is_the_contact() -> None:
    """Description, mail and comment of one person, over three channels."""
    portal = {"Name": "A. Quill", "Email": "ADA@example.com", "UserType": "CustomerSuccess"}
    payload = payload_of(
        case(Description="words", Origin="Web"), mail(1), comment(1, CreatedBy=portal)
    )

    assert senders(payload) == [ADA] * 3
    assert len(payload["participants"]) == 1


def test_a_guest_of_the_site_is_the_cases_customer() -> None:
    """The guest user's name and address are the site's."""
    guest = {"Name": "Shop Site Guest User", "Email": "site@org.example", "UserType": "Guest"}

    assert senders(payload_of(case(), comment(1, CreatedBy=guest))) == [ADA]


def test_a_name_without_an_address_is_whoever_bears_it() -> None:
    """Cy writes from an address once, and shows no more than a name the other time."""
    payload = payload_of(
        case(),
        mail(1, FromAddress=None, FromName="Cy B"),
        mail(2, FromAddress="Cy@b.example", FromName="cy b"),
    )

    assert senders(payload) == [("Customer", "cy@b.example")] * 2


def test_a_name_that_two_addresses_bear_is_neither() -> None:
    """A guess might give one person's words to another."""
    payload = payload_of(
        case(),
        mail(1, FromAddress=None, FromName="Cy B"),
        mail(2, FromAddress="cy@b.example", FromName="Cy B"),
        mail(3, FromAddress="cy@c.example", FromName="Cy B"),
    )

    assert [key for _, key in senders(payload)] == ["Cy B", "cy@b.example", "cy@c.example"]


def test_roles_of_staff_hold_for_every_agent_id() -> None:
    """A colleague's mail and their answer are one person's."""
    rows = (case(), mail(1, FromAddress="nora@desk.example"), reply(2))
    for agent_id in ("Email", "Username", "Id"):
        assert len({*senders(payload_of(*rows, agent_id=agent_id))}) == 1
    assert AGENT["Username"] in dict(senders(payload_of(*rows, agent_id="Username"))).values()
