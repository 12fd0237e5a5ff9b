"""Every form of message becomes plain text, and no payload, however odd, loses its words."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_creovai.parsers.messaging import (
    Words,
    display_names,
    name_key,
    read_message,
    titles_in,
)
from target_creovai.parsers.messaging.members import NOT_SAID, TEXTS
from tests.target.messaging_rows import message, says


def static(form: str, **content: Any) -> dict[str, Any]:
    """Return the payload of a message that asks for nothing."""
    return message("StaticContentMessage", staticContent={"formatType": form, **content})


def titled(title: str, sub: str | None = None) -> dict[str, Any]:
    """Return a title as Salesforce shapes it."""
    return {"itemType": "TitleItem", "title": title, "subTitle": sub, "referenceId": None}


def option(title: str, identifier: str = "", sub: str | None = None) -> dict[str, Any]:
    """Return something to choose."""
    title_item = titled(title, sub)
    return {"itemType": "TitleOptionItem", "titleItem": title_item, "optionIdentifier": identifier}


def choices(form: str, **content: Any) -> dict[str, Any]:
    """Return the payload of a message that offers a choice."""
    return message("ChoicesMessage", choices={"formatType": form, **content})


def chosen(*options: dict[str, Any]) -> dict[str, Any]:
    """Return the payload of an answer to such a message."""
    selections = {"formatType": "Selections", "selectedOptions": list(options)}
    return message("ChoicesResponseMessage", choicesResponse=selections)


def answered(*values: dict[str, Any]) -> dict[str, Any]:
    """Return the payload of a form that was filled in."""
    inputs = {"formatType": "Inputs", "formTitle": titled("Return"), "inputValues": list(values)}
    return message("FormResponseMessage", formResponse=inputs)


SIZES = [option("Small", "o-1"), option("Large", "o-2", "fits most")]
FORM = message(
    "FormMessage",
    form={
        "formatType": "Inputs",
        "formTitle": titled("Return"),
        "message": titled("Return"),
        "reply": titled("You filled in the form"),
        "sections": [
            {
                "inputs": [
                    {"inputId": "q-1", "label": titled("Order number"), "hintText": "7 digits"}
                ]
            },
            {"inputs": [{"inputId": "q-2", "label": titled("Size"), "optionItems": SIZES}]},
        ],
    },
)
TITLES = {"o-1": "Small", "q-1": "Order number"}

GOLDEN = [
    pytest.param(says("Where is it?\nI wait."), "Where is it?\nI wait.", id="text"),
    pytest.param(
        static(
            "Attachments",
            text="see here",
            attachments=[
                {
                    "id": "1",
                    "name": "receipt.pdf",
                    "mimeType": "application/pdf",
                    "url": "https://x",
                },
                {"id": "2", "name": None},
            ],
        ),
        "see here\n[attachment: receipt.pdf]\n[attachment]",
        id="attachments",
    ),
    pytest.param(
        static("Links", links=[{"url": "https://a.example/1"}, {"url": "https://a.example/2"}]),
        "https://a.example/1\nhttps://a.example/2",
        id="links",
    ),
    pytest.param(
        static(
            "RichLink",
            linkItem={
                "titleItem": titled("Our opening hours"),
                "url": "https://shop.example/hours",
            },
            image={
                "assetType": "ImageAsset",
                "title": "A door",
                "assetUrl": "https://shop.example/d",
            },
        ),
        "Our opening hours\nhttps://shop.example/hours",
        id="rich-link",
    ),
    pytest.param(
        static("WebView", title=titled("Pay here"), url="https://pay.example/7"),
        "Pay here\nhttps://pay.example/7",
        id="web-view",
    ),
    pytest.param(
        static("ExperienceType", experience={"label": "Pick a seat", "id": "c-1"}),
        "Pick a seat",
        id="experience-type",
    ),
    pytest.param(
        static("ExternalTemplate", externalTemplate={"name": "order_shipped", "language": "en"}),
        "[template: order_shipped]",
        id="external-template",
    ),
    pytest.param(
        choices("Buttons", text="Which size?", optionItems=SIZES),
        "Which size?\n- Small\n- Large, fits most",
        id="buttons",
    ),
    pytest.param(
        choices("QuickReplies", text="Which size?", optionItems=SIZES[:1]),
        "Which size?\n- Small",
        id="quick-replies",
    ),
    pytest.param(
        choices("ListPicker", title=titled("Sizes"), optionItems=SIZES[:1]),
        "Sizes\n- Small",
        id="list-picker",
    ),
    pytest.param(
        choices(
            "Carousel",
            items=[
                {"titleItem": titled("Boots", "brown"), "interactionItems": [option("Buy")]},
                {"titleItem": titled("Shoes"), "interactionItems": [option("Look")]},
            ],
        ),
        "- Boots, brown, Buy\n- Shoes, Look",
        id="carousel",
    ),
    pytest.param(
        choices("TimePicker", title="When?", optionItems=[option("Monday, 9:00")]),
        "When?\n- Monday, 9:00",
        id="time-picker",
    ),
    pytest.param(
        chosen({"optionTitle": titled("Large"), "optionIdentifier": "o-2"}), "Large", id="chosen"
    ),
    pytest.param(chosen({"optionIdentifier": "o-1"}), "Small", id="chosen-by-identifier"),
    pytest.param(FORM, "Return\n- Order number\n- Size, Small, Large, fits most", id="form"),
    pytest.param(
        answered(
            {
                "inputValueType": "SingleInputValue",
                "inputId": "q-1",
                "value": {"valueType": "TextValue", "textValue": "A-77"},
            },
            {
                "inputValueType": "SingleInputValue",
                "inputlabel": titled("Bought on"),
                "displayValue": "6 May",
                "value": {"valueType": "DateValue", "dateValue": "2024-05-06"},
            },
            {
                "inputValueType": "SelectedOptionsInputValue",
                "inputLabel": titled("Size"),
                "selectedOptions": [{"optionIdentifier": "o-1"}, {"optionTitle": titled("Large")}],
            },
            {"inputId": "q-9", "value": {"valueType": "IntegerValue", "integerValue": 3}},
        ),
        "Return\nOrder number: A-77\nBought on: 6 May\nSize: Small, Large\n3",
        id="form-response",
    ),
    pytest.param(
        message(
            "FormResponseMessage",
            formResponse={"inputs": [{"label": "Postcode", "textValue": "10115"}]},
        ),
        "Postcode: 10115",
        id="form-response-with-labels",
    ),
]


@pytest.mark.parametrize(("payload", "text"), GOLDEN)
def test_a_message_becomes_plain_text(payload: dict[str, Any], text: str) -> None:
    """Words first, then what can be chosen, linked or opened, line by line."""
    assert read_message(payload, None, TITLES) == Words(text, known=True)


@pytest.mark.parametrize(("payload", "text"), GOLDEN)
def test_names_are_spelled_in_many_ways(payload: dict[str, Any], text: str) -> None:
    """An object or its JSON, quoted once more or not; neither case nor underscores count."""

    def shouted(value: Any) -> Any:
        if isinstance(value, dict):
            kinds = {"formatType", "messageType"}
            return {
                f"_{key.upper()}": str(inner).upper() if key in kinds else shouted(inner)
                for key, inner in value.items()
            }
        return [shouted(item) for item in value] if isinstance(value, list) else value

    for spelled in (json.dumps(payload), json.dumps(json.dumps(payload)), shouted(payload)):
        assert read_message(spelled, None, TITLES).text == text


def test_titles_are_those_of_options_and_questions() -> None:
    """An answer may hold identifiers alone."""
    payloads = [FORM, json.dumps(choices("Buttons", optionItems=[option("Blue", "o-3")])), None]

    assert titles_in(payloads) == {
        "o-1": "Small",
        "o-2": "Large, fits most",
        "o-3": "Blue",
        "q-1": "Order number",
        "q-2": "Size",
    }


def test_names_come_from_whoever_joined() -> None:
    """The entry that says so is the only place where display names are."""

    def joined(subject: object, name: object) -> dict[str, Any]:
        participant = {"role": "Agent", "subject": subject}
        return {"operation": "add", "participant": participant, "displayName": name}

    payload = {
        "entries": [joined("005A", "Max"), joined("005A", "M."), joined(7, "X"), joined("b", " ")]
    }

    assert display_names([payload, None, "no JSON"]) == {"005A": "Max"}


# What is not known


@pytest.mark.parametrize("payload", [None, {}, "", "no JSON", "[1]", "5", [], 7])
def test_where_there_is_no_payload_salesforces_text_is_taken(payload: object) -> None:
    """One of the interfaces gives nothing else."""
    assert read_message(payload, " hello ", {}) == Words("hello", known=True)


def test_words_of_an_unknown_form_are_taken_as_they_are() -> None:
    """They are the message, and the summary counts it."""
    payload = message("PollMessage", poll={"title": "How was it?", "stars": [{"label": "good"}]})

    assert read_message(payload, "unused", {}) == Words("How was it?\ngood", known=False)
    assert read_message(message("PollMessage"), "as text", {}) == Words("as text", known=False)


@pytest.mark.parametrize(
    ("payload", "name"),
    [
        (static("Media", asset={"id": "1"}), "Media"),
        (static("MEDIA"), "Media"),
        (static("Secret words of a customer"), "StaticContentMessage"),
        (chosen({"optionIdentifier": "never offered"}), "Selections"),
        (message("Secret words of a customer"), "message"),
        ({"abstractMessage": 7}, "message"),
        (None, "message"),
    ],
)
def test_a_message_without_words_leaves_a_marker(payload: object, name: str) -> None:
    """With a name that Salesforce documents, or none: anything else may be someone's words."""
    assert read_message(payload, None, {}) == Words(f"[unsupported: {name}]", known=False)


