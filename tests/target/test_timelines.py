"""Whatever order rows come in, over however many runs: the last payloads are the same."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from target_creovai.assemble import Ready
from target_creovai.delivery.deliver import Delivery
from target_creovai.input.staging import staged_row
from target_creovai.kinds import KIND_OF_STREAM
from target_creovai.model.settings import AssemblySettings, Policy
from target_creovai.sending.retry_budget import RetryBudget
from target_creovai.store import Store
from target_creovai.watch.summary import Summary
from tests.target.rows import Record, at, case, case_id, chat, comment, mail, sf_id, transcript
from tests.target.support import all_read, verdict_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from target_creovai.http.client import CreovaiClient

STREAMS = ("Case", "CaseComment", "EmailMessage", "LiveChatTranscript")


@dataclass(slots=True)
class Listener:
    """A Creovai that takes everything, in place of the client."""

    chats: dict[str, Any]
    cases: dict[str, Any]
    posts: list[str]

    def statuses(self, session_ids: Sequence[str]) -> dict[str, Any]:
        """Know of nothing that this store has not sent."""
        del session_ids
        return {}

    def capture(self, kind: str, payload: dict[str, Any], permit: object) -> str:
        """Keep what was posted last, and count."""
        del permit
        (self.chats if kind == "chat" else self.cases)[payload["sessionId"]] = payload
        self.posts.append(payload["sessionId"])
        return "id"

    def append_metadata(self, kind: str, body: dict[str, Any], permit: object) -> None:
        """Lay a change over what was posted, as Creovai does."""
        del permit
        known, key = (
            (self.chats, "sessionId") if kind == "chat" else (self.cases, "caseReferenceId")
        )
        payload = known[body[key]]
        known[body[key]] = payload | {"metadata": payload["metadata"] | body["metadata"]}


@st.composite
def versions(draw: st.DrawFn) -> Record:
    """Return a row of a small org as it was at some hour; equal hours mean equal versions."""
    stream = draw(st.sampled_from(STREAMS))
    number, hour = draw(st.integers(1, 2)), draw(st.integers(1, 6))
    return version(stream, number, hour)


def version(stream: str, number: int, hour: int) -> Record:
    """Return what a row looked like at an hour: it closes, moves, changes and is deleted."""
    common: dict[str, Any] = {
        "Id": sf_id(stream, number),
        "SystemModstamp": at(f"{10 + hour}:00"),
        "IsDeleted": hour == 6 and number == 2,
    }
    parent = 1 + (number + hour // 3) % 2
    match stream:
        case "Case":
            words = f"words {hour // 2}" if hour > 2 else None
            return case(
                **common, Description=words, IsClosed=hour != 4, Rating__c=hour, Origin="Web"
            )
        case "CaseComment":
            return comment(**common, case=parent, CommentBody=f"comment {number} {hour // 2}")
        case "EmailMessage":
            return mail(**common, case=parent, Status="5" if hour == 1 else "1")
        case _:
            # A chat that was sent is not sent again: here its words stay as they are.
            ended = hour > 1
            body = transcript("( 7s ) Nora V: Hi", f"( 9s ) Ada Quill: {number}")
            return chat(
                **common,
                Status="Completed" if ended else "InProgress",
                Body=body if ended else None,
                Rating__c=hour,
            )


def run(store: Store, listener: Listener, records: Sequence[Record]) -> None:
    """Do what a run of the target does with a whole input."""
    store.rows.stage([staged_row(stream, row) for stream, row in records])
    all_read(store)
    client: CreovaiClient = listener  # type: ignore[assignment] # all that delivery calls
    Delivery(store, AssemblySettings(), Summary(), client, Policy(workers=1), RetryBudget(0)).run()


def oracle(records: Sequence[Record]) -> dict[str, Any]:
    """Build every payload from the newest version of each row, the simplest way there is."""
    newest: dict[tuple[str, str], Record] = {}
    for record in sorted(records, key=lambda record: record.row["SystemModstamp"]):
        newest[record.stream, record.row["Id"]] = record
    conversations: dict[str, list[Record]] = {}
    for record in newest.values():
        key = record.row[KIND_OF_STREAM[record.stream].streams[record.stream]]
        conversations.setdefault(key, []).append(record)
    verdicts = {key: verdict_on(*rows) for key, rows in conversations.items()}
    return {key: each.payload for key, each in verdicts.items() if isinstance(each, Ready)}


def without_bookkeeping(payload: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is not worth a message when it alone has moved."""
    metadata = {name: value for name, value in payload["metadata"].items() if "Mod" not in name}
    return payload | {"metadata": metadata}


def listen() -> Listener:
    """Return a Creovai that has heard nothing yet."""
    return Listener({}, {}, [])


@settings(max_examples=40)
@given(records=st.lists(versions(), min_size=1, max_size=14), data=st.data())
def test_any_split_into_runs_ends_in_the_same_payloads(
    records: list[Record], data: st.DataObject
) -> None:
    """A brute-force oracle over all rows equals the result of runs over pieces of them."""
    order = data.draw(st.permutations(records), label="order")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(order)), max_size=4), label="cuts"))
    bounds = [0, *cuts, len(order)]
    listener = listen()
    with Store("sqlite://") as store:
        for start, end in pairwise(bounds):
            run(store, listener, order[start:end])
        posts = len(listener.posts)
        run(store, listener, order)

    assert len(listener.posts) == posts, "what has not changed was posted again"
    for session_id, payload in oracle(records).items():
        final = (listener.cases | listener.chats)[session_id]
        assert without_bookkeeping(final) == without_bookkeeping(payload)
    chats = [session_id for session_id in listener.posts if session_id in listener.chats]
    assert len(chats) == len(set(chats)), "a chat was posted twice"


def test_every_later_change_of_a_child_sends_its_case_again() -> None:
    """Children may come before their case, with it, or runs after it."""
    listener = listen()
    said: list[list[str]] = []
    with Store("sqlite://") as store:
        for rows in (
            [comment(1)],
            [case()],
            [mail(2)],
            [comment(1, CommentBody="edited", SystemModstamp=at("19:00"))],
            [comment(1, IsDeleted=True, SystemModstamp=at("20:00"))],
        ):
            run(store, listener, rows)
            found = listener.cases.get(case_id(), {"messages": []})["messages"]
            said.append([message["content"] for message in found])

    assert said == [
        [],
        ["comment 1"],
        ["mail 2", "comment 1"],
        ["mail 2", "edited"],
        ["mail 2"],
    ]
