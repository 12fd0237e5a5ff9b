"""Where a mail repeats earlier messages: found by any long run of words, in linear time."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from target_creovai.parsers.mail.earlier.comparison import runs_in
from target_creovai.parsers.mail.earlier.passages import Earlier, Run
from target_creovai.parsers.mail.earlier.runs import without_detours, without_weak
from target_creovai.parsers.mail.phrases.words import Vocabulary, common_length

OLD = "Hello Ida,\nwhich colour would you like, and where shall we send it to?\nKind regards\nTomas"


def runs(earlier: str, mail: str) -> list[tuple[str, int]]:
    """Return the words of a mail that an earlier message has, each run with its place there."""
    index = Earlier()
    lines = index.vocabulary.encode(earlier)
    index.add(lines, len(lines))
    coded = index.vocabulary.encode(mail)
    words = {code: word for word, code in index.vocabulary.codes.items()}
    stream = "".join(coded)
    return [
        (" ".join(words[code] for code in stream[run.start : run.end]), run.at)
        for run in runs_in(index, coded, frozenset())
    ]


def test_what_clients_change_does_not_count() -> None:
    """Case, punctuation, bullets, line breaks and the addresses of links are not compared."""
    encode = Vocabulary().encode

    assert encode("• Print the LABEL (https://a.example/1) and\ngo") == encode(
        "* print, the label <https://b.example/?u=2> and\n> go!"
    )


def test_a_link_wrapped_in_brackets_keeps_the_lines_apart() -> None:
    """Each line of the mail has its own words, whatever is taken out of them."""
    lines = Vocabulary().encode("the label <https://a.example/1\n2> and\ngo")

    assert [len(line) for line in lines] == [2, 1, 1]


def test_a_run_is_found_from_the_middle_of_a_message_on() -> None:
    """The beginning may be changed or cut: what follows is found all the same."""
    assert runs(OLD, "Dear colleague, where shall we send it to? Kind regards") == [
        ("where shall we send it to kind regards", 8)
    ]


def test_a_changed_word_ends_one_run_and_begins_the_next() -> None:
    """One word was changed: the words on both sides are known."""
    assert runs(OLD, "which colour would you prefer, and where shall we send it to?") == [
        ("which colour would you", 2),
        ("and where shall we send it to", 7),
    ]


def test_few_words_in_common_are_a_coincidence() -> None:
    """Everybody writes "Kind regards"."""
    index = Earlier()
    lines = index.vocabulary.encode(OLD)
    index.add(lines, len(lines))
    coded = index.vocabulary.encode("I want a new one.\nKind regards\nIda")

    assert without_weak(runs_in(index, coded, frozenset())) == []


def test_an_answer_may_repeat_a_line_that_comes_later() -> None:
    """What goes on exactly where it was left shows that the line in between was written there."""
    index = Earlier()
    lines = index.vocabulary.encode("which of these would you like?\nblack\ncream\nsteel\nTomas")
    index.add(lines, len(lines))
    coded = index.vocabulary.encode("which of these would you like?\ncream\nblack\ncream\nsteel")
    found = without_weak(without_detours(runs_in(index, coded, frozenset())))

    assert [(run.start, run.end) for run in found] == [(0, 6), (7, 10)]


words = st.lists(st.sampled_from("abcdefgh"), max_size=40)


@given(words, words)
def test_every_run_holds_the_same_words_on_both_sides(earlier: list[str], mail: list[str]) -> None:
    """Nothing is known that is not there, no word is counted twice, and order is the mail's."""
    index = Earlier()
    lines = index.vocabulary.encode("\n".join(earlier))
    index.add(lines, len(lines))
    coded = index.vocabulary.encode(" ".join(mail))
    stream = "".join(coded)
    found: list[Run] = runs_in(index, coded, frozenset())

    for run in found:
        assert stream[run.start : run.end] == run.passage.words[run.at : run.until] != ""
    assert all(one.end <= two.start for one, two in pairwise(found))


@given(st.text("ab", max_size=60), st.text("ab", max_size=60), st.integers(0, 60))
def test_the_common_length_is_that_of_the_same_beginning(one: str, other: str, start: int) -> None:
    """Compared in steps that double, and not a character further."""
    rest = one[start:]
    same = 0
    while same < min(len(rest), len(other)) and rest[same] == other[same]:
        same += 1

    assert common_length(one, min(start, len(one)), other, 0) == same
