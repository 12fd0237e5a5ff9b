"""A payload becomes a dialogue to read, and a page that stays text whatever it holds."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

import pytest

from target_creovai.model.participants import Role
from target_creovai.preview.listing import Facts, Listed
from target_creovai.preview.page import Index, page_of
from target_creovai.preview.view import View, view_of
from target_creovai.settings.config import DEFAULT_PARTICIPANT_TYPES
from tests.target.rows import AGENT, at, case, chat, comment, mail, transcript
from tests.target.support import dialogue, payload_of, senders, texts

CASE = payload_of(case(Subject="Leak", Origin="Web", Description="It leaks."), mail(), comment(3))
CHAT = payload_of(
    chat(
        Body=transcript(
            "( 1s ) Nora V: Good day",
            "( 2s ) Ada Quill: one\ntwo",
            "( 3s ) Nora V: three",
        ),
    )
)


def seen(payload: dict[str, Any], **types: str | None) -> View:
    """Lay out a payload, by the default types but for these."""
    return view_of(payload, {**DEFAULT_PARTICIPANT_TYPES, **types})


def spoken(view: View) -> list[tuple[str, str, str]]:
    """Return time, type and words of each message."""
    return [(said.at, view.people[said.who or 0].type, said.text) for said in view.messages]


def test_a_chat_is_one_dialogue_in_order_of_time() -> None:
    """Creovai gets it speaker by speaker; nobody reads it like that."""
    assert spoken(seen(CHAT)) == dialogue(CHAT)
    assert [said.who for said in seen(CHAT).messages] == [0, 1, 0]


def test_a_case_has_sender_and_channel_at_each_message() -> None:
    """Mails, comments and the web form come by different ways."""
    view = seen(CASE)

    assert [said.text for said in view.messages] == texts(CASE)
    assert [kind for _, kind, _ in spoken(view)] == [kind for kind, _ in senders(CASE)]
    assert [said.channel for said in view.messages] == ["Web", "Email", "Case Comment"]
    assert view.subject == "Leak"


def test_times_sort_with_their_fractions() -> None:
    """As text, `05.5Z` would come before `05Z`."""
    late, early = {"utcTimestamp": at("10:00:05.5")}, {"utcTimestamp": at("10:00:05")}
    payload = {"participants": [{"messages": [late | {"content": "b"}, early | {"content": "a"}]}]}

    assert [said.text for said in seen(payload).messages] == ["a", "b"]


@pytest.mark.parametrize(
    ("kind", "types", "role"),
    [
        pytest.param("Agent", {}, Role.AGENT, id="default"),
        pytest.param("Virtual", {"bot": "Virtual"}, Role.BOT, id="renamed"),
        pytest.param("Agent", {"unknown": "Agent"}, Role.AGENT, id="shared"),
        pytest.param("Who?", {}, Role.UNKNOWN, id="nobody's"),
        pytest.param(None, {}, Role.UNKNOWN, id="missing"),
    ],
)
def test_a_type_tells_the_side(kind: str | None, types: dict[str, str], role: Role) -> None:
    """`participant_types` read backwards: no more than Creovai will know either."""
    (person,) = seen({"participants": [{"type": kind, "referenceId": "x"}]}, **types).people

    assert person.role is role


def test_someone_without_a_name_goes_by_reference() -> None:
    """There is always something to call them."""
    named, nameless = seen(
        {"participants": [{"firstName": "Ada", "referenceId": "a"}, {"referenceId": "b"}]}
    ).people

    assert (named.name, nameless.name) == ("Ada", "b")


def test_a_payload_that_is_not_valid_is_laid_out_all_the_same() -> None:
    """Someone has to find out what is wrong with it."""
    stray = {"content": "hello", "senderReferenceId": "nobody"}

    view = seen({"participants": [{}], "messages": [stray, {}]})

    assert [(said.text, said.who) for said in view.messages] == [("hello", None), ("", 0)]
    assert seen({}).messages == []


def test_metadata_is_text_as_its_json() -> None:
    """A browser has 53 bits for a number, and another word for true."""
    view = seen({"metadata": {"N": 2**60 + 1, "F": 1.0, "B": True, "S": "007"}})

    assert view.metadata == {"N": "1152921504606846977", "F": "1.0", "B": "true", "S": "007"}


NASTY = "\n</script><!--<img src=x onerror=alert(1)>&amp;\u2028\u2029\ud800{{script}}{{data}}\\"


def page_for(text: str) -> str:
    """Return a page with a case in which this is said, and which is listed under it."""
    facts = Facts(text, None, [text], [], text, 1, None, text, None)
    index = Index("", {}, {}, False, [Listed("case", text, "sent", None, facts, [], [])])  # noqa: FBT003
    return page_of(index, [seen({"messages": [{"content": text}]})]).decode()


def test_no_text_gets_out_of_the_data() -> None:
    """Whatever ends a script, a line or a slot of ours is written as an escape, and reads back."""
    page = page_for(NASTY)
    index, body = re.findall(r'<script id="\w+" type="[^"]+">(.*?)</script>', page)

    assert not set(index + body) & set("<>&\u2028\u2029\n")
    said = NASTY.replace("\ud800", "\ufffd")
    assert json.loads(body)["messages"][0]["text"] == said
    assert json.loads(index)["conversations"][0]["facts"]["gist"] == said
    assert page.count("<script") == 3
    assert page.count("<img") == 0


def test_the_policy_names_our_style_and_script_alone() -> None:
    """By their hashes: anything that got in all the same would not run."""
    page = page_for("x")

    def hashed(tag: str) -> str:
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = hashlib.sha256(text.encode()).digest()
        return f"'sha256-{base64.b64encode(digest).decode()}'"

    (policy,) = re.findall(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    assert policy.split("; ") == [
        "default-src 'none'",
        f"style-src {hashed('style')}",
        f"script-src {hashed('script')}",
        "base-uri 'none'",
        "form-action 'none'",
    ]


def test_the_page_names_no_other_file() -> None:
    """It can be sent to a colleague, or opened in ten years."""
    page = page_for(AGENT["Name"])

    assert not re.findall(r"\b(?:src|href)=|https?:|@import|url\(", page)
