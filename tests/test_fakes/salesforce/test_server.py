"""The simulated Salesforce answers HTTP as the real one does."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import requests

from tests.fakes.salesforce.client import V62, Client

BY_ID = "SELECT Id FROM Case ORDER BY Id"


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        pytest.param("/services/data/v30.0/limits", 410, "UNSUPPORTED_API_VERSION", id="retired"),
        pytest.param("/services/data/v99.0/limits", 404, "NOT_FOUND", id="future"),
        pytest.param(f"{V62}/nope", 404, "NOT_FOUND", id="no-resource"),
        pytest.param(f"{V62}/sobjects/Nope/describe", 404, "NOT_FOUND", id="no-object"),
        pytest.param(f"{V62}/sobjects/Case/500000000000000AAA", 404, "NOT_FOUND", id="no-row"),
        pytest.param(f"{V62}/query", 400, "MALFORMED_QUERY", id="no-statement"),
        pytest.param(f"{V62}/query/01g000-2000", 400, "INVALID_QUERY_LOCATOR", id="no-cursor"),
        pytest.param("/services/oauth2/token", 405, "METHOD_NOT_ALLOWED", id="method"),
        pytest.param(f"{V62}/query?q={'x' * 16_400}", 414, "URI_TOO_LONG", id="uri"),
    ],
)
def test_a_way_that_leads_nowhere_is_refused(
    client: Client, path: str, status: int, code: str
) -> None:
    """With the status and the code that the real API has for it."""
    answer = client.get(path)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (status, code)


def test_headers_count_towards_the_length_limit(client: Client) -> None:
    """URI and headers share 16,384 bytes."""
    answer = client.get(f"{V62}/limits", headers={"X-Long": "x" * 16_300})

    assert answer.status_code == 431


def test_every_resource_of_the_list_of_versions_answers(client: Client) -> None:
    """A client can find its way from the list of versions, which asks for no token."""
    versions = requests.get(f"{client.server.url}/services/data", timeout=5).json()
    spring = next(item for item in versions if item["version"] == "66.0")
    assert spring == {"label": "Spring '26", "url": "/services/data/v66.0", "version": "66.0"}

    resources = client.get(f"{spring['url']}/").json()
    assert client.get(resources["limits"] + "/").json()["DailyApiRequests"]["Max"] == 15_000
    listed = client.get(resources["sobjects"]).json()["sobjects"]
    case = next(item for item in listed if item["name"] == "Case")
    document = client.get(case["urls"]["describe"]).json()
    assert (document["name"], document["keyPrefix"]) == ("Case", "500")
    assert {"childSObject": "CaseComment", "field": "ParentId"}.items() <= next(
        child for child in document["childRelationships"] if child["childSObject"] == "CaseComment"
    ).items()


def test_one_record_is_read_whole_or_in_part(client: Client) -> None:
    """The record resource shows all fields, or those asked for; a deleted one is gone."""
    record_id = client.org.rows("Case")[0]["Id"]
    path = f"{V62}/sobjects/Case/{record_id}"
    whole = client.get(path).json()
    part = client.get(path, params={"fields": "Subject,Owner.Name"}).json()

    assert whole["attributes"] == {"type": "Case", "url": path}
    assert client.get(path[:-3]).json() == whole
    assert (whole["Subject"], whole["ContactEmail"]) == ("Case 0", None)
    assert (part["Subject"], part["Owner"]["Name"]) == ("Case 0", "Integration User")
    client.org.delete("Case", record_id)
    assert client.get(path).json()[0]["errorCode"] == "ENTITY_IS_DELETED"


def test_the_daily_limit_is_counted_and_kept(client: Client) -> None:
    """Each answer tells the use, and behind the limit there is only 403."""
    client.server.daily_limit = 2
    uses = [client.query(BY_ID).headers["Sforce-Limit-Info"] for _ in range(2)]
    refused = client.query(BY_ID)

    assert uses == ["api-usage=1/2", "api-usage=2/2"]
    assert refused.status_code == 403
    assert refused.json() == [
        {"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}
    ]


def test_answers_tell_the_time_of_the_org(client: Client) -> None:
    """The Date header is what a client may trust for its bookmark."""
    client.org.now = lambda: datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)

    assert client.query(BY_ID).headers["Date"] == "Tue, 02 Jan 2024 03:04:05 GMT"


@pytest.mark.parametrize(
    ("accepted", "path", "encoding"),
    [
        pytest.param("gzip", f"{V62}/sobjects", "gzip", id="large"),
        pytest.param("gzip", f"{V62}/limits", None, id="small"),
        pytest.param("identity", f"{V62}/sobjects", None, id="not-accepted"),
    ],
)
def test_large_answers_are_compressed_for_those_who_ask(
    client: Client, accepted: str, path: str, encoding: str | None
) -> None:
    """Compression starts at 2 KB."""
    answer = client.get(path, headers={"Accept-Encoding": accepted})

    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.json()


def test_calls_are_logged_as_they_came(client: Client) -> None:
    """Tests read from the log what a client really sent."""
    client.session.headers["Sforce-Query-Options"] = "batchSize=200"
    client.query(BY_ID)
    client.login(password="wrong")

    query, login = client.server.calls
    assert (query.method, query.path, query.query) == ("GET", f"{V62}/query", {"q": BY_ID})
    assert (query.status, query.headers["sforce-query-options"]) == (200, "batchSize=200")
    assert (login.method, login.path, login.status) == ("POST", "/services/oauth2/token", 400)


def test_a_body_may_come_in_chunks(client: Client) -> None:
    """Clients that send as they write know no length; the connection stays good."""
    job = b'{"operation": "query", "query": "SELECT Id FROM Case"}'
    parts = (job[start : start + 7] for start in range(0, len(job), 7))
    url = f"{client.server.url}{V62}/jobs/query"

    assert client.session.post(url, data=parts, timeout=60).json()["object"] == "Case"
    assert client.query("SELECT COUNT() FROM Case").status_code == 200
