"""Limits in real runs: kept on Salesforce's side, remembered from run to run, told when reached."""

from __future__ import annotations

import json
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from tap_salesforce_chat.errors import QuotaError, SalesforceError
from tests.fakes.salesforce import Fault
from tests.fakes.salesforce.matching import document, ends
from tests.tap.messaging.support import (
    HOUR,
    MINUTE,
    STREAM,
    YESTERDAY,
    add_chat,
    add_chats,
    by_data_api,
    entries_asked,
    errors_of,
    read,
)
from tests.tap.support import NOON

if TYPE_CHECKING:
    import io

    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock, Run


def left_over(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was said about work that is left."""
    return [text for text in caplog.messages if "left for later runs" in text]


@pytest.fixture
def passing(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let waiting pass the time of the org."""
    monkeypatch.setattr("time.sleep", clock.tick)


def hourly_runs(
    server: SalesforceServer, clock: Clock, runs: int, minutes: int = 60, **more: Any
) -> list[Run]:
    """Run again and again, each with nothing but the last state of the run before."""
    done: list[Run] = []
    for _ in range(runs):
        begin = clock.moment
        done.append(read(server, done[-1].states[-1] if done else None, **more))
        clock.moment = max(clock.moment, begin + minutes * MINUTE)
    return done


@pytest.mark.usefixtures("passing")
@pytest.mark.parametrize(
    ("limits", "minutes"),
    [
        ({"messaging_calls_per_hour": 10, "messaging_max_active": 100}, 20),
        ({"messaging_calls_per_hour": 100, "messaging_max_active": 6}, 10),
        ({"messaging_calls_per_hour": 10, "messaging_max_active": 6}, 7),
    ],
    ids=["calls", "active", "both"],
)
def test_limits_hold_across_runs(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, limits: dict[str, int], minutes: int
) -> None:
    """However often it runs; and the backlog clears."""
    chats = add_chats(org, 40)

    runs = hourly_runs(server, clock, 300 // minutes, minutes, **limits)

    seen = org.messaging.limits
    assert [row["MessagingSessionId"] for run in runs for row in run.rows(STREAM)] == [
        chat.session for chat in chats
    ]
    assert 0 < seen.connect.peak <= limits["messaging_calls_per_hour"]
    assert 0 < seen.peak_active <= limits["messaging_max_active"]
    assert seen.refused == 0


def test_work_that_is_left_is_told_with_an_estimate(
    server: SalesforceServer, org: SalesforceOrg, caplog: pytest.LogCaptureFixture
) -> None:
    """The run ends well: what is out is complete, and the next one goes on behind it."""
    add_chats(org, 35)

    run = read(server, messaging_calls_per_hour=10)

    assert len(run.rows(STREAM)) == 10
    assert "sync_completed_at" in run.states[-1]
    (told,) = left_over(caplog)
    assert told.startswith("The entries of 25 ended sessions are left for later runs: stopped by ")
    assert told.endswith("messaging_calls_per_hour. Within the limits they take about 4 h.")


def test_a_call_is_remembered_before_it_is_made(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """A run that is killed during a call leaves a state that counts it."""
    add_chats(org, 3)
    written = []
    connect = org.messaging.connect

    def look(identifier: str, query: dict[str, str]) -> Any:
        output = cast("io.BytesIO", sys.stdout.buffer)
        written.append(json.loads(output.getvalue().splitlines()[-1]))
        return connect(identifier, query)

    org.messaging.connect = look  # type: ignore[method-assign] # to look at the moment of a call
    read(server)

    calls = [line["value"]["bookmarks"][STREAM]["calls"] for line in written]
    assert [sum(counts.values()) for counts in calls] == [1, 2, 3]


def test_a_state_holds_no_word_of_a_customer(server: SalesforceServer, org: SalesforceOrg) -> None:
    """A place, and numbers of calls by time."""
    chat = add_chat(org, "secret words")

    state = read(server).states[-1]["bookmarks"][STREAM]

    assert state == {
        "replication_key": "SystemModstamp",
        "replication_key_value": "2024-04-30T12:10:00Z",
        "read_since": None,
        "session_id": chat.session,
        "calls": {"2024-05-01T12:00:00Z": 1},
        "rest_until": None,
    }


@pytest.mark.parametrize(
    "broken",
    [
        {"calls": {"noon": 1}},
        {"calls": [1]},
        {"calls": {NOON.isoformat(): None}},
        {"rest_until": 7},
    ],
)
def test_a_state_whose_calls_are_not_ours_is_refused(
    server: SalesforceServer, org: SalesforceOrg, broken: dict[str, Any]
) -> None:
    """Going on as if nothing had been called might shut customers out."""
    add_chat(org, "Hello")

    run = read(server, {"bookmarks": {STREAM: broken}}, fails=True)

    assert "restore the state" in str(run.error)
    assert entries_asked(server) == []


@pytest.mark.parametrize(
    ("pause", "zone", "is_read"),
    [
        (["11:00-13:00"], "UTC", False),
        (["13:00-15:00"], "UTC", True),
        (["13:00-15:00"], "Europe/Berlin", False),
        (["22:00-04:00", "12:00-12:10"], "UTC", False),
        (["20:00-05:00"], "Asia/Tokyo", False),
    ],
)
def test_nothing_is_asked_for_in_a_pause(
    server: SalesforceServer,
    org: SalesforceOrg,
    caplog: pytest.LogCaptureFixture,
    pause: list[str],
    zone: str,
    *,
    is_read: bool,
) -> None:
    """It is noon in UTC; the rest of the run goes its way."""
    add_chat(org, "Hello")

    run = read(server, messaging_pause=pause, messaging_time_zone=zone)

    assert bool(entries_asked(server)) is is_read
    assert bool(run.rows(STREAM)) is is_read
    assert [("messaging_pause" in text) for text in left_over(caplog)] == [True] * (not is_read)


def test_a_pause_that_begins_during_a_run_ends_the_reading(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """Chats that are out stay out; the next run has the rest."""
    add_chats(org, 4)
    clock.moment = NOON - MINUTE
    connect = org.messaging.connect

    def take_a_while(identifier: str, query: dict[str, str]) -> Any:
        clock.tick(25)
        return connect(identifier, query)

    org.messaging.connect = take_a_while  # type: ignore[method-assign] # time passes in it
    run = read(server, messaging_pause=["12:00-18:00"], messaging_time_zone="UTC")

    assert len(run.rows(STREAM)) == 3


@pytest.mark.usefixtures("passing")
def test_the_data_api_has_a_limit_per_minute_that_is_waited_for(
    server: SalesforceServer, org: SalesforceOrg, caplog: pytest.LogCaptureFixture
) -> None:
    """A run that ended at 90 chats would never get through."""
    org.messaging.limits.data.most = 90
    add_chats(org, 200, apart=timedelta(seconds=1))

    run = read(server, **by_data_api(server))

    assert len(run.rows(STREAM)) == 200
    assert 80 < org.messaging.limits.data.peak <= 90
    assert org.messaging.limits.refused == 0
    assert left_over(caplog) == []


def test_a_run_reads_for_half_an_hour_at_most(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Cases wait for its end."""
    add_chats(org, 10)
    connect = org.messaging.connect

    def take_long(identifier: str, query: dict[str, str]) -> Any:
        clock.tick(400)
        return connect(identifier, query)

    org.messaging.connect = take_long  # type: ignore[method-assign] # time passes in it
    run = read(server)

    assert len(run.rows(STREAM)) == 5
    assert "the 30 minutes of a run" in left_over(caplog)[0]


@pytest.mark.parametrize("by", ["connect", "conversation_data"])
def test_salesforces_own_limit_ends_the_reading_well(
    server: SalesforceServer,
    org: SalesforceOrg,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    by: str,
) -> None:
    """503 and 429: no second try, which would cost a call; and the next run keeps away, too."""
    more = by_data_api(server) if by == "conversation_data" else {}
    add_chats(org, 5)
    org.messaging.limits.connect.most = org.messaging.limits.data.most = 2
    org.messaging.retry_after = 600

    run = read(server, **more)
    again = read(server, run.states[-1], **more)
    clock.tick(3600)
    later = read(server, again.states[-1], **more)

    assert [len(one.rows(STREAM)) for one in (run, again, later)] == [2, 0, 2]
    assert len(entries_asked(server)) == 6
    assert "Salesforce's own limit (status " in left_over(caplog)[0]
    assert "Salesforce, which refuses calls for now" in left_over(caplog)[1]


def test_too_many_active_conversations_end_the_reading(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """The org's customers come first."""
    add_chats(org, 3)
    org.messaging.limits.live = org.messaging.limits.max_active - 1

    run = read(server)

    assert len(run.rows(STREAM)) == 1
    assert org.messaging.limits.refused == 1


def test_the_daily_quota_is_one_of_its_own(server: SalesforceServer, org: SalesforceOrg) -> None:
    """It ends the run, as in all streams."""
    add_chats(org, 3)
    server.faults.add(Fault("request_limit", path="/entries", after=1))

    run = read(server, fails=True)

    assert isinstance(run.error, QuotaError)
    assert len(run.rows(STREAM)) == 1


@pytest.mark.parametrize(
    ("attribute", "by", "words"),
    [
        ("enabled", "connect", "Access Conversation Entries"),
        ("permitted", "connect", "Read on Conversation"),
        ("enabled", "conversation_data", "Conversation Service API"),
        ("permitted", "conversation_data", "sfap_api"),
    ],
)
def test_what_is_missing_in_setup_is_told(
    server: SalesforceServer, org: SalesforceOrg, attribute: str, by: str, words: str
) -> None:
    """The run ends with what to click, and the bookmark has not moved."""
    more = by_data_api(server) if by == "conversation_data" else {}
    add_chat(org, "Hello")
    setattr(org.messaging, attribute, False)

    run = read(server, fails=True, **more)

    assert words in str(run.error)
    assert "docs/enhanced_chat.md" in str(run.error)
    assert run.bookmark(STREAM) is None
    assert len(entries_asked(server)) == 1


def test_an_app_without_the_scope_is_told_so(server: SalesforceServer, org: SalesforceOrg) -> None:
    """The login works, and its token is good for nothing there."""
    add_chat(org, "Hello")
    more = by_data_api(server)
    server.app_scopes = "api"

    run = read(server, fails=True, **more)

    assert isinstance(run.error, SalesforceError)
    assert "sfap_api" in str(run.error)


def test_the_data_api_is_asked_with_a_token_of_its_own(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """The org's own is refused there; both are got anew when they end."""
    add_chats(org, 2)
    more = by_data_api(server)
    first = read(server, messaging_calls_per_hour=1, **more)
    server.expire_tokens()
    second = read(server, first.states[-1], **more)

    tokens = {
        (call.path.rpartition("/")[2], call.headers.get("Authorization")) for call in server.calls
    }
    assert len(first.rows(STREAM)) == len(second.rows(STREAM)) == 1
    assert {token for path, token in tokens if path == "query"}.isdisjoint(
        token for path, token in tokens if path == "conversation-entries"
    )


@pytest.mark.parametrize("missing", ["client_id", "client_secret"])
def test_the_data_api_needs_an_app(server: SalesforceServer, missing: str) -> None:
    """Said before the first request."""
    more = by_data_api(server) | {missing: None, "access_token": "x", "instance_url": server.url}

    run = read(server, fails=True, auth_flow="access_token", **more)

    assert f"messaging_api 'conversation_data' also needs {missing}" in errors_of(run)
    assert server.calls == []


@pytest.mark.parametrize("by", ["connect", "conversation_data"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_conversation_that_is_gone_costs_its_own_session(
    server: SalesforceServer,
    org: SalesforceOrg,
    caplog: pytest.LogCaptureFixture,
    by: str,
    place: int,
) -> None:
    """It is named once, and not asked for again."""
    more = by_data_api(server) if by == "conversation_data" else {}
    chats = add_chats(org, 3)
    org.messaging.close(chats[place].identifier)

    run = read(server, **more)
    again = read(server, run.states[-1], **more)

    others = [chat.session for chat in chats if chat is not chats[place]]
    assert run.column("MessagingSessionId", STREAM) == others
    assert again.rows(STREAM) == []
    (told,) = [text for text in caplog.messages if "does not know the conversations" in text]
    assert chats[place].session in told
    assert "of 1 sessions" in told


def test_a_conversation_that_is_not_understood_costs_its_own_session(
    server: SalesforceServer, org: SalesforceOrg, caplog: pytest.LogCaptureFixture
) -> None:
    """One bad record costs one record."""
    good = [add_chat(org, "Hello"), add_chat(org, "Hello", began=YESTERDAY + 2 * HOUR)]
    bad = add_chat(org, "Hello", began=YESTERDAY + HOUR)
    org.messaging.entries[bad.identifier][0]["clientTimestamp"] = "secret words"

    run = read(server)

    assert run.column("MessagingSessionId", STREAM) == [chat.session for chat in good]
    (told,) = [text for text in caplog.messages if "no entries of them" in text]
    assert bad.session in told
    assert "secret" not in caplog.text


def test_the_share_of_the_daily_quota_is_kept(server: SalesforceServer, org: SalesforceOrg) -> None:
    """Calls by Connect are requests of the org, too."""
    add_chats(org, 3)
    connect = org.messaging.connect

    def use_up(identifier: str, query: dict[str, str]) -> Any:
        server.daily_used = 14_000
        return connect(identifier, query)

    org.messaging.connect = use_up  # type: ignore[method-assign] # others use the org as well
    run = read(server, fails=True)

    assert "quota_percent_total" in str(run.error)
    assert len(run.rows(STREAM)) == 1


def test_an_interface_that_knows_no_conversation_is_no_loss_of_all(
    server: SalesforceServer, org: SalesforceOrg
) -> None:
    """A wrong address looks the same for each; the newest is asked for to tell the difference."""
    chats = add_chats(org, 30)
    for chat in chats:
        org.messaging.close(chat.identifier)

    run = read(server, fails=True)

    assert "docs/enhanced_chat.md" in str(run.error)
    assert entries_asked(server) == [chats[0].identifier, chats[-1].identifier]
    assert run.bookmark(STREAM) is None


def test_years_of_conversations_may_be_gone(server: SalesforceServer, org: SalesforceOrg) -> None:
    """As long as the newest is there, the bookmark gets through."""
    chats = add_chats(org, 30)
    for chat in chats[:-1]:
        org.messaging.close(chat.identifier)

    run = read(server)

    assert run.column("MessagingSessionId", STREAM) == [chats[-1].session]
    assert run.bookmark(STREAM) == "2024-04-30T12:39:00Z"


def test_an_answer_that_is_none_ends_the_run(server: SalesforceServer, org: SalesforceOrg) -> None:
    """Without a word of it in the message."""
    add_chat(org, "Hello")
    shown = {"identifier": None, "serverReceivedTimestamp": "secret words"}
    server.interceptors.add(
        ends("/entries"),
        change=document(lambda page: page["conversationEntries"].__setitem__(0, shown)),
    )

    run = read(server, fails=True)

    assert "not as expected (ValueError)" in str(run.error)
    assert "secret" not in str(run.error)


def test_a_backlog_is_read_oldest_first(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock
) -> None:
    """New chats do not push old ones back for ever."""
    old = add_chats(org, 4)
    first = read(server, messaging_calls_per_hour=2)
    new = add_chat(org, "New", began=YESTERDAY + 2 * HOUR)
    clock.tick(3700)
    second = read(server, first.states[-1], messaging_calls_per_hour=3)

    assert second.column("MessagingSessionId", STREAM) == [
        *(chat.session for chat in old[2:]),
        new.session,
    ]
