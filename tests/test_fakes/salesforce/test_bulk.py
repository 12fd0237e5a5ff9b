"""Bulk 2.0 jobs of the simulated Salesforce: what the real one does, and what it refuses."""

from __future__ import annotations

import csv
import io
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
import requests
import trustme
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceOperationError

from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
from tests.fakes.salesforce.client import V62, Client, connected

if TYPE_CHECKING:
    from collections.abc import Iterator

JOBS = f"{V62}/jobs/query"
ROWS = 7
SELECT = "SELECT Id, Subject, Owner.Name, CreatedDate FROM Case"


def make_org() -> SalesforceOrg:
    """Return an org with cases whose text is hard on CSV."""
    org = SalesforceOrg()
    for number in range(ROWS):
        org.add("Case", Subject=f'{number} "quoted",\nsecond line')
    return org


@pytest.fixture(name="client")
def make_client() -> Iterator[Client]:
    """A client of that org."""
    with connected(make_org()) as client:
        yield client


def send(client: Client, method: str, path: str, **body: Any) -> requests.Response:
    """Send a document."""
    url = client.server.url + path
    return client.session.request(method, url, json=body or None, timeout=60)


def create(client: Client, query: str = SELECT, **more: str) -> requests.Response:
    """Ask for a job."""
    return send(client, "POST", JOBS, **{"operation": "query", "query": query, **more})


def completed(client: Client, **more: str) -> str:
    """Return the path of a job that is complete."""
    path = f"{JOBS}/{create(client, **more).json()['id']}"
    while client.get(path).json()["state"] != "JobComplete":
        pass
    return path


def test_a_job_goes_through_its_states(client: Client) -> None:
    """Made, in progress, complete."""
    job = create(client).json()
    looks = [client.get(f"{JOBS}/{job['id']}").json() for _ in range(3)]

    assert job["state"] == "UploadComplete"
    assert [look["state"] for look in looks] == ["InProgress", "JobComplete", "JobComplete"]
    assert looks[-1]["numberRecordsProcessed"] == ROWS
    assert looks[-1]["object"] == "Case"


def test_results_come_in_pages_by_locator(client: Client) -> None:
    """Each with a header line; the last one says that there is no more."""
    path, locator = f"{completed(client)}/results", ""
    sizes, subjects = [], []
    while locator != "null":
        page = client.get(path, params={"maxRecords": 3, "locator": locator})
        locator = page.headers["Sforce-Locator"]
        sizes.append(page.headers["Sforce-NumberOfRecords"])
        records = list(csv.DictReader(io.StringIO(page.text, newline="")))
        subjects += [record["Subject"] for record in records]

    assert sizes == ["3", "3", "1"]
    assert sorted(subjects) == [f'{n} "quoted",\nsecond line' for n in range(ROWS)]
    assert subjects != sorted(subjects)
    assert records[0]["Owner.Name"] == "Integration User"
    assert records[0]["CreatedDate"].endswith(".000Z")


@pytest.mark.parametrize(
    ("wish", "text"),
    [
        pytest.param({"query": "SELECT COUNT() FROM Case"}, "Implementation", id="count"),
        pytest.param({"query": "SELECT Id FROM Case OFFSET 5"}, "Implementation", id="offset"),
        pytest.param({"query": "SELECT Id, Place__c FROM Contact"}, "compound", id="compound"),
        pytest.param({"query": "SELECT ToIds FROM EmailMessage"}, "Implementation", id="list"),
        pytest.param({"query": "SELECT Nope FROM Case"}, "INVALID_FIELD", id="field"),
        pytest.param({"query": "SELECT Id FROM Nope"}, "INVALID_TYPE", id="object"),
        pytest.param({"query": "SELECT"}, "MALFORMED_QUERY", id="syntax"),
    ],
)
def test_what_bulk_refuses(client: Client, wish: dict[str, str], text: str) -> None:
    """At once, and no job is made."""
    client.server.org.add_field("Contact", "Place__c", "location")
    refused = create(client, **wish)

    assert refused.status_code == 400
    assert text in refused.text
    assert client.server.bulk.jobs == {}


def test_only_what_is_over_can_be_deleted_and_only_what_is_not_aborted(client: Client) -> None:
    """And results of neither are to be had."""
    path = f"{JOBS}/{create(client).json()['id']}"

    assert send(client, "DELETE", path).status_code == 400
    assert client.get(f"{path}/results").status_code == 400
    assert send(client, "PATCH", path, state="Aborted").json()["state"] == "Aborted"
    assert send(client, "PATCH", path, state="Aborted").status_code == 400
    assert client.get(f"{path}/results").status_code == 400
    assert send(client, "DELETE", path).status_code == 204
    assert client.get(path).status_code == 404


def test_a_job_belongs_to_its_api_version(client: Client) -> None:
    """Results are asked for with the version that the job was made with."""
    path = f"{completed(client)}/results"

    assert client.get(path.replace("v62.0", "v63.0")).status_code == 409
    assert client.get(path, params={"locator": "made-up"}).status_code == 400


def test_a_job_can_fail(client: Client) -> None:
    """With a reason."""
    client.server.bulk.failure = "InvalidBatch : Failed"
    path = f"{JOBS}/{create(client).json()['id']}"

    job = client.get(path).json()

    assert (job["state"], job["errorMessage"]) == ("Failed", "InvalidBatch : Failed")


def test_only_query_all_sees_deleted_rows(client: Client) -> None:
    """As in REST."""
    org = client.server.org
    org.delete("Case", org.rows("Case")[0]["Id"])

    found = {}
    for operation in ("query", "queryAll"):
        job = client.get(completed(client, operation=operation)).json()
        found[operation] = job["numberRecordsProcessed"]

    assert found == {"query": ROWS - 1, "queryAll": ROWS}


