"""How a Case row, its mails and its comments become one case."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.verdicts import Deleted, SetAside, Skipped, Waiting
from tests.target.rows import (
    AGENT_ID,
    CONTACT_ID,
    at,
    case,
    case_id,
    comment,
    mail,
    reply,
)
from tests.target.support import payload_of, senders, texts, verdict_on

NORA = ("Agent", "nora@desk.example")
ADA = ("Customer", CONTACT_ID)
PORTAL = {"Name": "Ada Quill", "Email": "ada@example.com", "UserType": "CspLitePortal"}
NOBODY: dict[str, Any] = {"ContactId": None, "Contact": None}


def test_messages_stand_in_time_order_with_their_channels() -> None:
    """Description, mails and comments are one conversation."""
    payload = payload_of(
        case(Description="first", Origin="Phone"),
        reply(TextBody="fourth", MessageDate=at("13:00")),
        comment(CommentBody="third", CreatedDate=at("12:00")),
        mail(TextBody="second", MessageDate=at("11:00")),
    )

    assert [
        (said["utcTimestamp"], said["channel"], said["content"]) for said in payload["messages"]
    ] == [
        (at("10:00"), "Phone", "first"),
        (at("11:00"), "Email", "second"),
        (at("12:00"), "Case Comment", "third"),
        (at("13:00"), "Email", "fourth"),
    ]


def test_the_order_of_arrival_does_not_matter() -> None:
    """Rows with the same time are put in the same order, whoever came first."""
    rows = [case(Description="x"), *(comment(n) for n in range(4)), mail(5), mail(6)]

    assert payload_of(*rows) == payload_of(rows[0], *reversed(rows[1:]))


# Description


@pytest.mark.parametrize(
    ("origin", "sender"),
    [
        ("Web", ADA),
        ("Email", ADA),
        ("E-mail", ADA),
        ("web", ADA),
        ("Phone", NORA),
        ("Email - Partner desk", NORA),
        (None, NORA),
    ],
)
def test_the_description_is_the_customers_where_the_origin_is_web_or_email(
    origin: str | None, sender: tuple[str, str]
) -> None:
    """Elsewhere the agent who created the case wrote down what was said."""
    payload = payload_of(case(Description="words", Origin=origin))

    assert senders(payload) == [sender]
    assert payload["messages"][0]["channel"] == (origin or "Case")
    assert payload["messages"][0]["utcTimestamp"] == at("10:00")


def test_a_description_that_a_portal_user_wrote_is_the_customers() -> None:
    """A case that was created in the portal was not created by an agent."""
    assert senders(payload_of(case(Description="words", CreatedBy=PORTAL))) == [ADA]


LONG = "Hello, my invoice of last month lists a plan that I never booked. Please help me."


@pytest.mark.parametrize(
    ("description", "expected"),
    [
        pytest.param(LONG, [LONG], id="same"),
        pytest.param(LONG.upper().replace(" ", "\r\n"), [LONG], id="case-and-spaces"),
        pytest.param("Something else entirely.", ["Something else entirely.", LONG], id="other"),
    ],
)
def test_the_description_is_left_out_when_the_first_mail_repeats_it(
    description: str, expected: list[str]
) -> None:
    """Email-to-Case copies the mail that opens a case into Description."""
    payload = payload_of(case(Description=description, Origin="Email"), mail(TextBody=LONG))

    assert texts(payload) == expected


def test_only_the_first_incoming_mail_decides_on_the_description() -> None:
    """What an agent or a later mail repeats was said before."""
    payload = payload_of(
        case(Description=LONG, Origin="Web"),
        reply(1, TextBody=LONG, MessageDate=at("10:30")),
        mail(2, TextBody="Thank you", MessageDate=at("11:00")),
    )

    assert texts(payload)[0] == LONG
    assert len(texts(payload)) == 3


# Mails


def test_drafts_never_leave() -> None:
    """A mail that was not sent was not said."""
    assert texts(payload_of(case(), mail(1), reply(2, Status="5"))) == ["mail 1"]


def test_a_mail_stands_at_its_message_date_else_its_created_date() -> None:
    """CreatedDate is when Salesforce heard of it."""
    payload = payload_of(case(), mail(1), mail(2, MessageDate=None, CreatedDate=at("12:30")))

    assert [said["utcTimestamp"] for said in payload["messages"]] == [at("11:00"), at("12:30")]


@pytest.mark.parametrize(
    ("text", "html", "expected"),
    [
        ("plain", "<p>rich</p>", "plain"),
        ("  ", "<p>rich &amp; <b>bold</b></p>", "rich & bold"),
        (None, "<p>one</p><p>two</p>", "one\n\ntwo"),
        (7, "<p>rich</p>", "rich"),
    ],
)
def test_the_text_body_is_taken_before_the_html_body(text: Any, html: str, expected: str) -> None:
    """HTML becomes text only where there is no text."""
    (said,) = texts(payload_of(case(), mail(TextBody=text, HtmlBody=html)))

    assert said.split() == expected.split()


def test_quoted_history_is_stripped_unless_the_setting_says_no() -> None:
    """Each sentence is sent once, by the one who wrote it."""
    quoted = "Thanks!\n\nOn Mon, May 6, 2024 at 11:00 AM Ada Quill <a@b.c> wrote:\n> mail 1\n"
    rows = (case(), mail(1), reply(2, TextBody=quoted, MessageDate=at("12:00")))

    assert texts(payload_of(*rows)) == ["mail 1", "Thanks!"]
    assert "> mail 1" in texts(payload_of(*rows, strip_quoted_replies=False))[1]


def test_a_mail_with_nothing_but_an_attachment_leaves_a_mark() -> None:
    """It was an answer all the same; without attachment there was no message."""
    empty: dict[str, Any] = {"TextBody": None, "HtmlBody": None}
    payload = payload_of(case(), mail(1), mail(2, **empty, HasAttachment=True), mail(3, **empty))

    assert texts(payload) == ["mail 1", "[attachment]"]


# Comments


def test_internal_comments_stay_inside_unless_asked_for() -> None:
    """What was not published was not said to the customer."""
    rows = (case(), comment(1), comment(2, IsPublished=False), comment(3, IsPublished=None))

    assert texts(payload_of(*rows)) == ["comment 1"]
    assert len(texts(payload_of(*rows, include_internal_comments=True))) == 3


# Deleted rows


@pytest.mark.parametrize("child", [comment, mail, reply])
def test_deleted_children_are_not_said(child: Any) -> None:
    """What is in the recycle bin was taken back."""
    payload = payload_of(case(Description="words"), child(IsDeleted=True))

    assert texts(payload) == ["words"]


def test_a_deleted_case_is_skipped() -> None:
    """It is not sent, and what was sent is not touched."""
    assert verdict_on(case(IsDeleted=True), comment()) == Deleted()


# Window and reference


@pytest.mark.parametrize(
    ("fields", "window"),
    [
        pytest.param({}, ("10:00", "18:00"), id="created-to-closed"),
        pytest.param({"CreatedDate": at("11:30")}, ("11:00", "18:00"), id="mail-before-case"),
        pytest.param({"ClosedDate": at("11:30")}, ("10:00", "12:00"), id="comment-after-close"),
        pytest.param({"ClosedDate": None}, ("10:00", "12:00"), id="no-close"),
    ],
)
def test_the_window_takes_in_every_message(fields: dict[str, Any], window: tuple[str, str]) -> None:
    """UtcStart = CreatedDate, utcEnd = the later of ClosedDate and the last message."""
    payload = payload_of(case(**fields), mail(), comment(CreatedDate=at("12:00")))

    assert (payload["utcStart"], payload["utcEnd"]) == tuple(map(at, window))


def test_the_prefix_stands_before_the_id() -> None:
    """Several orgs may share a tenant."""
    assert payload_of(case(Description="x"), session_id_prefix="eu-")["sessionId"] == (
        f"eu-{case_id()}"
    )


# When


@pytest.mark.parametrize(
    ("fields", "delivery", "waits"),
    [
        ({"IsClosed": False, "ClosedDate": None}, "closed", True),
        ({"IsClosed": None, "ClosedDate": None}, "closed", True),
        ({"IsClosed": None}, "closed", False),
        ({"IsClosed": False}, "all", False),
        ({}, "closed", False),
    ],
)
def test_an_open_case_waits_unless_all_are_wanted(
    fields: dict[str, Any], delivery: str, *, waits: bool
) -> None:
    """Taps that do not select IsClosed have ClosedDate."""
    verdict = verdict_on(case(Description="x", **fields), case_delivery=delivery)

    assert (verdict == Waiting(Reason(Code.CASE_OPEN))) is waits


@pytest.mark.parametrize(("minute", "waits"), [(29, True), (30, False), (31, False)])
def test_a_case_settles_settle_minutes_after_its_last_change(minute: int, *, waits: bool) -> None:
    """The change of a child counts like one of the case."""
    changed = datetime(2024, 5, 6, 20, 0, tzinfo=UTC)
    verdict = verdict_on(
        case(Description="x"),
        comment(SystemModstamp=at("20:00")),
        settle_minutes=30,
        now=changed + timedelta(minutes=minute),
    )

    until = changed + timedelta(minutes=30)
    waiting = Waiting(Reason(Code.UNSETTLED), until=until)
    assert (verdict == waiting) is waits


def test_without_settle_minutes_a_clock_that_is_behind_delays_nothing() -> None:
    """Salesforce's clock may be ahead of ours."""
    payload_of(case(Description="x"), now=datetime(2024, 5, 6, 17, 59, tzinfo=UTC))


