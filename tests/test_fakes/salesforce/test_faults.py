"""The simulated Salesforce fails on demand, in the ways that the real one does."""

from __future__ import annotations

from threading import Thread
from time import monotonic

import pytest
import requests

from tests.fakes.salesforce import Fault, SalesforceOrg
from tests.fakes.salesforce.client import V62, Client, connected

BY_ID = "SELECT Id FROM Case ORDER BY Id"


@pytest.mark.parametrize(
    ("kind", "status", "text"),
    [
        pytest.param("401", 401, "INVALID_SESSION_ID", id="401"),
        pytest.param("420", 420, "No routing information", id="420"),
        pytest.param("500", 500, "UNKNOWN_EXCEPTION", id="500"),
        pytest.param("502", 502, "<html>", id="502"),
        pytest.param("503_html", 503, "<html>", id="503"),
        pytest.param("lost_locator", 400, "INVALID_QUERY_LOCATOR", id="locator"),
        pytest.param("query_timeout", 400, "QUERY_TIMEOUT", id="timeout"),
        pytest.param("concurrent_limit", 403, "ConcurrentRequests", id="concurrent"),
        pytest.param("request_limit", 403, "TotalRequests Limit exceeded.", id="quota"),
        pytest.param("txn_security", 403, "TXN_SECURITY_NO_ACCESS", id="policy"),
    ],
)
def test_a_fault_strikes_once_and_is_over(
    client: Client, kind: str, status: int, text: str
) -> None:
    """The request after it is answered as if nothing had been."""
    client.server.faults.add(Fault(kind))
    struck = client.query(BY_ID)

    assert (struck.status_code, text in struck.text) == (status, True)
    assert client.query(BY_ID).status_code == 200


def test_a_fault_waits_for_its_turn_and_its_path(client: Client) -> None:
    """`after` lets requests pass, `times` counts the struck ones, other paths are left alone."""
    client.server.faults.add(Fault("500", path="/query", after=1, times=2))
    statuses = [client.query(BY_ID).status_code for _ in range(4)]

    assert statuses == [200, 500, 500, 200]
    client.server.faults.add(Fault("502", path="/limits"))
    assert client.query(BY_ID).status_code == 200
    assert client.get(f"{V62}/limits").status_code == 502


def test_faults_strike_in_the_order_in_which_they_were_added(client: Client) -> None:
    """One request meets one fault."""
    client.server.faults.add(Fault("500"))
    client.server.faults.add(Fault("401"))

    assert [client.query(BY_ID).status_code for _ in range(3)] == [500, 401, 200]


def test_an_unknown_fault_is_an_error() -> None:
    """A misspelt fault must not make a test pass."""
    with pytest.raises(ValueError, match="No fault 599"):
        Fault("599")


def test_a_dropped_connection_has_no_answer(client: Client) -> None:
    """The client sees a lost connection, the log a call without a status."""
    client.server.faults.add(Fault("drop"))
    with pytest.raises(requests.ConnectionError):
        client.query(BY_ID)

    assert client.server.calls[-1].status == 0
    assert client.query(BY_ID).status_code == 200


def test_a_truncated_answer_ends_in_the_middle(client: Client) -> None:
    """The head promises more than comes."""
    client.server.faults.add(Fault("truncate"))
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match="IncompleteRead"):
        client.query(BY_ID)

    assert client.query(BY_ID).status_code == 200


def test_a_hanging_request_runs_into_the_client_timeout(client: Client) -> None:
    """Nothing comes until `release`, and other requests go on."""
    client.server.faults.add(Fault("hang"))
    with pytest.raises(requests.ReadTimeout):
        client.query(BY_ID, timeout=0.05)

    assert client.query(BY_ID).status_code == 200


def test_a_released_request_is_answered(client: Client) -> None:
    """`release` lets the answer go as if it had only been slow."""
    client.server.faults.add(Fault("hang"))
    statuses: list[int] = []
    waiting = Thread(target=lambda: statuses.append(client.query(BY_ID).status_code))
    waiting.start()
    while not client.server.calls:
        waiting.join(0.01)
    client.server.release()
    waiting.join(5)

    assert statuses == [200]


def test_a_server_stops_while_requests_hang() -> None:
    """Neither a hanging request nor an idle connection keeps a test from ending."""
    with connected(SalesforceOrg()) as client:
        client.query(BY_ID)
        client.server.faults.add(Fault("hang"))
        with pytest.raises(requests.ReadTimeout):
            client.query(BY_ID, timeout=0.05)
        before = monotonic()

    assert monotonic() - before < 2
