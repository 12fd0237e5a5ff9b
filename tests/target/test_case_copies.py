"""What stands in a case twice is said once; what was said twice stays twice."""

from __future__ import annotations

from typing import Any
from unittest.mock import Mock

import pytest

from target_creovai.assemble import Ready
from target_creovai.model.findings import Finding
from tests.target.rows import Record, at, case, comment, mail, reply
from tests.target.support import payload_of, senders, texts, verdict_on

MESSAGE_ID: dict[str, Any] = {"MessageIdentifier": "<a1B2@mail.example>"}
SAME_ID: dict[str, Any] = {"MessageIdentifier": " <A1b2@MAIL.example> "}
LONG = "We have looked into your invoice of May, and the second line is indeed wrong."


def said(*rows: Record, **rules: Any) -> list[str]:
    """Return what is said in a case of these rows."""
    return texts(payload_of(case(), *rows, **rules))


# Mails


def test_a_mail_that_was_delivered_twice_is_said_once() -> None:
    """Two mailboxes of one support team make two rows of it; the earliest stays."""
    rows = (
        mail(1, **SAME_ID, TextBody="again", MessageDate=at("12:00")),
        mail(2, **MESSAGE_ID, TextBody="first", MessageDate=at("11:00")),
    )
    verdict = verdict_on(case(), *rows)

    assert isinstance(verdict, Ready)
    assert texts(verdict.payload) == ["first"]
    assert verdict.findings == {Finding.REPEATED: 1}


@pytest.mark.parametrize(
    ("other", "count"),
    [
        pytest.param({}, 1, id="same-minute"),
        pytest.param({"TextBody": "> Please\r\n HELP  me"}, 1, id="other-wrapping"),
        pytest.param({"MessageDate": at("11:01:00")}, 2, id="next-minute"),
        pytest.param({"TextBody": "Please help"}, 2, id="beginning-of-it"),
        pytest.param({"FromAddress": "cy@b.example"}, 2, id="other-sender"),
        pytest.param({"Incoming": False}, 2, id="other-direction"),
        pytest.param(MESSAGE_ID, 1, id="one-message-id"),
    ],
)
def test_without_message_ids_time_sender_and_words_decide(
    other: dict[str, Any], count: int
) -> None:
    """Not every tap selects MessageIdentifier, and not every mail has one."""
    first = mail(1, TextBody="please help me", MessageDate=at("11:00:10"))
    second = mail(2, **({"TextBody": "please help me", "MessageDate": at("11:00:50")} | other))

    assert len(said(first, second)) == count


def test_two_message_ids_are_two_mails() -> None:
    """Who sends the same words twice in a minute has said them twice."""
    assert len(said(mail(1, TextBody="x", **MESSAGE_ID), mail(2, TextBody="x"))) == 1
    other: dict[str, Any] = {"MessageIdentifier": "<b@mail.example>"}
    assert len(said(mail(1, TextBody="x", **MESSAGE_ID), mail(2, TextBody="x", **other))) == 2


def test_two_attachments_are_two_mails() -> None:
    """They show no words that could be compared."""
    empty: dict[str, Any] = {"TextBody": None, "HasAttachment": True}

    assert said(mail(1, **empty), mail(2, **empty)) == ["[attachment]"] * 2


# Comments


@pytest.mark.parametrize(
    ("body", "when", "kept"),
    [
        pytest.param(LONG, "12:00", False, id="same"),
        pytest.param(LONG.upper().replace(" ", "\n"), "12:00", False, id="case-and-spaces"),
        pytest.param(LONG, "14:00", False, id="after-it"),
        pytest.param(f"Mailed: {LONG}", "12:00", True, id="more"),
        pytest.param("Something else.", "12:00", True, id="other"),
    ],
)
def test_a_comment_that_repeats_a_mail_is_left_out(body: str, when: str, *, kept: bool) -> None:
    """Some orgs copy each mail they send into a comment; the mail stays."""
    quoting = f"{LONG}\n\nOn Mon, May 6, 2024 at 11:00 AM Ada Quill <a@b.c> wrote:\n> mail 1\n"
    answer = reply(2, TextBody=quoting, MessageDate=at("13:00"))
    found = said(mail(1), answer, comment(3, CommentBody=body, CreatedDate=at(when)))

    assert (len(found) == 3) is kept
    assert LONG in found