def test_a_blank_text_says_nothing() -> None:
    """There is nothing that would be missed."""
    assert read_message(says(" \n "), None, {}) == Words("", known=True)


# Odd ones

NAMES = [
    *sorted(TEXTS),
    *("abstractMessage", "messageType", "staticContent", "formatType", "choices", "optionItems"),
    *("titleItem", "choicesResponse", "selectedOptions", "optionIdentifier", "optionTitle"),
    *("form", "sections", "inputs", "formResponse", "inputValues", "inputId", "inputLabel"),
    *("value", "links", "linkItem", "url", "attachments", "name", "externalTemplate", "entries"),
]
VALUES = [
    *("StaticContentMessage", "ChoicesMessage", "ChoicesResponseMessage", "FormMessage"),
    *("FormResponseMessage", "Text", "RichLink", "Attachments", "WebView", "Buttons", "Media"),
]
words = st.text('ab Z\u00e9\u4e2d\ud800\n:[]{}"', max_size=6)
odd_json = st.recursive(
    st.sampled_from(VALUES) | words | st.none() | st.booleans() | st.integers() | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | words, inner, max_size=4)
    ),
    max_leaves=20,
)


def grafted(payload: dict[str, Any], place: int, odd: Any) -> dict[str, Any]:
    """Return a payload with something odd in the place of one of its members."""
    copy: dict[str, Any] = deepcopy(payload)
    message = copy["abstractMessage"]
    members = [(message, name) for name in message]
    for container, key in members:
        inner = container[key]
        if isinstance(inner, dict | list):
            members += [
                (inner, k) for k in (inner if isinstance(inner, dict) else range(len(inner)))
            ]
    container, key = members[place % len(members)]
    container[key] = odd
    return copy


