"""What is not sent of a message stands where it stood, and nothing of it is lost."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_creovai.model.conversation import Message, Removed, Replacement
from target_creovai.model.participants import Participant, Role
from target_creovai.parsers.mail import Page, Thread
from target_creovai.preview.removed import MAX_CHARS, Cut, cuts_of, redactions_of

WHO = Participant("a", Role.AGENT)
AT = datetime(2024, 5, 6, tzinfo=UTC)
QUESTION = "My order 4711 has not arrived yet. When will it be here?\nI am at home on Monday."


def message(whole: str, text: str, *, signature: tuple[str, ...] = ()) -> Message:
    """Return a message of which something was taken out."""
    return Message(AT, WHO, text, removed=Removed(whole, signature))


def placed(said: Message) -> list[tuple[str, str, str]]:
    """Return what stands before each cut, its kind and its text."""
    return [(said.text[: cut.at], cut.kind, cut.text) for cut in cuts_of(said)]


@pytest.mark.parametrize(
    ("whole", "text", "signature", "expected"),
    [
        pytest.param(
            "Yes.\n\n> Will it?\n> Soon?",
            "Yes.",
            (),
            [("Yes.", "quotes", "> Will it?\n> Soon?")],
            id="below",
        ),
        pytest.param(
            "CAUTION: external\n\nYes.",
            "Yes.",
            (),
            [("", "quotes", "CAUTION: external")],
            id="above",
        ),
        pytest.param(
            "> a?\nYes.\n> b?\nNo.",
            "Yes.\nNo.",
            (),
            [("", "quotes", "> a?"), ("Yes.\n", "quotes", "> b?")],
            id="between",
        ),
        pytest.param(
            "Yes.\n\n--\nNora\nDesk\n\nOn Monday Ada wrote:\n> Will it?",
            "Yes.",
            ("--", "Nora", "Desk"),
            [
                ("Yes.", "signature", "--\nNora\nDesk"),
                ("Yes.", "quotes", "On Monday Ada wrote:\n> Will it?"),
            ],
            id="signature-and-quotes",
        ),
        pytest.param("Yes. ref:_00D1:ref", "Yes.", (), [], id="a-token-in-a-line"),
        pytest.param("a?\nYes.", "> a?\nYes.", (), [], id="a-line-that-got-a-mark"),
        pytest.param("", "[attachment]", (), [], id="nothing-there"),
    ],
)
def test_what_was_taken_out_stands_where_it_stood(
    whole: str, text: str, signature: tuple[str, ...], expected: list[tuple[str, str, str]]
) -> None:
    """A reader sees at once what belongs where."""
    assert placed(message(whole, text, signature=signature)) == expected


def test_a_message_that_is_sent_whole_has_no_cut() -> None:
    """Most of them."""
    assert cuts_of(Message(AT, WHO, "whole")) == []


def test_a_place_moves_with_what_was_redacted_before_it() -> None:
    """Redaction comes after the quotes were taken out."""
    whole, place = "Card 4111 is mine\n> quoted\nBye", Replacement(5, 11, "card", "4111")
    said = Message(AT, WHO, "Card [card] is mine\nBye", removed=Removed(whole, (), (place,)))

    assert placed(said) == [("Card [card] is mine\n", "quotes", "> quoted")]
    (redacted,) = redactions_of(said)
    assert (redacted.shown, redacted.original, redacted.rule) == ("[card]", "4111", "card")


def test_a_long_piece_is_on_the_page_in_part() -> None:
    """A thread quotes itself over and over; how much more there is, is said."""
    (cut,) = cuts_of(message("Yes.\n" + "> x\n" * 5_000, "Yes."))

    assert len(cut.text) == MAX_CHARS
    assert cut.more == 5_000 * 4 - 1 - MAX_CHARS
    assert cut.lines == 5_000


LINES = st.lists(st.sampled_from(["", "Yes.", "No.", "> a", "> b", "--", "Nora", QUESTION]))


@given(st.lists(st.tuples(LINES, LINES), max_size=5))
def test_with_the_cuts_in_their_places_all_lines_are_there(
    parts: list[tuple[list[str], list[str]]],
) -> None:
    """Of any text of which some lines were taken out: none is shown twice, none is missing."""
    whole = "\n".join(line for kept, gone in parts for line in (*kept, *gone))
    kept = "\n".join(line for lines, _ in parts for line in lines)
    said = message(whole, kept)

    shown, done = [], 0
    for cut in cuts_of(said):
        shown += [*kept[done : cut.at].split("\n"), *cut.text.split("\n")]
        done = cut.at
    shown += kept[done:].split("\n")

    assert sorted(filter(None, shown)) == sorted(filter(None, whole.split("\n")))
    assert [cut.at for cut in cuts_of(said)] == sorted(cut.at for cut in cuts_of(said))


def test_what_the_engine_takes_out_of_a_thread_is_found_again() -> None:
    """Its own marks, on its own lines: the page shows all that was in the mail."""
    thread = Thread()
    thread.read(Page.of(QUESTION, None))
    quoted = "\n".join(f"> {line}" for line in QUESTION.split("\n"))
    whole = f"Tomorrow.\n\nOn 6 May 2024, Ada Quill wrote:\n{quoted}\n\nAnd Monday is fine."
    mail = thread.read(Page.of(whole, None))

    cuts: list[Cut] = cuts_of(message(whole, mail.text, signature=mail.signature))

    together = mail.text + "\n".join(cut.text for cut in cuts)
    assert cuts
    assert all(line.strip("> ") in together for line in whole.split("\n"))