@pytest.mark.parametrize(
    "children",
    [(), (comment(IsPublished=False),), (reply(Status="5"),)],
    ids=["none", "internal", "draft"],
)
def test_a_case_without_a_message_is_skipped(children: tuple[Any, ...]) -> None:
    """Creovai has nothing to analyse there."""
    assert verdict_on(case(), *children) == Skipped(Reason(Code.NO_MESSAGE))


def test_children_wait_for_their_case() -> None:
    """They may arrive runs before it."""
    assert verdict_on(comment()) == Waiting(Reason(Code.NO_MAIN_ROW, ("Case",)))


def test_a_row_without_any_date_is_named() -> None:
    """Who reads this knows which field to select."""
    verdict = verdict_on(case(), comment(CreatedDate=None))

    assert isinstance(verdict, SetAside)
    assert str(verdict.reason).endswith("has no CreatedDate: select that field in the tap")


# A tap that is not ours


def test_a_foreign_taps_rows_make_a_case() -> None:
    """Salesforce's own date form, and no parents."""
    zone = ".000+0000"
    payload = payload_of(
        case(
            CreatedDate=f"2024-05-06T10:00:00{zone}",
            ClosedDate=f"2024-05-06T18:00:00{zone}",
            SystemModstamp=f"2024-05-06T18:00:00{zone}",
            Contact=None,
            Owner=None,
            CreatedBy=None,
            Description="by phone",
        ),
        mail(MessageDate="2024-05-06T13:00:00.000+0200", CreatedBy=None),
        comment(CreatedBy=None, CreatedDate="2024-05-06T12:00:00.5Z"),
    )

    assert [said["utcTimestamp"] for said in payload["messages"]] == [
        at("10:00"),
        at("11:00"),
        at("12:00:00.5"),
    ]
    assert senders(payload) == [("Agent", AGENT_ID), ADA, ("Agent", AGENT_ID)]


PARENT = case_id(9)


@pytest.mark.parametrize(
    ("fields", "master"),
    [
        pytest.param({}, None, id="no-parent"),
        pytest.param({"ParentId": None}, None, id="null"),
        pytest.param({"ParentId": PARENT}, PARENT, id="parent"),
        pytest.param({"ParentId": case_id()}, None, id="itself"),
        pytest.param(
            {"ParentId": PARENT, "Parent": {"ClosedDate": at("09:00")}}, PARENT, id="follow-up"
        ),
        pytest.param(
            {"ParentId": PARENT, "Parent": {"ClosedDate": at("11:00")}}, None, id="beside"
        ),
        pytest.param(
            {"ParentId": PARENT, "Parent": {"ClosedDate": None}}, None, id="open-incident"
        ),
    ],
)
def test_a_follow_up_case_belongs_to_the_case_that_it_follows(
    fields: dict[str, Any], master: str | None
) -> None:
    """A customer answers to a closed case: Creovai takes both as one long case."""
    payload = payload_of(case(Description="words", **fields), session_id_prefix="x-")

    assert payload.get("masterId") == (master and f"x-{master}")
