"""The simulated Salesforce hands out the rows of a query as the real one does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from threading import Thread
from time import process_time

import pytest
import requests

from tests.fakes.salesforce import SalesforceOrg
from tests.fakes.salesforce.client import V62, Client, connected, ids

BY_ID = "SELECT Id FROM Case ORDER BY Id"


def test_a_query_is_read_page_by_page(client: Client) -> None:
    """The next page is a link that names the place in the result; the last one has none."""
    pages = list(client.pages(BY_ID))

    assert [page["totalSize"] for page in pages] == [5, 5, 5]
    assert [page["done"] for page in pages] == [False, False, True]
    assert pages[0]["nextRecordsUrl"].startswith(f"{V62}/query/01g")
    assert pages[0]["nextRecordsUrl"].endswith("-2")
    assert "nextRecordsUrl" not in pages[2]
    assert ids(*pages) == [row["Id"] for row in client.org.rows("Case")]


def test_the_next_page_of_query_all_keeps_deleted_rows(client: Client) -> None:
    """The link says `query`, the cursor still means all."""
    client.org.delete("Case", client.org.rows("Case")[4]["Id"])
    pages = list(client.pages(BY_ID, endpoint="queryAll"))

    assert "/query/" in pages[0]["nextRecordsUrl"]
    assert len(ids(*pages)) == 5
    assert len(ids(*client.pages(BY_ID))) == 4


def test_an_open_query_keeps_its_ids_and_reads_rows_late(client: Client) -> None:
    """What changes between two pages shows in the later one; the set of rows stands."""
    pages = client.pages("SELECT Id, Subject FROM Case WHERE Subject LIKE 'Case%' ORDER BY Id")
    first = next(pages)
    client.org.add("Case", Subject="Case late")
    client.org.update("Case", client.org.rows("Case")[4]["Id"], Subject="Changed")
    rest = list(pages)

    assert len(ids(first, *rest)) == 5
    assert rest[-1]["records"][-1]["Subject"] == "Changed"


@pytest.mark.parametrize(
    ("options", "size"),
    [
        pytest.param("batchSize=200", 200, id="least"),
        pytest.param("batchSize=250", 250, id="between"),
        pytest.param("batchSize=199", 2_000, id="too-few"),
        pytest.param("batchSize=2001", 2_000, id="too-many"),
        pytest.param("", 2_000, id="no-wish"),
    ],
)
def test_the_page_size_is_a_wish_within_limits(options: str, size: int) -> None:
    """200 to 2,000 rows; anything else gets 2,000."""
    org = SalesforceOrg()
    for _ in range(2_001):
        org.add("Skill")
    with connected(org) as client:
        page = client.query(
            "SELECT Id FROM Skill", headers={"Sforce-Query-Options": options}
        ).json()

    assert len(page["records"]) == size
    assert page["nextRecordsUrl"].endswith(f"-{size}")


def test_two_custom_long_texts_make_pages_short() -> None:
    """Salesforce sends 200 rows of such a query at most, whatever the client wishes."""
    org = SalesforceOrg()
    for name in ("A__c", "B__c"):
        org.add_field("Case", name, "textarea", length=32_768)
    for _ in range(201):
        org.add("Case")
    with connected(org) as client:
        assert len(client.query("SELECT Id, A__c FROM Case").json()["records"]) == 201
        assert len(client.query("SELECT Id, A__c, B__c FROM Case").json()["records"]) == 200


def test_an_expired_locator_is_refused(client: Client) -> None:
    """A new query works where the old one cannot go on."""
    link = client.query(BY_ID).json()["nextRecordsUrl"]
    assert client.get(link).status_code == 200
    client.server.expire_locators()
    answer = client.get(link)

    assert answer.status_code == 400
    assert answer.json() == [
        {"message": "invalid query locator", "errorCode": "INVALID_QUERY_LOCATOR"}
    ]
    assert len(ids(*client.pages(BY_ID))) == 5


def test_a_query_ends_with_its_session(client: Client) -> None:
    """A fresh token does not bring it back; one beside it does not end it."""
    link = client.query(BY_ID).json()["nextRecordsUrl"]
    client.renew()
    assert client.get(link).status_code == 200
    client.server.expire_tokens()
    client.renew()
    answer = client.get(link)

    assert answer.status_code == 401
    assert [error["errorCode"] for error in answer.json()] == ["INVALID_SESSION_ID"]
    assert len(ids(*client.pages(BY_ID))) == 5


def test_count_answers_with_a_total_and_no_rows(client: Client) -> None:
    """COUNT() is all in totalSize."""
    counted = client.query("SELECT COUNT() FROM Case WHERE Subject > 'Case 1'").json()

    assert counted == {"totalSize": 3, "done": True, "records": []}


def test_a_refused_query_answers_with_an_array(client: Client) -> None:
    """REST errors are an array of one object, the status is 400."""
    answer = client.query("SELECT Nope FROM Case")

    assert answer.status_code == 400
    assert [error["errorCode"] for error in answer.json()] == ["INVALID_FIELD"]


def test_many_clients_are_served_at_once(client: Client) -> None:
    """No page, call or count is lost between threads."""

    def read() -> None:
        with requests.Session() as session:
            found.append(ids(*Client(client.server, session).pages(BY_ID)))

    found: list[list[str]] = []
    threads = [Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len({tuple(page) for page in found}) == 1
    assert len(client.server.calls) == client.server.daily_used == 24


def test_a_window_of_a_large_object_answers_at_once() -> None:
    """20,000 rows: filtered, sorted and the first page sent, in far less than a second of work."""
    org = SalesforceOrg()
    start = datetime(2024, 1, 1, tzinfo=UTC)
    for number in range(20_000):
        org.add("LiveChatTranscript", Body="x" * 500, SystemModstamp=start + timedelta(0, number))
    with connected(org) as client:
        before = process_time()
        page = client.query(
            "SELECT Id, Body, Owner.Name, SystemModstamp FROM LiveChatTranscript"
            " WHERE SystemModstamp >= 2024-01-01T00:00:00Z AND SystemModstamp <"
            " 2024-02-01T00:00:00Z ORDER BY SystemModstamp ASC, Id ASC"
        )
        seconds = process_time() - before

    assert len(page.json()["records"]) == 2_000
    assert seconds < 5
