"""Generated threads: what their writers said stays, what their clients quoted goes."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.accuracy.__main__ import total_of_threads
from tests.accuracy.threads import _score, thread

MIN_OWN_KEPT = 0.999
MIN_HISTORY_REMOVED = 0.995


def test_threads_come_out_as_written() -> None:
    """Own words stay and history goes, whatever the clients and gateways did to the quotes."""
    score = total_of_threads(80)

    assert score.text_recall >= MIN_OWN_KEPT, score.wrong
    assert score.history_recall >= MIN_HISTORY_REMOVED, score.wrong


@settings(derandomize=True, max_examples=50)
@given(st.integers(0, 2**32).map(Random))
def test_whose_a_word_is_is_known(random: Random) -> None:
    """A mail holds its own words and those of history, and no two mails have one in common."""
    mails = thread(random)

    for written in mails:
        assert written.own
        assert not written.own & written.history
        for body in (written.text, written.html):
            assert all(word in body for word in written.own | written.history)
    assert sum(len(written.own) for written in mails) == len(
        frozenset().union(*(written.own for written in mails))
    )


def test_lost_words_and_history_left_cost() -> None:
    """Scores that cannot fall prove nothing."""
    last = thread(Random(0))[-1]  # noqa: S311 -- made-up data
    written = replace(last, own=frozenset({"one", "two"}), history=frozenset({"three"}))

    def score(content: str) -> tuple[float, float, int]:
        result = _score(written, content)
        return result.text_recall, result.history_recall, result.exact

    assert score("two one") == (1, 1, 1)
    assert score("one") == pytest.approx((1 / 2, 1, 0))
    assert score("one two three") == pytest.approx((1, 0, 0))
