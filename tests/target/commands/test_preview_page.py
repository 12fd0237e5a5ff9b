"""The page of `preview`, as it behaves in a real browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from target_creovai.assemble import ALL_READ
from target_creovai.commands.preview import page_for
from target_creovai.commands.support.previewed import (
    PreviewContext,
    PreviewedConversation,
    previewed,
)
from target_creovai.model.settings import AssemblySettings, Policy
from target_creovai.settings.config import DEFAULT_PARTICIPANT_TYPES
from target_creovai.store import LedgerEntry
from tests.browser import hard_to_read, unnamed
from tests.target.commands.previewed import HEBREW, key, listed
from tests.target.rows import case_id, chat, chat_id, transcript
from tests.target.support import NOW

if TYPE_CHECKING:
    from tests.browser import Reader

pytestmark = pytest.mark.xdist_group("browser")


def test_a_case_reads_like_a_dialogue(written: Reader) -> None:
    """Who, what, when, by which way, under the day; line breaks stay."""
    page = written.open(key(case_id(1)))
    said = page.locator("article")

    expect(page.get_by_role("heading", level=2)).to_contain_text("case 00012345")
    expect(page.locator(".subject")).to_have_text("Leaking machine")
    days = [day.replace(",", "") for day in page.locator("h3").all_inner_texts()]
    assert days == ["Monday 6 May 2024", "Tuesday 7 May 2024"]
    assert said.locator("p").all_inner_texts() == [
        "It leaks.\n\n- from the door",
        "A photo of the seal, please.",
        "Technician is booked.",
    ]
    assert said.locator("header").all_inner_texts() == [
        "Ada Quill\nCustomer\nWeb",
        "Nora Vance\nAgent\nEmail",
        "Nora Vance\nAgent\nCase Comment",
    ]
    assert said.locator("time").all_inner_texts() == ["10:00:00", "11:30:00", "08:15:00"]


def test_speakers_differ_by_side_colour_and_label(written: Reader) -> None:
    """Colour alone tells nothing to many."""
    page = written.open(key(chat_id(4)))
    looks: dict[str, tuple[float, str]] = {}
    for role in ("customer", "agent", "bot", "system"):
        words = page.locator(f"article[data-role={role}] p").last
        box = words.bounding_box()
        assert box is not None
        style = words.evaluate("e => getComputedStyle(e).backgroundColor")
        looks[role] = (box["x"] + box["width"] / 2, style)
    labels = page.locator("article .role").all_inner_texts()

    assert {"Customer", "Agent", "Bot", "System"} <= set(labels)
    assert looks["customer"][0] < looks["system"][0] < looks["agent"][0]
    assert len({colour for _, colour in looks.values()}) == 4
    assert looks["bot"][0] > looks["system"][0]


def test_words_of_a_customer_stay_words(written: Reader) -> None:
    """No element, no dialog, no request: the fixture looks for the latter two."""
    page = written.open(key(chat_id(1)))

    expect(page.locator("article p").last).to_contain_text('<img src="http://127.0.0.1:9/x"')
    assert page.locator("img, iframe, article p b").count() == 0
    page.get_by_role("searchbox").fill("onerror")
    expect(page.locator("article mark")).to_have_text("onerror")
    assert page.locator("img").count() == 0


def test_what_got_in_all_the_same_could_do_nothing(written: Reader) -> None:
    """The second line of defence: the browser refuses handlers, scripts, styles and requests."""
    page = written.open()

    refused = page.evaluate(
        """async () => {
          const refused = new Set();
          const all = new Promise((done) =>
            document.addEventListener("securitypolicyviolation", (event) => {
              if (refused.add(event.effectiveDirective).size === 5) done();
            }));
          document.body.insertAdjacentHTML("beforeend", `
            <img src="data:," onerror="document.title = 'broken'">
            <p style="color: red" onclick="document.title = 'broken'" id="clicked"></p>`);
          document.body.append(Object.assign(document.createElement("script"),
            { textContent: "document.title = 'broken'" }));
          document.getElementById("clicked").click();
          await fetch("data:,").catch(() => {});
          await Promise.race([all, new Promise((done) => setTimeout(done, 10_000))]);
          return [...refused];
        }"""
    )

    kinds = {"connect-src", "img-src", "script-src-attr", "script-src-elem", "style-src-attr"}
    assert set(refused) == kinds
    assert page.title() == "Preview of conversations"
    assert all("Content Security Policy" in trouble for trouble in written.troubles)
    written.troubles.clear()


SEARCHES: list[tuple[str, set[str]]] = [
    ("SEAL", {"case 00012345"}),
    ("12346", {"case 00012346"}),
    (chat_id(2)[:15], {f"chat {chat_id(2)}"}),
    (case_id(1), {"case 00012345", f"chat {chat_id(1)}"}),
    ("ההזמנה", {f"chat {chat_id(2)}"}),
    ("🎉", {f"chat {chat_id(2)}"}),
    ("(.*", set()),
]


def test_search_finds_words_ids_and_numbers(written: Reader) -> None:
    """As they are typed, in any case; nothing is a pattern."""
    page = written.open()

    for typed, found in SEARCHES:
        page.get_by_role("searchbox").fill(typed)

        expect(page.get_by_role("status")).to_have_text(
            re.compile(f"^{len(found)} of 7 conversations(: nothing matches the filters)?$")
        )
        assert set(listed(page)) == found, typed


def test_outcomes_and_kinds_narrow_the_list(written: Reader) -> None:
    """Ticked ones of a group add up; groups narrow each other; none ticked is all."""
    page = written.open()
    assert len(listed(page)) == 7

    page.get_by_label("set aside").check()
    assert listed(page) == [f"chat {chat_id(5)}"]
    page.get_by_label("skipped").check()
    assert len(listed(page)) == 2
    page.get_by_role("checkbox", name=re.compile("^case")).check()
    expect(page.get_by_role("status")).to_contain_text("0 of 7 conversations: nothing matches")
    expect(page.get_by_role("main")).to_contain_text("Nothing matches the filters.")
    page.get_by_role("main").get_by_role("button", name="Clear filters").click()
    expect(page.get_by_role("status")).to_have_text("7 conversations")
    expect(page.get_by_role("searchbox")).to_be_focused()


def test_what_is_not_sent_says_so(written: Reader) -> None:
    """A waiting case is shown as it stands, a missed chat has nothing to show."""
    waiting = written.open(key(case_id(2))).get_by_role("main")
    expect(waiting).to_contain_text("waits: the case is open")
    expect(waiting).to_contain_text("This would not be sent now")
    expect(waiting.locator("article")).to_have_count(1)

    missed = written.open(key(chat_id(3))).get_by_role("main")
    expect(missed).to_contain_text("missed: nobody answered")
    expect(missed).to_contain_text("Its words cannot be shown.")

    unknown = written.open(key(chat_id(5))).locator("article[data-role=unknown]")
    expect(unknown).to_have_count(2)


def test_all_can_be_done_by_keyboard(written: Reader) -> None:
    """Search, choose, read, go back; the list is one stop for Tab."""
    page = written.open()
    keys = page.keyboard

    keys.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    keys.type("case")
    assert page.locator("#list li:visible a[tabindex='0']").count() == 1
    keys.press("ArrowDown")
    keys.press("ArrowDown")
    second = page.locator("#list li:visible a").nth(1)
    expect(second).to_be_focused()
    assert page.locator("#list a[tabindex='0']").count() == 1
    keys.press("Enter")
    expect(page.get_by_role("heading", level=2)).to_be_focused()
    expect(second).to_have_attribute("aria-current", "true")
    keys.press("Escape")
    expect(second).to_be_focused()
    keys.press("Home")
    keys.press("ArrowUp")
    expect(page.get_by_role("searchbox")).to_be_focused()
    first = page.locator("#outcomes input").first
    for _ in range(20):  # a date has a stop for each of its parts
        keys.press("Tab")
        if first.evaluate("(box) => box === document.activeElement"):
            break
    keys.press("Space")
    expect(first).to_be_checked()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_or_dark_all_text_can_be_read(written: Reader, scheme: Any) -> None:
    """4.5 to 1 is what WCAG 2 asks for; the page goes by what the system is set to."""
    page = written.open(color_scheme=scheme)
    back = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(map(int, re.findall(r"\d+", back))) > 384) is (scheme == "light")
    page.get_by_role("searchbox").fill("a")
    page.get_by_role("checkbox").first.check()

    for one in (chat_id(4), chat_id(5), case_id(2)):
        page.evaluate("(key) => { location.hash = key; }", key(one))
        expect(page.get_by_role("heading", level=2)).to_be_focused()
        assert hard_to_read(page) == []
        assert unnamed(page) == []


def test_a_phone_shows_the_list_or_a_conversation(written: Reader) -> None:
    """Nothing is wider than the screen, not even 400 letters without a space."""
    page = written.open(viewport={"width": 360, "height": 640})
    finder, main = page.get_by_role("navigation"), page.get_by_role("main")
    expect(main).to_be_hidden()

    page.get_by_role("link", name="case 00012346").click()
    expect(finder).to_be_hidden()
    expect(main.locator("article p")).to_have_text("x" * 400)
    assert main.evaluate("(main) => main.scrollWidth - main.clientWidth") == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

    page.get_by_role("link", name="All conversations").click()
    expect(main).to_be_hidden()
    expect(page.get_by_role("link", name="case 00012346")).to_be_focused()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_script_from_right_to_left_runs_that_way(written: Reader) -> None:
    """By each text for itself: an agent may answer in another one."""
    page = written.open(key(chat_id(2)))
    texts = page.locator("article:is([data-role=agent], [data-role=customer]) p")

    directions = texts.evaluate_all("all => all.map((one) => getComputedStyle(one).direction)")

    assert dict(zip(texts.all_inner_texts(), directions, strict=True)) == {
        HEBREW: "rtl",
        "Thanks 🎉": "ltr",
    }


def test_paper_gets_the_conversation_alone(written: Reader) -> None:
    """No list, no boxes to tick."""
    page = written.open(key(case_id(1)))
    page.emulate_media(media="print")

    expect(page.get_by_role("navigation")).to_be_hidden()
    expect(page.locator("article")).to_have_count(3)
    assert page.evaluate("getComputedStyle(document.querySelector('main')).overflowY") == "visible"


def many(number: int, messages: int) -> bytes:
    """Return a page of so many chats, each with so many messages."""
    speakers = ("Nora V", "Ada Quill")
    talk = (f"( {n}s ) {speakers[n % 2]}: line {n} of the talk" for n in range(messages))
    row = chat(Body=transcript(*talk)).row
    nothing: dict[str, Any] = dict.fromkeys(LedgerEntry.__struct_fields__)
    line = LedgerEntry(**nothing | {"kind": "chat", "id": row["Id"], "outcome": "pending"})
    context = PreviewContext(
        AssemblySettings(participant_types=DEFAULT_PARTICIPANT_TYPES),
        Policy(),
        NOW,
        other_chats=lambda _names: {},
        advised=lambda _line, _verdict, known: known,
    )
    one = previewed(line, {"LiveChatTranscript": [row]}, context, ALL_READ)
    return page_for([_as(one, n) for n in range(number)], NOW, {"chat": 9_999}, removed=True)


def _as(one: PreviewedConversation, number: int) -> PreviewedConversation:
    known = replace(one.known, id=chat_id(number), session_id=chat_id(number))
    return replace(one, known=known)


def test_an_empty_store_makes_an_empty_page(reader: Reader) -> None:
    """It says that there is nothing, and breaks nowhere."""
    reader.file.write_bytes(page_for([], NOW, {}, removed=True))

    expect(reader.open().get_by_role("main")).to_have_text("Nothing to show.")


def test_a_page_of_five_thousand_is_no_burden(reader: Reader) -> None:
    """What is not seen is no element, and what is not read is not even parsed."""
    reader.file.write_bytes(many(5_000, 20))
    page = reader.open(key(chat_id(1_234)))

    expect(page.locator("article")).to_have_count(20)
    expect(page.locator("#scope")).to_contain_text("5000 of 9999 in all")
    assert page.evaluate("document.querySelectorAll('*').length") < 1_000
    page.locator("#list").evaluate("(list) => { list.scrollTop = list.scrollHeight; }")
    expect(page.locator("#rows li").last).to_contain_text(chat_id(4_999))
    assert page.evaluate("document.querySelectorAll('*').length") < 1_000
    page.get_by_role("searchbox").fill(chat_id(777))
    expect(page.get_by_role("status")).to_have_text("1 of 5000 conversations")
