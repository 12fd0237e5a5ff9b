"""No payload, however odd, raises, and none says what only programs read."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_creovai.parsers.messaging import display_names, read_message, titles_for
from tests.target.messaging_forms import HIDDEN, updated
from tests.target.messaging_rows import says
from tests.target.test_messaging_forms import GOLDEN, TITLES

# Members that a reader is shown, wherever the schema has them. What else holds a text is a file's
# name, a link's address, or one of the values that answers are made of.
SPOKEN = frozenset(
    {
        *("text", "title", "subTitle", "message", "name", "url", "displayValue", "description"),
        *("textValue", "dateValue", "dateTimeValue", "urlValue", "startTime", "resultMessage"),
        *("optionIdentifier", "formatType", "messageType", "errorType", "valueType", "inputType"),
    }
)
NAMES = [
    *sorted(SPOKEN),
    *("abstractMessage", "staticContent", "choices", "optionItems", "titleItem", "calendarEvent"),
    *("choicesResponse", "selectedOptions", "optionTitle", "timeSlotOptionItems", "location"),
    *("form", "sections", "input", "inputs", "formResponse", "inputValues", "inputId", "id"),
    *("value", "items", "options", "links", "linkItem", "attachments", "externalTemplate"),
    *("entries", "result", "records", "errors", "updatedMessage", "mediaAsset", "application"),
]
VALUES = [
    *("StaticContentMessage", "ChoicesMessage", "ChoicesResponseMessage", "FormMessage"),
    *("FormResponseMessage", "Text", "RichText", "RichLink", "Attachments", "WebView", "Media"),
    *("Buttons", "TimePicker", "ListValue", "CompositeValue", "TextValue", "LocationValue"),
]
words = st.text('ab Z\u00e9\u4e2d\ud800\n:[]{}<p>"', max_size=6)
odd_json = st.recursive(
    st.sampled_from(VALUES) | words | st.none() | st.booleans() | st.integers() | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(NAMES) | words, inner, max_size=4)
    ),
    max_leaves=20,
)


def places(payload: dict[str, Any]) -> list[tuple[Any, Any]]:
    """Return container and key of every member below a message, the innermost last."""
    message = payload["abstractMessage"]
    found = [(message, name) for name in message]
    for container, key in found:
        inner = container[key]
        if isinstance(inner, dict):
            found += [(inner, name) for name in inner]
        elif isinstance(inner, list):
            found += [(inner, number) for number in range(len(inner))]
    return found


def grafted(payload: dict[str, Any], place: int, odd: Any) -> dict[str, Any]:
    """Return a payload with something odd in the place of one of its members."""
    copy: dict[str, Any] = deepcopy(payload)
    found = places(copy)
    container, key = found[place % len(found)]
    container[key] = odd
    return copy


golden = st.sampled_from([param.values[0] for param in GOLDEN])
odd_payloads = st.builds(grafted, golden, st.integers(0, 199), odd_json) | st.dictionaries(
    st.sampled_from(NAMES), odd_json, max_size=5
)


@pytest.mark.parametrize(("payload", "_"), GOLDEN)
def test_what_only_programs_read_is_never_said(payload: dict[str, Any], _: str) -> None:
    """Output of actions, parameters, references, texts for later, hints and identifiers."""
    assert HIDDEN not in read_message(payload, None, TITLES).text


@given(golden, st.integers(0, 199), st.sampled_from(["new", "internalNotes", "values", "metadata"]))
def test_a_member_that_is_not_known_is_never_said(
    payload: dict[str, Any], place: int, name: str
) -> None:
    """Whatever Salesforce adds to its schema, and wherever: it may be internal."""
    copy = deepcopy(payload)
    containers = [container for container, _ in places(copy) if isinstance(container, dict)]
    container = containers[place % len(containers)]
    container.setdefault(name, {"text": HIDDEN, "title": HIDDEN, "items": [{"label": HIDDEN}]})

    assert read_message(copy, None, TITLES) == read_message(payload, None, TITLES)


@given(golden, st.integers(0, 199))
def test_only_members_for_readers_are_said(payload: dict[str, Any], place: int) -> None:
    """The text of any other member may be replaced and nothing of it comes out."""
    copy = deepcopy(payload)
    found = [
        (container, key)
        for container, key in places(copy)
        if isinstance(container[key], str) and key not in SPOKEN
    ]
    if found:
        container, key = found[place % len(found)]
        container[key] = "a canary's song"
    assert "canary" not in read_message(copy, None, {}).text


@given(odd_json | odd_payloads, st.none() | words)
def test_nothing_raises(value: Any, text: str | None) -> None:
    """One odd entry must not cost a conversation."""
    for payload in (value, json.dumps(value), updated("m1", {"abstractMessage": {"a": value}})):
        for titles in titles_for([payload, payload]):
            read_message(payload, text, titles)
        display_names([payload])


def test_depth_does_not_matter() -> None:
    """Nesting is no way to stop a run."""
    deep: Any = {"valueType": "TextValue", "textValue": "deep"}
    for _ in range(20_000):
        deep = {"valueType": "ListValue", "items": [deep]}
    answer = {"formatType": "Inputs", "inputValues": [{"inputId": "q", "value": deep}]}
    payload = {"abstractMessage": {"messageType": "FormResponseMessage", "formResponse": answer}}

    (titles,) = titles_for([payload])
    assert read_message(payload, None, titles).text == "deep"
    assert read_message('{"a":' * 90_000, "text", {}).text == "text"


def test_a_message_may_be_long() -> None:
    """Salesforce limits what is typed, and nothing else."""
    text = "word " * 200_000

    assert read_message(says(text), None, {}).text == text.strip()
