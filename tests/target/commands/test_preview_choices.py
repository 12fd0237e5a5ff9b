"""The page of `preview` as a support manager uses it: choosing, comparing, looking closer."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser import hard_to_read, unnamed
from tests.target.commands.conftest import Operator
from tests.target.commands.previewed import key, listed
from tests.target.messaging_rows import entries, entry, session, session_id
from tests.target.rows import (
    AGENT,
    COMPLETED,
    CONTACT_ID,
    CUSTOMER,
    STARTED,
    Record,
    at,
    case,
    case_id,
    chat,
    chat_id,
    comment,
    mail,
    reply,
    transcript,
)
from tests.target.support import TargetRunner

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser import Reader

pytestmark = pytest.mark.xdist_group("browser")

OTHER_ID, ACCOUNT_ID = "003000000000002AAA", "001000000000001AAA"
# Another one of the same name: a guess would take the two for one.
NAMESAKE = CUSTOMER | {"Email": "ada@elsewhere.example"}
PAT = {"FirstName": "Pat", "LastName": "Moss", "Name": "Pat Moss", "Email": "pat@desk.example"}
QUESTION = "My machine leaks since yesterday. What can I do about it?"
CARD = "4111 1111 1111 1111"
ANSWER = (
    f"Close the valve; card {CARD} is charged.\n\n-- \nNora Vance\nDesk 4\n\n"
    f"On 6 May 2024, Ada Quill wrote:\n> {QUESTION}"
)


def talk(number: int, day: str, **fields: object) -> Record:
    """Return a chat of one day, between Nora and Ada, with so many answers."""
    lines = [f"( {second}s ) Nora V: answer {second}" for second in range(2, 2 + number)]
    start = f"2024-05-{day}T10:00:00Z"
    times = {"StartTime": start, "EndTime": f"2024-05-{day}T10:05:00Z", "CreatedDate": start}
    body = transcript("( 1s ) Ada Quill: question", *lines)
    body = body.replace("May 06, 2024", f"May {day}, 2024")
    return chat(number, **times | {"Body": body} | fields)


ROWS: list[Record] = [
    case(Subject="Leak", Origin="Web", CaseNumber="00000001", AccountId=ACCOUNT_ID),
    mail(1, TextBody=QUESTION),
    reply(2, MessageDate=at("11:30"), TextBody=ANSWER),
    comment(3, CommentBody="She is upset.", IsPublished=False),
    talk(1, "01", CaseId=case_id(1)),
    talk(2, "10", Owner=PAT | {"Type": "User"}, OwnerId="005000000000002AAA"),
    talk(3, "12", ContactId=OTHER_ID, Contact=NAMESAKE, AccountId=ACCOUNT_ID),
    talk(4, "13", Status="InProgress"),
    session(1, ChannelType="WhatsApp"),
    *entries(entry(1), entry(2, SenderRole="Agent", SenderName="Nora")),
]


def page_of(folder: Path, *rows: Record) -> Path:
    """Return the page of a store with these rows, before anything is sent."""
    target = TargetRunner(folder, redact={"card": "[card]"})
    target(STARTED, *rows, COMPLETED)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "excepthook", sys.excepthook)
        result = Operator(target)("preview", "--output", str(folder / "page.html"))
    assert result.exit_code == 0, result.output
    return folder / "page.html"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the store above."""
    return page_of(tmp_path_factory.mktemp("choices"), *ROWS)


@pytest.fixture
def manager(reader: Reader, file: Path) -> Reader:
    """Someone who was given that page."""
    reader.file = file
    return reader


def folds(page: Page) -> list[str]:
    """Return what the reader can unfold of what is not sent."""
    return page.locator(".removed > summary").all_inner_texts()


