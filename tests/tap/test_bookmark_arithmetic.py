"""Bookmark arithmetic: what moves a bookmark, and how far. The whole is in `test_bookmark.py`."""

from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_salesforce_chat.reading.tasks import Batch
from tap_salesforce_chat.state.bookmarks import (
    instant_text,
    is_in_place,
    is_within,
    latest,
    missing_since,
    step_back,
)
from tests.tap.support import NOON

EARLY, QUERIED, LATE = "2024-05-01T11:00:00Z", "2024-05-01T12:00:00Z", "2024-05-01T13:00:00Z"
TEXTS = st.none() | st.sampled_from((EARLY, QUERIED, LATE, "2024-05-01T12:00:00.5Z"))


@pytest.mark.parametrize(
    ("modified", "until", "in_order", "found"),
    [
        pytest.param(EARLY, None, True, (True, True), id="before-the-query"),
        pytest.param(EARLY, None, False, (True, False), id="no-order"),
        pytest.param(QUERIED, None, True, (True, False), id="in-the-second-of-the-query"),
        pytest.param(LATE, None, True, (False, False), id="after-the-query"),
        pytest.param(EARLY, EARLY, True, (False, False), id="in-the-next-window"),
    ],
)
def test_only_a_row_in_its_place_moves_the_bookmark_at_once(
    modified: str, until: str | None, *, in_order: bool, found: tuple[bool, bool]
) -> None:
    """Rows without an order, or of the query's own second, count when all rows are emitted."""
    batch = Batch([], clock=QUERIED, until=until, in_order=in_order)

    assert (is_within(modified, batch), is_in_place(modified, batch)) == found


@given(st.lists(TEXTS))
def test_the_latest_instant_is_that_of_the_time_not_of_the_text(texts: list[str | None]) -> None:
    """A fraction makes an instant later, but its text smaller."""
    instants = [datetime.fromisoformat(text) for text in texts if text]
    found = latest(*texts)

    assert (datetime.fromisoformat(found) if found else None) == max(instants, default=None)


@pytest.mark.parametrize(
    ("bookmark", "start", "since", "moved"),
    [
        pytest.param(LATE, EARLY, NOON, QUERIED, id="before-the-missing-rows"),
        pytest.param(
            LATE, QUERIED, datetime.fromisoformat(EARLY), QUERIED, id="not-before-the-run"
        ),
        pytest.param(LATE, EARLY, None, EARLY, id="missing-from-the-beginning-on"),
        pytest.param(LATE, None, None, None, id="no-bookmark-at-the-start"),
        pytest.param(EARLY, None, NOON, EARLY, id="never-forward"),
        pytest.param(None, EARLY, NOON, None, id="no-bookmark-yet"),
    ],
)
def test_missing_rows_move_the_bookmark_back(
    bookmark: str | None, start: str | None, since: datetime | None, moved: str | None
) -> None:
    """The next run reads them, if this one ends before it has."""
    assert step_back(bookmark, start, since) == moved


@given(
    known=st.dictionaries(st.sampled_from("abc"), TEXTS),
    missing=st.lists(st.sampled_from("abc"), unique=True),
)
def test_a_missing_field_keeps_its_earliest_instant(
    known: dict[str, str | None], missing: list[str]
) -> None:
    """From there on rows lack it, so from there on they are read again when it is back."""
    found = missing_since(known, missing, NOON)

    assert list(found) == missing
    for name, since in found.items():
        before = known.get(name, QUERIED)
        first = min(datetime.fromisoformat(before), NOON) if before else None
        assert since == instant_text(first)