def test_a_long_query_goes_in_a_batch(client: Client) -> None:
    """The refusal of a URL that is too long, and the way around it."""
    condition = " OR ".join(["Subject LIKE '%second%'"] * 900)
    query = f"SELECT Id FROM Case WHERE {condition}"  # noqa: S608 - no database behind it
    url = f"v62.0/query?{urlencode({'q': query})}"
    requests_ = [{"method": "GET", "url": url}, {"method": "GET", "url": "v62.0/query?q=SELECT"}]
    batch = send(client, "POST", f"{V62}/composite/batch", batchRequests=requests_).json()

    assert client.query(query).status_code == 414
    assert batch["hasErrors"] is True
    assert [result["statusCode"] for result in batch["results"]] == [200, 400]
    assert batch["results"][0]["result"]["totalSize"] == ROWS


@pytest.mark.parametrize(
    ("batch", "code"),
    [
        ({"batchRequests": [{"method": "GET", "url": "v62.0/limits"}] * 26}, "LIMIT_EXCEEDED"),
        ({"batchRequests": ["v62.0/limits"]}, "API_ERROR"),
        ({"batchRequests": [{"method": "GET"}]}, "API_ERROR"),
        ({"requests": []}, "API_ERROR"),
    ],
)
def test_a_batch_that_cannot_be_is_refused(client: Client, batch: Any, code: str) -> None:
    """More than 25 parts, or none that is one."""
    answer = send(client, "POST", f"{V62}/composite/batch", **batch)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, code)


def test_a_batch_of_25_parts_is_answered(client: Client) -> None:
    """Salesforce's limit."""
    parts = [{"method": "GET", "url": "v62.0/limits"}] * 25

    batch = send(client, "POST", f"{V62}/composite/batch", batchRequests=parts).json()
    assert len(batch["results"]) == 25


@pytest.mark.parametrize(
    "wish",
    [
        {"operation": "insert"},
        {"operation": "QUERY"},
        {"operation": None},
        {"contentType": "JSON"},
        {"contentType": "csv"},
        {"columnDelimiter": "SPACE"},
        {"columnDelimiter": ","},
        {"lineEnding": "CR"},
        {"query": 7},
        {"object": "Case"},
        {"soql": SELECT},
    ],
)
def test_a_job_that_cannot_be_is_refused(client: Client, wish: dict[str, Any]) -> None:
    """With a status and a code: no client has to guess why the line went dead."""
    body = {"operation": "query", "query": SELECT} | wish
    answer = send(client, "POST", f"{V62}/jobs/query", **body)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "API_ERROR")
    assert not client.server.bulk.jobs


@pytest.mark.parametrize("body", [b"", b"{", b"\xff"])
def test_a_body_that_is_no_json_is_refused(client: Client, body: bytes) -> None:
    """As any other mistake."""
    answer = client.session.post(f"{client.server.url}{V62}/jobs/query", data=body, timeout=60)

    assert (answer.status_code, answer.json()[0]["errorCode"]) == (400, "JSON_PARSER_ERROR")


@pytest.mark.parametrize("most", ["0", "-1", "many"])
def test_a_page_of_no_size_is_refused(client: Client, most: str) -> None:
    """Pages have rows."""
    results = client.get(f"{completed(client)}/results", params={"maxRecords": most})

    assert results.status_code == 400


def test_a_query_of_too_many_rows_runs_for_too_long(client: Client) -> None:
    """Smaller windows and LIMIT help, and so does only counting."""
    client.server.rows_in_time = ROWS - 1

    assert "QUERY_TIMEOUT" in client.query("SELECT Id FROM Case").text
    assert client.query("SELECT Id FROM Case ORDER BY Id LIMIT 6").status_code == 200
    assert client.query("SELECT COUNT() FROM Case").json()["totalSize"] == ROWS


# -- software that nobody here wrote -----------------------------------------------------------


@pytest.fixture(name="peer")
def make_peer(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Any, SalesforceServer]]:
    """simple-salesforce, which waits seconds between two looks if nobody keeps it from that."""
    monkeypatch.setattr("simple_salesforce.bulk2.sleep", lambda _: None)
    ca, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    with (
        SalesforceServer(make_org(), ssl_context=context) as server,
        ca.cert_pem.tempfile() as path,
        requests.Session() as session,
    ):
        session.verify, session.trust_env = path, False
        client = Salesforce(
            session_id=server.issue_token(),
            instance_url=server.url,
            version="62.0",
            session=session,
        )
        yield client.bulk2, server


def test_a_real_client_reads_a_job_to_its_end(peer: tuple[Any, SalesforceServer]) -> None:
    """Three pages, by the locators and headers that it knows."""
    client, _ = peer

    pages = list(client.Case.query(SELECT, max_records=3))

    records = [row for page in pages for row in csv.DictReader(io.StringIO(page, newline=""))]
    assert len(pages) == 3
    assert sorted(row["Subject"][0] for row in records) == list("0123456")


def test_a_real_client_reads_deleted_rows(peer: tuple[Any, SalesforceServer]) -> None:
    """By its query_all."""
    client, server = peer
    server.org.delete("Case", server.org.rows("Case")[0]["Id"])

    (page,) = client.Case.query_all("SELECT Id, IsDeleted FROM Case")

    assert page.count('"true"') == 1


def test_a_real_client_understands_a_failed_job(peer: tuple[Any, SalesforceServer]) -> None:
    """Its own exception, with the job in it."""
    client, server = peer
    server.bulk.failure = "InvalidBatch : Failed"

    with pytest.raises(SalesforceOperationError, match="InvalidBatch : Failed"):
        list(client.Case.query(SELECT))