def test_a_row_says_who_spoke_with_whom_by_which_way_for_how_long(manager: Reader) -> None:
    """Enough to choose by, the newest first."""
    page = manager.open()

    assert page.locator("#rows time").all_inner_texts() == [
        "13 May 2024",
        "12 May 2024",
        "10 May 2024",
        "06 May 2024",
        "06 May 2024",
        "01 May 2024",
    ]
    row = page.locator("#rows li").filter(has_text=chat_id(2))
    expect(row.locator(".people b")).to_have_text("Ada Quill")
    expect(row.locator(".agent")).to_have_text("Nora V")
    expect(row.locator(".size")).to_have_text("Chat · 3 messages · 5 min")
    assert page.locator("#private").inner_text().startswith("This page holds customers’ words")


def test_every_filter_narrows_the_list_and_all_of_them_together(manager: Reader) -> None:
    """Each group leaves what fits it; days count whole, in UTC; clearing them brings all back."""
    page = manager.open()
    found = page.get_by_role("status")

    page.get_by_label("From").fill("2024-05-06")
    page.get_by_label("To").fill("2024-05-12")
    expect(found).to_have_text("4 of 6 conversations")
    page.get_by_label("Channel").select_option("WhatsApp")
    assert listed(page) == ["messaging 00001"]
    page.get_by_label("Channel").select_option("Chat")
    assert listed(page) == [f"chat {chat_id(3)}", f"chat {chat_id(2)}"]
    page.get_by_label("Agent").select_option("Nora V")
    assert listed(page) == [f"chat {chat_id(2)}"]
    page.get_by_label("Reason").select_option(label="the chat has not ended (1)")
    expect(found).to_have_text("0 of 6 conversations: nothing matches the filters")
    expect(page.get_by_role("main")).to_contain_text("Nothing matches the filters.")
    page.locator("#clear").click()
    expect(found).to_have_text("6 conversations")
    expect(page.locator("#clear")).to_be_hidden()


def test_the_list_can_be_put_into_another_order(manager: Reader) -> None:
    """The oldest first, or the longest."""
    page = manager.open()

    page.get_by_label("Order").select_option("oldest")
    assert listed(page)[0] == f"chat {chat_id(1)}"
    page.get_by_label("Order").select_option("longest")
    assert listed(page)[0] == f"chat {chat_id(3)}"


def test_what_is_not_sent_is_folded_in_its_place(manager: Reader) -> None:
    """Quotes, signature, redactions and internal comments: each says what it is, until asked."""
    page = manager.open(key(case_id(1)))
    answer = page.locator("article").nth(1)

    assert folds(page) == [
        "Not sent: signature, 3 lines",
        "Not sent: quoted mail or notice, 2 lines",
        "Not sent: 1 redaction",
        "Not sent: internal, not for the customer · Nora Vance · Case Comment · 12:00:00",
    ]
    expect(answer.locator("p")).to_have_text("Close the valve; card [card] is charged.")
    assert page.locator(".gone:visible").count() == 0
    page.get_by_text("quoted mail").click()
    assert page.locator(".gone:visible").all_inner_texts() == [
        f"On 6 May 2024, Ada Quill wrote:\n> {QUESTION}"
    ]
    page.get_by_role("button", name="Show what is not sent (4)").click()
    shown = page.locator(".gone:visible").all_inner_texts()
    assert shown[0] == "--\nNora Vance\nDesk 4"
    assert shown[2:] == [f"[card] (card) stands for {CARD}", "She is upset."]
    page.get_by_role("button", name="Show what is not sent (4)").click()
    assert page.locator(".gone:visible").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_what_unfolds_can_be_read(manager: Reader, scheme: Any) -> None:
    """By eyes, in light and dark, and by readers of the screen."""
    page = manager.open(key(case_id(1)), color_scheme=scheme)

    page.locator("main details").evaluate_all("all => all.forEach((one) => { one.open = true; })")

    assert hard_to_read(page) == []
    assert unnamed(page) == []


def test_chat_and_case_lead_to_each_other(manager: Reader) -> None:
    """One click, either way."""
    page = manager.open(key(chat_id(1)))

    page.get_by_role("main").get_by_role("link", name="case 00000001").first.click()
    expect(page.get_by_role("heading", level=2)).to_contain_text("case 00000001")
    page.get_by_text("Chats of this case").click()
    page.get_by_role("main").get_by_role("link", name=chat_id(1)).first.click()
    expect(page.get_by_role("heading", level=2)).to_contain_text(chat_id(1))


