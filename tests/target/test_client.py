"""The way to Creovai: tokens, turns, waits, and a connection that is what it says."""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import time_machine

from target_creovai.errors import HaltError, RetryLaterError
from target_creovai.http.answers import retry_after
from target_creovai.http.client import CreovaiClient
from target_creovai.http.rate_limit import RateLimit
from target_creovai.http.transport import Answer
from target_creovai.model.conversation import Interface
from tests.fakes.creovai import CreovaiServer, Fault
from tests.fakes.creovai.messages import json_answer
from tests.target.rows import case, chat, chat_id
from tests.target.support import NOW, Clock, payload_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.target.support import TargetRunner

PAYLOAD = payload_of(chat())


def client_of(
    server: CreovaiServer, clock: Clock | None = None, url: str | None = None
) -> CreovaiClient:
    """Return a client of a tenant."""
    return CreovaiClient(
        api_url=url or server.url,
        api_user=server.api_user,
        api_password=server.api_password,
        timeout_seconds=5,
        workers=4,
        clock=clock or Clock(),
    )


def paths(server: CreovaiServer) -> Counter[str]:
    """Count the requests by path."""
    return Counter(call.path for call in server.calls)


@pytest.mark.parametrize(("second", "logins"), [(1754.9, 1), (1755.1, 2)])
def test_a_token_is_renewed_45_seconds_before_it_ends(
    creovai: CreovaiServer, second: float, logins: int
) -> None:
    """Creovai's token lasts 1800 seconds here; it may not end on the way."""
    creovai.token_seconds = 1800
    clock = Clock()
    client = client_of(creovai, clock)
    client.statuses(["a"])
    clock.now = second
    client.statuses(["a"])

    assert paths(creovai)["/Token"] == logins


def test_threads_share_one_token(creovai: CreovaiServer) -> None:
    """Creovai need not issue one for each."""
    client = client_of(creovai)
    threads = [threading.Thread(target=client.statuses, args=(["a"],)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert paths(creovai)["/Token"] == 1


def test_a_revoked_token_is_replaced_once(creovai: CreovaiServer) -> None:
    """One 401 says that the token has ended."""
    client = client_of(creovai)
    client.statuses(["a"])
    creovai.expire_tokens()
    client.capture(Interface.CHAT, PAYLOAD)

    assert paths(creovai)["/Token"] == 2
    assert list(creovai.chats) == [chat_id()]


def test_a_second_401_ends_it(creovai: CreovaiServer) -> None:
    """Whoever is refused with a new token is refused for good."""
    creovai.faults.add(Fault("401", times=2))

    with pytest.raises(HaltError, match="a new token was refused too"):
        client_of(creovai).capture(Interface.CHAT, PAYLOAD)
    assert paths(creovai)["/capture/v2/chat"] == 2


@pytest.mark.parametrize("seconds", [0, 45])
def test_a_token_too_short_to_use_is_refused(creovai: CreovaiServer, seconds: int) -> None:
    """Otherwise every request would log in anew, for ever."""
    creovai.token_seconds = seconds

    with pytest.raises(HaltError, match="no usable token"):
        client_of(creovai).statuses(["a"])


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("401", "check api_user and api_password"),
        ("403", "check api_user and api_password"),
        ("404", "no such address"),
        ("413", "without a token nothing can be sent"),
        ("302", "a redirect"),
        ("no_id", "no usable token"),
    ],
)
def test_a_refused_login_halts(creovai: CreovaiServer, kind: str, says: str) -> None:
    """Every conversation would meet the same: none of them may be set aside for it."""
    creovai.faults.add(Fault(kind, path="/Token"))

    with pytest.raises(HaltError, match=says):
        client_of(creovai).capture(Interface.CHAT, PAYLOAD)
    assert paths(creovai)["/capture/v2/chat"] == 0


def test_look_ups_go_in_hundreds(creovai: CreovaiServer) -> None:
    """No maximum is documented, so the one of a sister endpoint is kept."""
    client = client_of(creovai)
    client.capture(Interface.CHAT, PAYLOAD)
    found = client.statuses([f"x{n}" for n in range(250)] + [chat_id()])

    assert set(found) == {chat_id()}
    assert paths(creovai)["/capture/v2/status"] == 3


