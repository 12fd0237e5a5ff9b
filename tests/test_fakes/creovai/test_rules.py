"""The simulated Creovai refuses each broken rule by name, and no more than the rules say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.fakes.creovai.samples import (
    CASE,
    CHAT,
    GONE,
    PAYLOADS,
    SECRET_WORDS,
    Client,
    changed,
    connected,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def strict_client() -> Iterator[Client]:
    """One server for the whole table: a refusal leaves nothing behind, as the test insists."""
    with connected() as client:
        yield client


@pytest.fixture
def client() -> Iterator[Client]:
    """Give a test whose conversations are accepted a server of its own."""
    with connected() as client:
        yield client


@pytest.mark.parametrize(
    ("kind", "path", "value"),
    [
        ("chat", "participants.0.messages", GONE),
        ("chat", "participants.0.messages", []),
        ("chat", "participants.0.messages.0.customEvents", GONE),
        ("chat", "participants.1.type", "Customer"),
        ("chat", "participants.1.referenceId", "003A"),
        ("chat", "utcStart", "2024-02-29T23:59:59.9999999Z"),
        ("chat", "metadata", {}),
        ("case", "messages", GONE),
        ("case", "messages.0.content", "\u200b\ufeff"),
        ("case", "participants.0.email", "not quite@an address"),
    ],
)
def test_what_is_odd_but_allowed_is_accepted(
    client: Client, kind: str, path: str, value: Any
) -> None:
    """The fake refuses no more than the rules say, or it would hide what a target can do."""
    answer = client.post(f"/capture/v2/{kind}", changed(PAYLOADS[kind], path, value))

    assert answer.status_code == 200, answer.text


def test_a_conversation_may_end_as_it_starts(client: Client) -> None:
    """The bounds are inclusive and may be the same."""
    assert client.case(utcEnd=CASE["utcStart"], messages=[]).status_code == 200


BOTH_KINDS: list[tuple[str, Any, str]] = [
    ("sessionId", GONE, "must-be-present"),
    ("sessionId", "", "must-not-be-blank"),
    ("sessionId", 7, "must-be-text"),
    ("sessionId", None, "must-not-be-null"),
    ("masterId", None, "must-not-be-null"),
    ("collectionId", "", "must-not-be-empty"),
    ("utcStart", GONE, "must-be-present"),
    ("utcEnd", GONE, "must-be-present"),
    ("utcStart", 1714979289, "must-be-a-date-time"),
    ("utcStart", "2024-05-06", "must-be-utc"),
    ("utcStart", "2024-05-06T07:00:00", "must-be-utc"),
    ("utcStart", "2024-05-06T07:00:00+00:00", "must-be-utc"),
    ("utcStart", "2024-05-06T07:00:00z", "must-be-utc"),
    ("utcStart", "2024-05-06t07:00:00Z", "must-be-a-date-time"),
    ("utcStart", "2024-05-06 07:00:00Z", "must-be-a-date-time"),
    ("utcStart", "2024-05-06T07:00Z", "must-be-a-date-time"),
    ("utcStart", "2024-05-06T07:00:00.Z", "must-be-a-date-time"),
    ("utcStart", "2024-05-06T07:00:00.12345678Z", "must-be-a-date-time"),
    ("utcStart", "2024-05-06T24:00:00Z", "must-be-a-date-time"),
    ("utcStart", "2024-05-06T07:00:60Z", "must-be-a-date-time"),
    ("utcStart", "2023-02-29T07:00:00Z", "must-be-a-date-time"),
    ("utcStart", "2024-13-01T07:00:00Z", "must-be-a-date-time"),
    ("utcStart", "0000-01-01T00:00:00Z", "must-be-a-date-time"),
    ("utcStart", "0001-01-01T00:00:00Z", "must-be-a-date-time"),
    ("utcStart", "\u0662024-05-06T07:00:00Z", "must-be-a-date-time"),
    ("utcStart", "2025-01-01T00:00:00Z", "start-must-not-be-after-end"),
    ("participants", GONE, "must-be-present"),
    ("participants", [], "too-few-items"),
    ("participants", {}, "must-be-an-array"),
    ("participants.0", "Ada", "must-be-an-object"),
    ("participants.0.referenceId", GONE, "must-be-present"),
    ("participants.0.referenceId", "", "must-not-be-blank"),
    ("participants.0.type", GONE, "must-be-present"),
    ("participants.0.type", " ", "must-not-be-blank"),
    ("participants.0.type", "customer", "participant-type-must-be-configured"),
    ("participants.0.type", "System", "participant-type-must-be-configured"),
    ("participants.0.firstName", None, "must-not-be-null"),
    ("participants.0.lastName", "", "must-not-be-empty"),
    ("participants.0.phoneNumber", 5550100, "must-be-text"),
    ("participants.0.email", "", "must-be-an-email-address"),
    ("participants.0.email", "ada", "must-be-an-email-address"),
    ("participants.0.email", "@example.com", "must-be-an-email-address"),
    ("participants.0.email", "ada@", "must-be-an-email-address"),
    ("participants.0.email", "ada@b@example.com", "must-be-an-email-address"),
    ("participants.0.email", "ada@example.com\n", "must-be-an-email-address"),
    ("participants.0.name", "Ada", "unknown-member"),
    ("metadata", None, "must-not-be-null"),
    ("metadata", ["Priority"], "must-be-an-object"),
    ("direction", "Inbound", "unknown-member"),
]
CHAT_ONLY: list[tuple[str, Any, str]] = [
    ("caseReferenceId", None, "must-not-be-null"),
    ("messages", [], "unknown-member"),
    ("participants.1", CHAT["participants"][0], "participant-must-be-unique"),
    ("participants.0.messages", None, "must-not-be-null"),
    ("participants.0.messages.0.content", GONE, "must-be-present"),
    ("participants.0.messages.0.content", None, "must-not-be-null"),
    ("participants.0.messages.0.content", "", "must-not-be-blank"),
    ("participants.0.messages.0.content", " \r\n\t\u3000\xa0", "must-not-be-blank"),
    ("participants.0.messages.0.utcTimestamp", GONE, "must-be-present"),
    (
        "participants.0.messages.0.utcTimestamp",
        "2024-05-06T07:08:08.9999999Z",
        "message-must-be-within-the-session",
    ),
    (
        "participants.1.messages.0.utcTimestamp",
        "2024-05-06T07:28:09.5000001Z",
        "message-must-be-within-the-session",
    ),
    ("participants.0.messages.0.channel", "Web", "unknown-member"),
    ("participants.0.messages.0.customEvents", [{"kind": "x"}], "unknown-member"),
    ("participants.0.messages.0.customEvents", [{"id": None}], "must-not-be-null"),
]
CASE_ONLY: list[tuple[str, Any, str]] = [
    ("sessionId", "\u2003", "must-not-be-blank"),
    ("caseReferenceId", "case-1", "unknown-member"),
    ("messages", None, "must-not-be-null"),
    ("messages.0.content", " ", "must-not-be-blank"),
    ("messages.0.channel", GONE, "must-be-present"),
    ("messages.0.channel", "", "must-not-be-blank"),
    ("messages.0.senderReferenceId", GONE, "must-be-present"),
    ("messages.0.senderReferenceId", "003B", "sender-must-be-a-participant"),
    ("messages.0.utcTimestamp", "2024-05-06T06:59:59Z", "message-must-be-within-the-session"),
    ("messages.0.utcTimestamp", "2024-05-07T07:00:01Z", "message-must-be-within-the-session"),
    ("messages.0.customEvents", [], "unknown-member"),
    ("participants.0.messages", [], "unknown-member"),
    ("participants.1.referenceId", "003A", "participant-must-be-unique"),
]
REFUSALS = (
    [("chat", *row) for row in BOTH_KINDS + CHAT_ONLY]
    + [("case", *row) for row in BOTH_KINDS + CASE_ONLY]
)  # fmt: skip


@pytest.mark.parametrize(("kind", "path", "value", "rule"), REFUSALS)
def test_a_broken_rule_is_refused_by_name(
    strict_client: Client, kind: str, path: str, value: Any, rule: str
) -> None:
    """One flaw in an otherwise valid conversation is enough, and nothing of it is kept."""
    answer = strict_client.post(f"/capture/v2/{kind}", changed(PAYLOADS[kind], path, value))

    assert (answer.status_code, {error["rule"] for error in answer.json()["errors"]}) == (
        400,
        {rule},
    )
    assert strict_client.server.posts == []


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        pytest.param(b"{", "body-must-be-json-in-utf-8", id="broken-json"),
        pytest.param(b'{"a": NaN}', "body-must-be-json-in-utf-8", id="nan"),
        pytest.param(b'{"a": "\xe9"}', "body-must-be-json-in-utf-8", id="latin-1"),
        pytest.param(b'{"a": "\\ud83d"}', "body-must-be-json-in-utf-8", id="half-a-pair"),
        pytest.param(b'{"\\udc00": 1}', "body-must-be-json-in-utf-8", id="name-of-half-a-pair"),
        pytest.param(b"[" * 200_000, "body-must-be-json-in-utf-8", id="nested-without-end"),
        pytest.param(b"[]", "must-be-an-object", id="not-an-object"),
    ],
)
def test_a_body_that_is_not_json_in_utf_8_is_refused(
    strict_client: Client, body: bytes, rule: str
) -> None:
    """What .NET cannot read is refused before any rule is looked at."""
    answer = strict_client.post_raw("/capture/v2/chat", body, "application/json")

    assert (answer.status_code, answer.json()["errors"][0]["rule"]) == (400, rule)


@pytest.mark.parametrize("content_type", ["text/plain", "application/json; charset=latin-1"])
def test_another_media_type_is_refused(strict_client: Client, content_type: str) -> None:
    """Whatever the body holds."""
    body = json.dumps(CHAT).encode()

    assert strict_client.post_raw("/capture/v2/chat", body, content_type).status_code == 415


def test_a_compressed_body_is_refused(strict_client: Client) -> None:
    """Nothing public says that Creovai takes one, so a target must not count on it."""
    answer = strict_client.post("/capture/v2/chat", CHAT, headers={"Content-Encoding": "gzip"})

    assert answer.status_code == 415


def test_a_pair_of_escaped_surrogates_is_one_character(client: Client) -> None:
    """Escaped or not, an emoji is accepted."""
    body = json.dumps(changed(CASE, "messages.0.content", "\U0001f600")).encode()
    assert b"\\ud83d\\ude00" in body

    answer = client.post_raw("/capture/v2/case", body, "application/json; charset=UTF-8")

    assert answer.status_code == 200


def test_a_refusal_quotes_the_customer(client: Client) -> None:
    """A client that logs the body of a 400 must be found out."""
    answer = client.case(utcStart="2024-05-06T12:00:00Z")

    assert SECRET_WORDS in json.dumps(answer.json(), ensure_ascii=False)


@pytest.mark.parametrize(
    ("path", "payload"),
    [
        ("/capture/v2/status", {}),
        ("/capture/v2/status", {"sessionIds": []}),
        ("/capture/v2/status", {"sessionIds": [""]}),
        ("/capture/v2/status/exclude", {"sessionIds": "chat-1"}),
        ("/capture/v2/status/monitor", {"status": "Fine", "timeStamp": "2024-01-02T03:04:05Z"}),
        ("/capture/v2/status/monitor", {"status": "Healthy", "timeStamp": "now"}),
        ("/capture/v2/outofband/interaction", {"metadata": {"a": 1}}),
        ("/capture/v2/outofband/interaction", {"caseReferenceId": "c", "metadata": {"a": 1}}),
        ("/capture/v2/outofband/case", {"caseReferenceId": "c"}),
        ("/capture/v2/outofband/case", {"caseReferenceId": "c", "metadata": {}}),
        ("/capture/v2/outofband/case", {"caseReferenceId": "c", "metadata": None}),
        ("/capture/v2/outofband/case", {"caseReferenceId": " ", "metadata": {"a": 1}}),
        (
            "/capture/v2/outofband/master",
            {"masterId": "m", "metadata": {"a": 1}, "eventTime": "2024-01-02T03:04:05+00:00"},
        ),
        ("/interactions/v2/purge", {"sessionIds": ["a"]}),
        ("/interactions/v2/purge", {"ids": [f"id-{n}" for n in range(101)]}),
        ("/interactions/v2/purge", {"ids": ["a"], "allowIncompleteInteraction": "yes"}),
        ("/interactions/v2/purge/customer", {}),
        ("/interactions/v2/purge/customer", {"emails": ["ada"]}),
    ],
)
def test_other_requests_have_rules_too(
    strict_client: Client, path: str, payload: dict[str, Any]
) -> None:
    """Status, heartbeat, metadata and purge requests that are malformed are a 400."""
    assert strict_client.post(path, payload).status_code == 400
    assert strict_client.server.posts == []