def test_the_same_customer_is_told_by_key_and_never_by_name(manager: Reader) -> None:
    """Two of one name are two; what they share is their account."""
    page = manager.open(f"messaging/{session_id(1)}")

    own = page.locator("details", has_text="Other conversations of this customer")
    own.locator("summary").click()
    found = own.get_by_role("link").all_inner_texts()
    assert set(found) == {"case 00000001", *(f"chat {chat_id(number)}" for number in (1, 2, 4))}

    namesake = manager.open(key(chat_id(3)))
    titles = namesake.locator("main details > summary").all_inner_texts()
    assert not [title for title in titles if "this customer" in title]
    account = namesake.locator("details", has_text="customer’s account")
    account.locator("summary").click()
    assert account.get_by_role("link").all_inner_texts() == ["case 00000001"]


def test_the_page_names_no_key_of_a_customer(file: Path) -> None:
    """They are numbers there: a field that is kept from Creovai is not on the page either."""
    html = file.read_text(encoding="utf-8")
    index = json.loads(html.split('<script id="index" type="application/json">')[1].split("<")[0])

    assert CONTACT_ID[:15] not in json.dumps(index)
    assert AGENT["Email"] not in json.dumps(index)
    assert [one["same"] for one in index["conversations"] if one["id"] == chat_id(3)] == [[]]


# Ends a script or an element, breaks a line of JavaScript, turns round what follows.
HOSTILE = '</script><img src="http://127.0.0.1:9/x" onerror="alert(1)">\u2028\u202e{{index}}'


def test_whatever_field_it_stands_in_it_stays_text(reader: Reader, tmp_path: Path) -> None:
    """In the list, the filters, the reader and what unfolds; the fixture looks for requests."""
    person = CUSTOMER | {"Name": HOSTILE, "FirstName": HOSTILE, "LastName": None}
    agent = AGENT | {"FirstName": HOSTILE, "LastName": None, "UserType": "Standard"}
    quoting = f"{HOSTILE}\n\nOn 6 May 2024, Ada Quill wrote:\n> {QUESTION}\n> {HOSTILE}"
    reader.file = page_of(
        tmp_path,
        case(Subject=HOSTILE, Origin=HOSTILE, Contact=person, Status=HOSTILE, CaseNumber=HOSTILE),
        mail(1, TextBody=QUESTION),
        reply(2, MessageDate=at("11:30"), TextBody=quoting, CreatedBy=agent),
        comment(3, CommentBody=HOSTILE, IsPublished=False, CreatedBy=agent | {"Name": HOSTILE}),
    )
    page = reader.open(key(case_id(1)))

    page.get_by_role("searchbox").fill("</script>")
    expect(page.locator("mark").first).to_have_text("</script>")
    page.locator("#agent").select_option(index=1)
    page.locator("#channel").select_option(index=1)
    expect(page.get_by_role("status")).to_have_text("1 conversation")
    page.locator("main details").evaluate_all("all => all.forEach((one) => { one.open = true; })")

    assert page.locator("img, script[src], iframe").count() == 0
    for place in (".people b", ".agent", ".line", ".subject", "article p", ".gone", "dd"):
        assert any("onerror=" in text for text in page.locator(place).all_inner_texts()), place


def test_a_phone_folds_the_filters_away(manager: Reader) -> None:
    """They are there when asked for, and nothing is wider than the screen."""
    page = manager.open(viewport={"width": 360, "height": 640})
    expect(page.get_by_label("From")).to_be_hidden()

    page.get_by_text("Filters and order").click()
    page.get_by_label("Channel").select_option("WhatsApp")
    page.get_by_text("Filters and order").click()
    page.get_by_role("link", name="messaging 00001").click()
    expect(page.locator("article")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.get_by_role("link", name="All conversations").click()
    expect(page.get_by_role("status")).to_have_text("1 of 6 conversations")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
