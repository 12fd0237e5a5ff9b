"""Sorting by time keeps the order in which people spoke."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from target_creovai.kinds.timing import in_turns
from target_creovai.model.conversation import Message
from target_creovai.model.participants import Participant, Role
from target_creovai.model.timestamps import utc
from tests.target.messaging_rows import entry, session
from tests.target.rows import case, case_id, chat, mail, reply, transcript
from tests.target.support import payload_of

if TYPE_CHECKING:
    from collections.abc import Sequence

NOON = datetime(2024, 5, 6, 12, tzinfo=UTC)
PEOPLE = tuple(Participant(name, Role.AGENT) for name in "ABC")


def messages(said: Sequence[tuple[int, int]], unit: timedelta) -> list[Message]:
    """Return messages, in time order, of what moment and whom each is; the text is the order."""
    timed = sorted(said, key=lambda each: each[0])
    return [
        Message(NOON + moment * unit, PEOPLE[who], str(number))
        for number, (moment, who) in enumerate(timed)
    ]


@example([*[(0, 0), (0, 1)] * 4, (1, 2)], timedelta(milliseconds=7))
@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2)), max_size=60),
    st.sampled_from([timedelta(seconds=1), timedelta(milliseconds=7)]),
)
def test_turns_sort_by_time_as_they_were_spoken(
    said: list[tuple[int, int]], unit: timedelta
) -> None:
    """Whether times are compared as times or as texts, and whoever's messages come first."""
    spoken = messages(said, unit)
    turned = list(in_turns(spoken))
    by_person = sorted(turned, key=lambda message: message.sender.reference_id)

    assert [message.text for message in turned] == [message.text for message in spoken]
    assert sorted(by_person, key=lambda message: message.at) == turned
    if unit >= timedelta(seconds=1):
        assert sorted(by_person, key=lambda message: utc(message.at)) == turned
    assert all(
        timedelta() <= after.at - before.at < timedelta(seconds=1)
        for before, after in zip(spoken, turned, strict=True)
    )


def test_who_speaks_alone_in_a_second_keeps_the_time() -> None:
    """A fraction says nothing that anybody measured."""
    spoken = messages([(0, 0), (0, 0), (1, 1), (2, 0)], timedelta(seconds=1))

    assert list(in_turns(spoken)) == spoken


def test_a_thousand_turns_fit_into_a_second() -> None:
    """An automatic greeting may be long, a second is not."""
    turned = list(in_turns(messages([(0, n % 2) for n in range(2000)], timedelta(seconds=1))))

    assert turned == sorted(turned, key=lambda message: message.at)
    assert turned[-1].at < NOON + timedelta(seconds=1)


def times(payload: dict[str, Any]) -> list[str]:
    """Return when each word was spoken, by its alphabetical order."""
    people = payload["participants"]
    said = payload.get("messages") or [each for who in people for each in who["messages"]]
    return [each["utcTimestamp"][17:] for each in sorted(said, key=lambda one: one["content"])]


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param(
            [
                chat(
                    Body=transcript(
                        "( 9s ) Ada Quill: a", "( 9s ) Nora V: b", "( 9s ) Ada Quill: c"
                    )
                )
            ],
            id="chat",
        ),
        pytest.param(
            [case(Description=None), mail(1, TextBody="a"), reply(2, TextBody="b")], id="case"
        ),
    ],
)
def test_every_kind_gives_turns_of_a_tie_rising_fractions(rows: list[Any]) -> None:
    """Inside the window that Creovai insists on."""
    payload = payload_of(*rows)
    found = times(payload)

    assert found == [f"{found[0][:2]}.00{n}Z" for n in range(1, len(found) + 1)]
    assert payload["utcStart"] < payload["utcEnd"]


def test_an_enhanced_chat_gives_them_too() -> None:
    """Its times have fractions already, which stay."""
    when: dict[str, Any] = {"ServerReceivedTimestamp": "2024-05-06T10:00:09.120Z"}
    rows = [entry(1, MessageText="a", SenderRole="EndUser", **when)]
    rows += [entry(2, MessageText="b", SenderRole="Agent", **when)]

    assert times(payload_of(session(), *rows)) == ["09.120001Z", "09.120002Z"]


def test_the_case_of_this_test_has_a_tie() -> None:
    """Else the one above would prove nothing of cases."""
    assert mail(1).row["MessageDate"] == reply(2).row["MessageDate"]
    assert mail(1).row["ParentId"] == case_id()