def test_a_comment_that_was_cut_is_a_copy() -> None:
    """A comment holds 4,000 bytes, a mail more; a short beginning may be a remark of its own."""
    words = " ".join(f"word{n}" for n in range(900))
    answer = reply(2, TextBody=words, MessageDate=at("13:00"))

    assert said(answer, comment(3, CommentBody=words[:4000])) == [words]
    assert len(said(answer, comment(3, CommentBody="word0 word1 word2"))) == 2


def test_only_what_begins_alike_is_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day of hundreds of mails and comments must not hold up all other cases."""
    compare = Mock(return_value=False)
    monkeypatch.setattr("target_creovai.kinds.case_messages.repeats", compare)
    said(
        *(mail(n, TextBody=f"Thank you for {n}.", MessageDate=at(f"11:{n:02}")) for n in range(30)),
        *(comment(n, CommentBody=f"Thank you for {n}, noted.") for n in range(30)),
    )

    compare.assert_not_called()


def test_a_comment_of_another_day_is_no_copy() -> None:
    """A day later it is said once more."""
    late = comment(3, CommentBody=LONG, CreatedDate="2024-05-07T13:00:01Z")
    early = comment(3, CommentBody=LONG, CreatedDate="2024-05-07T13:00:00Z")
    answer = reply(2, TextBody=LONG, MessageDate=at("13:00"))

    assert said(answer, late) == [LONG] * 2
    assert said(answer, early) == [LONG]


def test_a_customers_comment_gives_way_to_their_own_mail_only() -> None:
    """The same few words of the other side are an answer of their own."""
    portal = {"Name": "Ada Quill", "Email": "ada@example.com", "UserType": "CspLitePortal"}
    yes = comment(3, CommentBody="Yes, please", CreatedBy=portal)

    assert len(said(reply(2, TextBody="Yes, please"), yes)) == 2
    assert len(said(mail(1, TextBody="Yes, please"), yes)) == 1
    agents = comment(3, CommentBody="Yes, please")
    assert senders(payload_of(case(), mail(1, TextBody="Yes, please"), agents)) == [
        ("Customer", "003000000000001AAA")
    ]


def test_a_comment_outlives_a_mail_that_is_left_out() -> None:
    """It is then the only place where the words stand."""
    process = {"UserType": "AutomatedProcess", "Name": "Automated Process"}
    rows = (reply(2, TextBody=LONG, CreatedBy=process), comment(3, CommentBody=LONG))

    assert said(*rows) == [LONG]


def test_copies_and_mails_are_counted() -> None:
    """The summary tells how much was left out."""
    rows = (
        mail(1, **MESSAGE_ID),
        mail(2, **MESSAGE_ID),
        reply(3, TextBody=LONG),
        comment(4, CommentBody=LONG),
    )
    verdict = verdict_on(case(), *rows)

    assert isinstance(verdict, Ready)
    assert verdict.findings == {Finding.REPEATED: 2}


# What else reading a mail brings to light


def test_signatures_go_where_the_setting_says_so() -> None:
    """By default they stay: what looks like one may be an answer."""
    signed = mail(1, TextBody="The lamp is broken.\n\nSent from my iPhone")

    assert said(signed) == ["The lamp is broken.\n\nSent from my iPhone"]
    assert said(signed, strip_signatures=True) == ["The lamp is broken."]


def test_a_mail_that_only_quotes_stays_whole_and_is_counted() -> None:
    """A mail is never emptied."""
    only = "On Mon, May 6, 2024 at 11:00 AM Ada Quill <a@b.c> wrote:\n> something from elsewhere\n"
    verdict = verdict_on(case(), mail(1, TextBody=only))

    assert isinstance(verdict, Ready)
    assert "something from elsewhere" in texts(verdict.payload)[0]
    assert verdict.findings == {Finding.KEPT_WHOLE: 1}


def test_the_subject_of_a_forwarded_mail_is_looked_at() -> None:
    """Without it the forwarded text would pass for history."""
    head = "From: Cy <cy@b.example>\nSent: Monday\nTo: Ada\nSubject: lamp"
    forwarded = f"See below.\n\n{head}\n\nIt is broken."

    assert "It is broken." in said(mail(1, TextBody=forwarded, Subject="FW: lamp"))[0]
    assert "It is broken." not in said(mail(1, TextBody=forwarded, Subject="RE: lamp"))[0]
