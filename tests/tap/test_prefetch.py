"""Streams are prefetched before it is their turn: faster, with the same output."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from tap_salesforce_chat.errors import RetryLaterError, SalesforceError
from tap_salesforce_chat.reading.prefetch import Prefetcher
from tap_salesforce_chat.reading.query_client import QueryClient
from tap_salesforce_chat.reading.tasks import BUFFER_BYTES, Batch, WindowTask
from tap_salesforce_chat.soql import Query
from tests.fakes.salesforce import Fault
from tests.tap.support import catalog_of, queries, run_tap, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock, Run

STREAMS = ("Case", "CaseComment", "EmailMessage", "LiveChatTranscript")
CASES = Query("Case", ("Id",))


@pytest.fixture(autouse=True)
def ids(org: SalesforceOrg, clock: Clock) -> dict[str, list[str]]:
    """Rows of three streams, several pages each; the fourth one has none."""
    found: dict[str, list[str]] = {stream: [] for stream in STREAMS}
    for _ in range(7):
        case = org.add("Case")
        found["Case"].append(case)
        found["CaseComment"].append(org.add("CaseComment", ParentId=case))
        found["EmailMessage"].append(org.add("EmailMessage", ParentId=case))
        clock.tick()
    return found


def shape(run: Run) -> list[tuple[str, Any]]:
    """Return what a run has written, without the times at which it did."""
    return [
        (
            message["type"],
            message.get("record", {}).get("Id")
            or message.get("value", {}).get("bookmarks")
            or message.get("stream"),
        )
        for message in run.messages
    ]


def test_the_output_is_the_same(server: SalesforceServer) -> None:
    """Rows and bookmarks, stream after stream, as if one request were sent after the other."""
    catalog = catalog_of(server, *STREAMS)

    alone, ahead = (run_tap(settings(server, max_workers=workers), catalog) for workers in (1, 8))

    assert (alone.error, ahead.error) == (None, None)
    assert shape(alone) == shape(ahead)
    assert len([kind for kind, _ in shape(ahead) if kind == "RECORD"]) == 21


def test_a_later_stream_is_asked_for_while_an_earlier_one_is_read(
    server: SalesforceServer,
) -> None:
    """That is the point: its first answer is there when its turn comes."""
    catalog = catalog_of(server, *STREAMS)

    run_tap(settings(server), catalog)

    asked = [next(name for name in STREAMS if f"FROM {name} " in q) for q in queries(server)]
    path = [call.path for call in server.calls if "/query" in call.path]
    assert asked[0] == "Case"
    assert set(asked) == set(STREAMS)
    assert path.index("/services/data/v62.0/queryAll") == 0
    # All four are under way before the last page of the first one is asked for.
    first_pages = [place for place, text in enumerate(path) if text.endswith("/queryAll")]
    other_pages = [place for place, text in enumerate(path) if not text.endswith("/queryAll")]
    assert first_pages[3] < other_pages[-1]


def test_nothing_is_asked_of_a_stream_that_is_deselected(server: SalesforceServer) -> None:
    """Nor one request more than it takes."""
    catalog = catalog_of(server, "Case", "EmailMessage")

    run_tap(settings(server), catalog)

    asked = {name for name in STREAMS for query in queries(server) if f"FROM {name} " in query}
    assert asked == {"Case", "EmailMessage"}


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have Salesforce refuse to tell of comments."""
    pages = QueryClient.pages

    def refused(query_client: QueryClient, soql: str, row_type: Any) -> Any:
        if "FROM CaseComment" in soql:
            msg = "Query of CaseComment: Salesforce answered 400."
            raise SalesforceError(msg)
        return pages(query_client, soql, row_type)

    monkeypatch.setattr(QueryClient, "pages", refused)


@pytest.mark.usefixtures("refuse")
def test_an_error_waits_for_its_turn(server: SalesforceServer, ids: dict[str, list[str]]) -> None:
    """Rows before it are written and verified; rows behind it are not written."""
    run = run_tap(settings(server), catalog_of(server, *STREAMS))

    assert "CaseComment" in str(run.error)
    assert run.column("Id", "Case") == ids["Case"]
    assert run.rows("EmailMessage") == []
    assert run.bookmark("Case") == "2024-05-01T12:00:06Z"
    assert run.bookmark("CaseComment") is run.bookmark("EmailMessage") is None
    assert "sync_completed_at" not in run.states[-1]


@pytest.mark.usefixtures("refuse")
def test_a_run_that_fails_leaves_no_thread_behind(server: SalesforceServer) -> None:
    """Such a thread would go on asking, and spend the org's requests."""
    before = set(threading.enumerate())

    run_tap(settings(server), catalog_of(server, *STREAMS))

    left = [
        thread
        for thread in set(threading.enumerate()) - before
        if "process_request" not in thread.name  # the server's
    ]
    for thread in left:
        thread.join(timeout=10)
    assert not any(thread.is_alive() for thread in left)


def test_an_org_that_is_down_is_asked_for_one_stream(server: SalesforceServer) -> None:
    """All streams at once would only make it worse, and each tells the same."""
    catalog = catalog_of(server, *STREAMS)
    server.faults.add(Fault("500", times=1_000))

    run = run_tap(settings(server), catalog)

    assert isinstance(run.error, RetryLaterError)
    assert {query.partition(" FROM ")[2].split()[0] for query in queries(server)} <= {"Case"}


# -- the buffer --------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [BUFFER_BYTES // 20, BUFFER_BYTES // 4, 2 * BUFFER_BYTES])
def test_what_later_streams_buffer_is_bounded(size: int) -> None:
    """However slowly the first one is taken: the buffer less what that one is going to need."""
    prefetcher, lock, made = Prefetcher(4), threading.Lock(), [0, 0, 0]

    def reader(number: int) -> Any:
        def read(*given: Any) -> Iterator[Batch]:
            for _ in range(40):
                with lock:
                    made[number] += 1
                yield Batch([], None, None, in_order=True, size=size)

        return read

    first, *others = [prefetcher.enqueue(WindowTask(CASES, reader(number))) for number in range(3)]
    most = max(sum(made[1:]) for _ in prefetcher.batches(first))

    assert most * size <= max(BUFFER_BYTES - size, 0)
    assert sum(1 for other in others for _ in prefetcher.batches(other)) == 80


def test_a_query_that_is_dropped_frees_its_buffer() -> None:
    """Nobody takes its batches any more."""
    prefetcher = Prefetcher(4)

    def read(*given: Any) -> Iterator[Batch]:
        for _ in range(20):
            yield Batch([], None, None, in_order=True, size=BUFFER_BYTES // 4)

    for _ in range(5):
        batches = prefetcher.batches(prefetcher.enqueue(WindowTask(CASES, read)))
        next(batches)
        prefetcher.close()

    last = prefetcher.enqueue(WindowTask(CASES, read))
    assert sum(1 for _ in prefetcher.batches(last)) == 20
