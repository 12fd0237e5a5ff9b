"""A message reads as it was last changed, and an answer means what was offered."""

from __future__ import annotations

from typing import Any

import pytest

from target_creovai.model.findings import Finding
from tests.target.messaging_forms import (
    answered,
    calendar,
    choices,
    chosen,
    form,
    option,
    question,
    selected,
    single,
    slot,
    static,
    updated,
    value,
)
from tests.target.messaging_rows import BOT, answer, entry, says, talk
from tests.target.rows import AGENT_ID, Record, at
from tests.target.support import findings, payload_of, spoken


def named(number: int, name: str, text: str, make: Any = answer, **fields: Any) -> Record:
    """Return a message whose payload bears an identifier."""
    payload = says(text)
    payload["abstractMessage"]["id"] = name
    record: Record = make(number, Payload=payload, **fields)
    return record


def update(number: int, name: str | None, text: str, make: Any = answer, **fields: Any) -> Record:
    """Return the entry that replaces a message's text."""
    change = {"EntryType": "MessageUpdated", "Payload": updated(name, says(text))}
    record: Record = make(number, **change | fields)
    return record


def lines(*records: Record, **rules: Any) -> list[str]:
    """Return what is said in a session with these entries."""
    return [words for _, words in spoken(*talk(*records), **rules)]


# Updates


def test_an_update_replaces_the_text_of_the_message_it_names() -> None:
    """In its place, at its time, by its sender; what was redacted stays redacted."""
    first, second = named(1, "m1", "pin 1234"), named(2, "m2", "and the other")
    rows = talk(first, second, entry(3), update(4, "m1", "pin [removed]"))

    assert spoken(*rows) == [
        ("Agent", "pin [removed]"),
        ("Agent", "and the other"),
        ("Customer", "words 3"),
    ]
    assert "1234" not in str(payload_of(*rows))
    assert findings(*rows) == {}


@pytest.mark.parametrize("where", ["row", "entry", "message"])
def test_a_message_goes_by_any_of_its_identifiers(where: str) -> None:
    """The entry's, in the row and in its payload, and the message's are the same at Salesforce."""
    first = named(1, "m1" if where == "message" else "other", "old")
    if where == "row":
        first.row["Id"] = "m1"
    if where == "entry":
        first.row["Payload"]["id"] = "M1"

    assert lines(first, answer(2), update(3, "m1", "new")) == ["new", "words 2"]


def test_the_last_update_counts() -> None:
    """By the server's time, whatever order they came in."""
    old, *changes = named(1, "m1", "one"), update(3, "m1", "three"), update(2, "m1", "two")

    assert lines(old, *changes) == ["three"]


@pytest.mark.parametrize("name", [None, "nothing goes by it"])
def test_without_a_name_it_is_the_latest_of_the_same_sender(name: str | None) -> None:
    """Not the other side's, and not what was said after the change."""
    said = [answer(1), answer(2), entry(3), answer(5)]

    assert lines(*said, update(4, name, "new")) == ["words 1", "new", "words 3", "words 5"]


def test_a_name_that_several_messages_bear_is_the_senders_own() -> None:
    """Nobody's words are put into another's mouth."""
    said = [named(1, "x", "pin 1"), named(2, "x", "thx", entry)]

    assert lines(*said, update(3, "x", "pin [removed]")) == ["pin [removed]", "thx"]


def test_a_system_may_redact_what_a_customer_wrote() -> None:
    """Salesforce's own masking is no participant's."""
    system = {"SenderRole": "System", "SenderId": None}

    assert lines(named(1, "m1", "my card", entry), update(2, "m1", "***", **system)) == ["***"]


@pytest.mark.parametrize("role", ["System", "Router", None])
def test_what_no_participant_changes_is_somebody_elses(role: str | None) -> None:
    """Without a name it is the message before: the text that was masked must not stay."""
    masked = update(3, None, "***", SenderRole=role, SenderId="sys")

    assert lines(entry(1), named(2, "m2", "my card", entry), masked, answer(4)) == [
        "words 1",
        "***",
        "words 4",
    ]


def test_an_update_of_what_is_not_here_is_said_by_its_sender() -> None:
    """Its text is part of the conversation."""
    changes = [update(2, "gone", "as it is now"), update(3, "gone", "as it is in the end")]

    assert lines(entry(1), *changes) == ["words 1", "as it is now", "as it is in the end"]


def test_what_was_changed_to_nothing_says_nothing() -> None:
    """A message may be redacted as a whole."""
    assert lines(entry(1), named(2, "m1", "secret"), update(3, "m1", " ")) == ["words 1"]


@pytest.mark.parametrize(
    "content",
    [{"Payload": None}, {"Payload": {"entryType": "MessageUpdated"}}, {"Payload": "no JSON"}],
)
def test_an_update_that_cannot_be_read_shows_no_old_text(content: dict[str, Any]) -> None:
    """It may have been redacted: a marker stands in its place, and is counted."""
    rows = talk(entry(1), answer(2), update(3, None, "", **content))

    assert [words for _, words in spoken(*rows)] == ["words 1", "[unsupported: message]"]
    assert findings(*rows) == {Finding.UNSUPPORTED: 1}