def test_turns_are_spread_over_all_threads(sleeps: list[float]) -> None:
    """So many a second, no burst after a pause."""
    clock = Clock()
    pace = RateLimit(4, clock)
    for _ in range(3):
        pace.wait()
    clock.now = 10.0
    for _ in range(2):
        pace.wait()

    assert sleeps == [0.0, 0.25, 0.5, 0.0, 0.25]


def test_requests_per_second_caps_every_request(
    run_target: TargetRunner, creovai: CreovaiServer, sleeps: list[float]
) -> None:
    """Login and look-ups count as well; without the setting nothing waits."""
    run_target(*(chat(n) for n in range(3)))
    assert sleeps == []
    run_target(case(Description="x"), *(chat(n) for n in range(3, 6)), requests_per_second=1)

    assert len(sleeps) == 6
    assert max(sleeps) > 3


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        ("", 0),
        ("soon", 0),
        ("-3", 0),
        ("²", 0),
        ("9" * 400, 0),
        ("Mon, 06 May 2024 10:00:00 GMT", 0),
        ("Sat, 01 Jun 2024 00:01:00 GMT", 60),
        ("Fri, 31 Dec 9999 23:59:59 -2300", 0),
    ],
)
@time_machine.travel(NOW, tick=False)
def test_retry_after_is_read_leniently(header: str, seconds: float) -> None:
    """It may be a number or a date; nonsense counts as absent."""
    assert retry_after(Answer(429, {"retry-after": header}, b"")) == seconds


def test_a_path_in_api_url_is_dropped(creovai: CreovaiServer) -> None:
    """Creovai's own client resolves paths from the host's root."""
    client_of(creovai, url=f"{creovai.url}/some/path?x=1").capture(Interface.CHAT, PAYLOAD)

    assert set(paths(creovai)) == {"/Token", "/capture/v2/chat"}


def test_a_netrc_entry_does_not_replace_the_token(
    creovai: CreovaiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`requests` would take a machine's own login for the host before ours."""
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(netrc))
    client_of(creovai).capture(Interface.CHAT, PAYLOAD)

    assert list(creovai.chats) == [chat_id()]


ODD = ["x", 5, True, {"a": 1}, ["x"], [None], [[]]]


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    ("path", "name", "ask"),
    [
        ("/capture/v2/status", "sessions", lambda client: client.statuses(["a"])),
        ("/interactions/v2/purge", "items", lambda client: client.purge(["a"])),
        ("/processing/v2", "types", lambda client: client.participant_types()),
    ],
    ids=["status", "purge", "types"],
)
def test_an_answer_of_another_form_is_none(
    creovai: CreovaiServer,
    path: str,
    name: str,
    ask: Callable[[CreovaiClient], object],
    odd: object,
) -> None:
    """It tells nothing, and is no traceback either."""
    spoil(creovai, path, {name: odd})

    with pytest.raises(RetryLaterError, match=f"{name} are not a list of objects"):
        ask(client_of(creovai))


@pytest.mark.parametrize("status", [None, 5, [], {}, "Unknown", "NotFound"])
def test_a_session_without_a_status_is_not_there(creovai: CreovaiServer, status: object) -> None:
    """Creovai's own client calls it Unknown."""
    session = {"sessionId": "a", "status": status}
    spoil(creovai, "/capture/v2/status", {"sessions": [session, {"status": "x"}]})

    assert "a" not in client_of(creovai).statuses(["a"])


@pytest.mark.parametrize("seconds", ["NaN", "Infinity", "soon", None, [], -5])
def test_a_token_that_lasts_for_no_known_time_is_refused(
    creovai: CreovaiServer, seconds: object
) -> None:
    """It would be renewed never, or before each request."""
    token = {"access_token": "a", "token_type": "bearer", "expires_in": seconds}
    spoil(creovai, "/Token", token)

    with pytest.raises(HaltError, match="no usable token"):
        client_of(creovai).statuses(["a"])


def spoil(creovai: CreovaiServer, path: str, answer: object) -> None:
    """Let requests below a path get this answer."""
    creovai.interceptors.add(
        lambda request: request.path.startswith(path), change=lambda _: json_answer(200, answer)
    )
