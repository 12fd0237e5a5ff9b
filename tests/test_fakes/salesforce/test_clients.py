"""Software that nobody here wrote takes the simulated Salesforce for the real one."""

from __future__ import annotations

import ssl
from typing import TYPE_CHECKING, Any

import pytest
import requests
import trustme
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceRefusedRequest,
    SalesforceResourceNotFound,
)

from tests.fakes.salesforce import Fault, SalesforceOrg, SalesforceServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    # Its own annotations leave out that `client.Case` is an object type.
    Client = Any


@pytest.fixture(name="ca", scope="module")
def make_ca() -> trustme.CA:
    """An authority that only these tests trust: the client speaks https and nothing else."""
    return trustme.CA()


@pytest.fixture(name="server")
def run_server(ca: trustme.CA) -> Iterator[SalesforceServer]:
    """A server with five cases, one of them deleted, two rows a page."""
    org = SalesforceOrg()
    contact_id = org.add("Contact", FirstName="Ada", LastName="Byron")
    cases = [org.add("Case", Subject=f"Case {n}", ContactId=contact_id) for n in range(5)]
    org.delete("Case", cases[2])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1").configure_cert(context)
    with SalesforceServer(org, page_size=2, ssl_context=context) as server:
        yield server


@pytest.fixture(name="client")
def make_client(server: SalesforceServer, ca: trustme.CA) -> Iterator[Client]:
    """simple-salesforce, logged in by a token that was got elsewhere."""
    with ca.cert_pem.tempfile() as path, requests.Session() as session:
        session.verify = path
        # A bundle named in the environment would take the place of `verify`.
        session.trust_env = False
        yield Salesforce(
            session_id=server.issue_token(),
            instance_url=server.url,
            version="62.0",
            session=session,
        )


def subjects(records: Iterator[dict[str, Any]]) -> list[str]:
    """Return the Subject of each record."""
    return [record["Subject"] for record in records]


def test_the_client_pages_through_a_query(client: Client, server: SalesforceServer) -> None:
    """Links are followed over TLS, to the end."""
    found = subjects(client.query_all_iter("SELECT Id, Subject FROM Case ORDER BY Id"))

    assert found == ["Case 0", "Case 1", "Case 3", "Case 4"]
    assert [call.status for call in server.calls] == [200, 200]


def test_the_client_reads_deleted_rows(client: Client) -> None:
    """By queryAll and the pages behind it."""
    statement = "SELECT Id, Subject, IsDeleted, Contact.Name FROM Case ORDER BY Id"
    records = list(client.query_all_iter(statement, include_deleted=True))

    assert [record["IsDeleted"] for record in records] == [False, False, True, False, False]
    assert {record["Contact"]["Name"] for record in records} == {"Ada Byron"}


def test_the_client_understands_describe(client: Client) -> None:
    """One object, all objects, and the way from one to the other."""
    listed = {item["name"]: item for item in client.describe()["sobjects"]}
    fields = {field["name"]: field for field in client.Case.describe()["fields"]}

    assert listed["LiveChatTranscript"]["queryable"] is True
    assert fields["SystemModstamp"]["type"] == "datetime"
    assert fields["ContactId"]["referenceTo"] == ["Contact"]


def test_the_client_reads_limits(client: Client) -> None:
    """Both ways to learn the use: the resource, and the header of each answer."""
    limits = client.limits()

    assert limits["DailyApiRequests"]["Max"] == 15_000
    usage = client.api_usage["api-usage"]
    assert (usage.used, usage.total) == (1, 15_000)


def test_the_client_reads_one_record(client: Client, server: SalesforceServer) -> None:
    """By its id."""
    case_id = server.org.rows("Case")[0]["Id"]

    assert client.Case.get(case_id)["Subject"] == "Case 0"


def test_the_client_tells_errors_apart(client: Client, server: SalesforceServer) -> None:
    """Status and body lead the client to the exception that it has for them."""
    with pytest.raises(SalesforceMalformedRequest, match="INVALID_FIELD"):
        client.query("SELECT Nope FROM Case")

    with pytest.raises(SalesforceResourceNotFound):
        client.Nope.describe()

    server.faults.add(Fault("request_limit"))
    with pytest.raises(SalesforceRefusedRequest):
        client.query("SELECT Id FROM Case")

    server.expire_tokens()
    with pytest.raises(SalesforceExpiredSession):
        client.query("SELECT Id FROM Case")


def test_the_client_survives_a_lost_locator(client: Client, server: SalesforceServer) -> None:
    """The next page is refused as a request, and the query can be started again."""
    first = client.query("SELECT Id FROM Case")
    server.expire_locators()
    with pytest.raises(SalesforceMalformedRequest, match="invalid query locator"):
        client.query_more(first["nextRecordsUrl"], identifier_is_url=True)

    assert client.query_all("SELECT Id FROM Case")["totalSize"] == 4