golden = st.sampled_from([param.values[0] for param in GOLDEN])
odd_payloads = st.builds(grafted, golden, st.integers(0, 99), odd_json) | st.dictionaries(
    st.sampled_from(NAMES), odd_json, max_size=5
)


def said_in(value: Any, name: str = "") -> list[str]:
    """Return the texts that stand where texts are said."""
    if isinstance(value, dict):
        members = [(name_key(key), inner) for key, inner in value.items()]
        return [
            text for key, inner in members if key not in NOT_SAID for text in said_in(inner, key)
        ]
    if isinstance(value, list):
        return [text for item in value for text in said_in(item, name)]
    return [value.strip()] if name in TEXTS and isinstance(value, str) else []


@given(odd_payloads)
def test_no_word_of_a_message_is_lost(payload: dict[str, Any]) -> None:
    """Whatever its shape: a text in a place for texts is in what is sent."""
    message = payload.get("abstractMessage") or payload
    text = read_message(payload, None, {}).text

    assert [words for words in said_in(message) if words not in text] == []


@given(odd_json | odd_payloads, st.none() | words)
def test_nothing_raises(value: Any, text: str | None) -> None:
    """One odd entry must not cost a conversation."""
    for payload in (value, json.dumps(value)):
        read_message(payload, text, titles_in([payload]))
        display_names([payload])


def test_depth_does_not_matter() -> None:
    """Nesting is no way to stop a run."""
    payload: Any = {"text": "deep"}
    for _ in range(20_000):
        payload = {"abstractMessage": payload}

    assert read_message(payload, None, titles_in([payload])).text == "deep"
    assert read_message('{"a":' * 90_000, "text", {}).text == "text"
