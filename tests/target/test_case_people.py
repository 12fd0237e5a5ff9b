"""Who is who in a case: one participant a person, whatever row names them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.target.rows import (
    AGENT,
    AGENT_ID,
    CONTACT_ID,
    CUSTOMER,
    case,
    case_id,
    comment,
    mail,
    reply,
)
from tests.target.support import payload_of, senders

NORA = ("Agent", "nora@desk.example")
ADA = ("Customer", CONTACT_ID)
PORTAL = {"Name": "Ada Quill", "Email": "ada@example.com", "UserType": "CspLitePortal"}
NOBODY: dict[str, Any] = {"ContactId": None, "Contact": None}


# Agents


def test_a_sent_mails_agent_is_who_made_the_row() -> None:
    """A shared mailbox is many agents' address."""
    assert senders(payload_of(case(), reply())) == [NORA]


@pytest.mark.parametrize(
    ("agent_id", "user", "key"),
    [
        ("Email", AGENT, "nora@desk.example"),
        ("Username", AGENT, "nora@desk.example.prod"),
        ("Id", AGENT, AGENT_ID),
        ("Email", {"Username": "nora.prod"}, "nora.prod"),
        ("Username", {"Email": "nora@desk.example"}, "nora@desk.example"),
        ("Email", None, AGENT_ID),
    ],
)
def test_an_agents_key_is_what_agent_id_names_else_the_next_best(
    agent_id: str, user: dict[str, Any] | None, key: str
) -> None:
    """Creovai groups people by it: it must never be empty."""
    payload = payload_of(case(), reply(CreatedBy=user), agent_id=agent_id)

    assert senders(payload) == [("Agent", key)]


def test_a_sent_mail_of_nobody_is_its_addresss() -> None:
    """Some taps give no parents, some no CreatedById."""
    nobody: dict[str, Any] = {"CreatedBy": None, "CreatedById": None}
    payload = payload_of(case(), reply(**nobody))

    assert senders(payload) == [("Agent", "support@desk.example")]


def test_a_mail_that_ai_sent_is_the_bots() -> None:
    """Nobody typed it."""
    payload = payload_of(case(), reply(AutomationType="AiAutomated"))

    assert senders(payload) == [("Bot", "support@desk.example")]


@pytest.mark.parametrize(
    ("user_type", "sender"),
    [
        ("Standard", NORA),
        (None, NORA),
        ("CspLitePortal", "Customer"),
        ("CustomerSuccess", "Customer"),
        ("PowerCustomerSuccess", "Customer"),
        ("PowerPartner", "Customer"),
        ("Guest", "Customer"),
    ],
)
def test_a_portal_users_comment_is_the_customers(user_type: str | None, sender: Any) -> None:
    """UserType tells who looks at the case from outside."""
    (found,) = senders(payload_of(case(), comment(CreatedBy=AGENT | {"UserType": user_type})))

    assert sender in (found, found[0])


# Customers


@pytest.mark.parametrize(
    ("who", "mails"),
    [
        pytest.param({}, [("ADA@example.com", "A. Q.")], id="address-in-any-case"),
        pytest.param({}, [("ada@home.example", "ada quill")], id="name-in-any-case"),
        pytest.param({}, [(None, None)], id="no-sender"),
        pytest.param({"Contact": None}, [("x@y.example", "X")], id="opener-is-the-contact"),
    ],
)
def test_the_contact_has_one_key_however_they_write(
    who: dict[str, Any], mails: list[tuple[str | None, str | None]]
) -> None:
    """ContactId is the key, whichever address or name a mail shows."""
    sent = [mail(n, FromAddress=address, FromName=name) for n, (address, name) in enumerate(mails)]

    assert senders(payload_of(case(**who), *sent)) == [ADA] * len(mails)


def test_without_a_contact_the_address_is_the_key_in_lower_case() -> None:
    """Two spellings of an address are one customer."""
    payload = payload_of(
        case(**NOBODY, SuppliedEmail="Bo@Web.example", SuppliedName="Bo Web"),
        mail(1, FromAddress="bo@web.EXAMPLE", FromName=None),
        mail(2, FromAddress="BO@WEB.example", FromName=None),
    )

    assert senders(payload) == [("Customer", "bo@web.example")] * 2


def test_without_an_address_the_name_is_the_key() -> None:
    """A web form may ask for no more."""
    payload = payload_of(case(**NOBODY, SuppliedName="Bo Web", Description="x", Origin="Web"))

    (who,) = payload["participants"]
    assert who == {
        "referenceId": "Bo Web",
        "type": "Customer",
        "firstName": "Bo",
        "lastName": "Web",
    }


def test_a_case_that_names_nobody_has_a_customer_of_its_own() -> None:
    """Two such customers must not become one person."""
    payload = payload_of(case(**NOBODY, Description="x", Origin="Web"))

    assert senders(payload) == [("Customer", f"customer-{case_id()}")]


def test_others_who_write_in_are_customers_of_their_own() -> None:
    """A colleague of the contact is somebody else."""
    payload = payload_of(case(), mail(1), mail(2, FromAddress="Cy@b.example", FromName="Cy B"))

    assert senders(payload) == [ADA, ("Customer", "cy@b.example")]


def test_the_customer_carries_name_address_and_phone() -> None:
    """Creovai finds whom to erase by exactly these."""
    (who,) = payload_of(case(), mail())["participants"]

    assert who == {
        "referenceId": CONTACT_ID,
        "type": "Customer",
        "firstName": "Ada",
        "lastName": "Quill",
        "email": "Ada@Example.com",
        "phoneNumber": "+1 555 0100",
    }


@pytest.mark.parametrize("address", ["no address", "@x", "x@", "a@b@c", "a@b\nc"])
def test_an_address_that_creovai_refuses_is_left_out(address: str) -> None:
    """A mistyped address must not cost the conversation."""
    (who,) = payload_of(case(Contact=CUSTOMER | {"Email": address}), mail())["participants"]

    assert "email" not in who


# Roles


def test_a_role_may_be_renamed_or_left_out() -> None:
    """Creovai's tenants name their participant types themselves."""
    rows = (case(), mail(1), reply(2), reply(3, AutomationType="AiAutomated"))
    types = {"agent": "Colleague", "customer": "Guest", "bot": None, "system": None}
    payload = payload_of(*rows, participant_types=types)

    assert [kind for kind, _ in senders(payload)] == ["Guest", "Colleague"]