def test_an_update_may_be_known_by_its_payload_alone() -> None:
    """Rows of other taps may have no EntryType; a plain text may be all there is of it."""
    first = named(1, "m1", "old")

    assert lines(first, update(2, "m1", "new", EntryType=None)) == ["new"]
    assert lines(first, update(2, "m1", "", Payload=None, MessageText="new")) == ["new"]


def test_a_changed_whisper_stays_one() -> None:
    """The update says nothing of who may see it."""
    whisper = named(2, "m1", "be firm", EntryType="Note")

    assert lines(entry(1), whisper, update(3, "m1", "be kind")) == ["words 1"]
    shown = lines(entry(1), whisper, update(3, "m1", "be kind"), include_internal_comments=True)
    assert shown == ["words 1", "be kind"]


def test_any_form_may_replace_any() -> None:
    """A menu instead of a text, with the options that are answered."""
    menu = choices("Buttons", text="Which?", optionItems=[option("Blue", "o-1")])
    change = answer(2, EntryType="MESSAGE_UPDATED", Payload=updated("m1", menu))
    said = entry(3, Payload=chosen({"optionIdentifier": "o-1"}))

    assert lines(named(1, "m1", "wait"), change, said) == ["Which?\n- Blue", "Blue"]


def test_many_updates_of_many_messages_take_linear_time() -> None:
    """Each finds its message at once."""
    said = [named(number, f"m{number}", "old") for number in range(1, 1500)]
    changes = [update(1500 + k, f"m{k}", f"new {k}") for k in range(1, 1500)]

    assert lines(*said, *changes) == [f"new {k}" for k in range(1, 1500)]


# What was offered


def test_an_answer_means_an_option_of_the_menu_it_replies_to() -> None:
    """Identifiers are unique in their message and nowhere else (schema `UniqueIdentifier`)."""
    menus = [
        choices("Buttons", text=f"{word}?", optionItems=[option(word, "1"), option("No", "2")])
        for word in ("Delivery", "Returns")
    ]
    for number, menu in enumerate(menus):
        menu["abstractMessage"]["id"] = f"m{number}"
    replies = [chosen({"optionIdentifier": "1"}, inReplyToMessageId=f"m{n}") for n in (0, 1)]
    said = [entry(1, **BOT | {"Payload": menus[0]}), entry(2, **BOT | {"Payload": menus[1]})]

    heard = lines(*said, *(entry(3 + n, Payload=reply) for n, reply in enumerate(replies)))
    assert heard[2:] == ["Delivery", "Returns"]


def test_an_answer_that_names_no_menu_means_the_last_one_before_it() -> None:
    """Numbers of options begin anew with every menu."""

    def menu(number: int, word: str) -> Record:
        offer = choices("Buttons", text="?", optionItems=[option(word, "1")])
        return entry(number, **BOT | {"Payload": offer})

    said = [entry(number, Payload=chosen({"optionIdentifier": "1"})) for number in (2, 4)]

    assert lines(menu(1, "Delivery"), said[0], menu(3, "Returns"), said[1])[1::2] == [
        "Delivery",
        "Returns",
    ]
    # Of two entries in one instant the answer may come first.
    assert lines(said[0], menu(3, "Late"))[0] == "Late"


def test_what_bots_offer_is_known_where_bots_are_left_out() -> None:
    """A customer's answer has to mean something all the same."""
    offer = choices("TimePicker", calendarEvent=calendar(slot("2026-05-08T12:00Z", "t"), title="?"))
    rows = talk(
        entry(1),
        entry(2, **BOT | {"Payload": offer}),
        entry(3, Payload=chosen({"optionIdentifier": "t"})),
    )
    types = {"agent": "Agent", "customer": "Customer", "bot": None, "system": None}

    heard = spoken(*rows, participant_types=types)
    assert heard == [("Customer", "words 1"), ("Customer", "2026-05-08T12:00Z")]


def test_answers_of_a_form_find_their_questions() -> None:
    """By `input.id`; labels of answers are optional. An option nobody offered is counted."""
    asked = form(
        question("TextInput", "in1", "Order"),
        question("DatePickerInput", "in2", "Broken since"),
        question("SelectInput", "in3", "Colour", optionItems=[option("Red", "r")]),
    )
    reply = answered(
        single("in1", value("TextValue", textValue="4411")),
        single("in2", value("DateValue", dateValue="2026-04-01")),
        selected("in3", {"optionIdentifier": "r"}, {"optionIdentifier": "zz"}),
    )
    rows = talk(entry(1, **BOT | {"Payload": asked}), entry(2, Payload=reply))

    assert spoken(*rows)[1] == (
        "Customer",
        "Order: 4411\nBroken since: 2026-04-01\nColour: Red, zz",
    )
    assert findings(*rows) == {Finding.UNSUPPORTED: 1}


def test_what_is_internal_names_no_option() -> None:
    """An action's output may hold whatever its flow made."""
    output = static("ExperienceType", message="Two", values=[{"value": option("margin", "o-1")}])
    rows = talk(
        entry(1, **BOT | {"Payload": output}),
        entry(2, Payload=chosen({"optionIdentifier": "o-1"})),
        answer(3, SenderId=AGENT_ID, ServerReceivedTimestamp=at("10:02")),
    )

    assert [words for _, words in spoken(*rows)] == ["Two", "o-1", "words 3"]
