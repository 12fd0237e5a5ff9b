"""The simulated Creovai fails on demand, in the way that was asked for."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest
import requests

from tests.fakes.creovai import CreovaiServer, Fault
from tests.fakes.creovai.samples import (
    CHAT,
    TIMEOUT_SECONDS,
    Client,
)


@pytest.mark.parametrize(
    ("kind", "status", "stored"),
    [
        ("500", 500, 0),
        ("503", 503, 0),
        ("429", 429, 0),
        ("408", 408, 0),
        ("401", 401, 0),
        ("403", 403, 0),
        ("404", 404, 0),
        ("413", 413, 0),
        ("302", 302, 0),
        ("html_200", 200, 0),
        ("no_id", 200, 0),
        ("drop_before", None, 0),
        ("drop_after", None, 1),
        ("500_after", 500, 1),
    ],
)
def test_a_fault_strikes_once_and_in_its_way(
    client: Client, server: CreovaiServer, kind: str, status: int | None, stored: int
) -> None:
    """The answer is what was asked for, and so is what the server knows afterwards."""
    server.faults.add(Fault(kind))

    if status is None:
        with pytest.raises(requests.ConnectionError):
            client.case()
    else:
        assert client.case().status_code == status

    assert len(server.posts) == stored
    assert [call.status for call in server.calls] == [status or 0]
    assert client.case().json()["id"]


def test_a_fault_can_say_when_to_come_back(client: Client, server: CreovaiServer) -> None:
    """`Retry-After` is there only where it was asked for."""
    server.faults.add(Fault("503", retry_after=7))
    server.faults.add(Fault("429"))

    first, second = client.chat(), client.chat()

    assert (first.status_code, first.headers["Retry-After"]) == (503, "7")
    assert (second.status_code, "Retry-After" in second.headers) == (429, False)


def test_a_redirect_that_is_followed_shows_up(client: Client, server: CreovaiServer) -> None:
    """The place that it names does not exist, and who asks there is in the calls."""
    server.faults.add(Fault("302"))

    answer = client.post("/capture/v2/chat", CHAT, allow_redirects=True)

    assert answer.status_code == 404
    assert server.calls[-1].path == "/redirected/capture/v2/chat"


@pytest.mark.parametrize(
    ("kind", "content_type", "body"),
    [
        ("html_200", "text/html", "<html"),
        ("no_id", "application/json", "{}"),
    ],
)
def test_a_200_may_be_worthless(client: Client, kind: str, content_type: str, body: str) -> None:
    """A proxy's page, or JSON without an id."""
    client.server.faults.add(Fault(kind))

    answer = client.chat()

    assert answer.headers["Content-Type"] == content_type
    assert answer.text.startswith(body)


def test_faults_wait_for_their_path_and_turn(client: Client, server: CreovaiServer) -> None:
    """Other paths don't count, `after` requests pass, `times` fail, and then all is well."""
    server.faults.add(Fault("500", path="/capture/v2/case", after=1, times=2))

    client.chat()
    statuses = [client.case().status_code for _ in range(4)]

    assert statuses == [200, 500, 500, 200]


def test_a_login_can_fail_too(server: CreovaiServer) -> None:
    """The token endpoint is a path like any other."""
    server.faults.add(Fault("503", path="/Token"))
    client = Client(server)

    assert [client.log_in().status_code for _ in range(2)] == [503, 200]


def test_a_fault_that_does_not_exist_is_an_error() -> None:
    """A typing mistake must not make a test pass."""
    with pytest.raises(ValueError, match="No such fault: 502"):
        Fault("502")


@pytest.mark.parametrize("way_out", ["release", "stop"])
def test_a_request_that_hangs_ends_on_demand(
    client: Client, server: CreovaiServer, way_out: str
) -> None:
    """The client waits until then, gets no answer, and nothing was stored."""
    server.faults.add(Fault("hang"))
    with pytest.raises(requests.Timeout):
        client.post("/capture/v2/chat", CHAT, timeout=0.05)
    server.faults.add(Fault("hang"))

    with ThreadPoolExecutor(1) as pool:
        patient = pool.submit(client.chat, "patient")
        while not any(b"patient" in call.body for call in server.calls):
            with suppress(TimeoutError):
                patient.result(0.01)
        assert not patient.done()
        getattr(server, way_out)()
        with pytest.raises(requests.ConnectionError):
            patient.result(TIMEOUT_SECONDS)

    assert server.posts == []
