"""What the store remembers of runs: all that Creovai took, on its day, and nothing else."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
import time_machine
from hypothesis import example, given, settings
from hypothesis import strategies as st

from target_creovai.encoding import encode
from target_creovai.kinds import KINDS
from target_creovai.model.conversation import Conversation, Interface, Message
from target_creovai.model.history import (
    KEPT_DAYS,
    Traits,
    bucket_of,
    seconds_of,
    share_of,
    traits_of,
)
from target_creovai.model.participants import Participant, Role
from target_creovai.store import Store
from target_creovai.store.database.tables import DELIVERIES, HISTORY, LAGS
from target_creovai.store.runs.history import ALL_RUNS
from tests.fakes.creovai import CreovaiServer, Fault
from tests.target.rows import (
    COMPLETED,
    STARTED,
    UNANSWERED,
    Record,
    State,
    at,
    case,
    chat,
    chat_id,
    comment,
    reply,
    transcript,
)
from tests.target.support import TargetRunner

if TYPE_CHECKING:
    from collections.abc import Iterator

BEGIN = datetime(2024, 6, 1, 12, tzinfo=UTC)
SOON = "2024-06-01T00:00:00Z"
FAULTS = ("drop_after", "drop_before", "500_after", "429", "413", "503")


@dataclass(frozen=True)
class Turn:
    """One run: after how many days, what changed, and what goes wrong with which request."""

    days: int
    chats: tuple[tuple[int, int], ...]
    cases: tuple[tuple[int, int], ...]
    faults: tuple[tuple[str, int], ...]


numbers = st.tuples(st.integers(1, 3), st.integers(0, 2))
turns = st.builds(
    Turn,
    days=st.integers(0, 3),
    chats=st.lists(numbers, max_size=2).map(tuple),
    cases=st.lists(numbers, max_size=2).map(tuple),
    faults=st.lists(st.tuples(st.sampled_from(FAULTS), st.integers(0, 2)), max_size=1).map(tuple),
)


def rows_of(turn: Turn, step: int) -> Iterator[Record]:
    """Yield what the tap brings: a higher version has another field, or another comment."""
    stamp = at(f"{10 + step}:30")
    for number, version in turn.chats:
        yield chat(number, Priority=version, SystemModstamp=stamp)
    for number, version in turn.cases:
        yield case(number, SystemModstamp=stamp)
        if version:
            yield comment(10 * number + version, case=number, SystemModstamp=stamp)


def taken_by(creovai: CreovaiServer) -> Counter[str]:
    """Count what Creovai has taken so far, by the end of its path.

    What replaces itself is posted once more where its answer was lost: it was taken once.
    """
    taken = {(post.path, encode(post.payload)) for post in creovai.posts}
    return Counter(path.removeprefix("/capture/v2/") for path, _ in taken)


@settings(max_examples=5)
@example([Turn(0, ((1, 1),), (), ()), Turn(0, ((1, 2),), (), (("drop_after", 0),))])
@example([Turn(0, (), ((1, 1),), ()), Turn(0, (), ((1, 2),), (("drop_after", 0),))])
@given(st.lists(turns, min_size=2, max_size=3))
def test_the_sum_over_all_days_is_what_creovai_took(history: list[Turn]) -> None:
    """Whatever was refused, lost or looked up on the way, and on the day on which it was taken."""
    expected: dict[str, Counter[str]] = {}
    with CreovaiServer() as creovai, TemporaryDirectory() as folder:
        run = TargetRunner(
            Path(folder),
            api_url=creovai.url,
            api_user=creovai.api_user,
            api_password=creovai.api_password,
            doubt_minutes=0,
        )
        now = BEGIN
        for step, turn in enumerate(history):
            now += timedelta(days=turn.days, minutes=1)
            creovai.faults.clear()
            for kind, after in turn.faults:
                creovai.faults.add(Fault(kind, after=after))
            before = taken_by(creovai)
            with time_machine.travel(now, tick=True):
                run(STARTED, *rows_of(turn, step), COMPLETED)
            expected.setdefault(f"{now:%Y-%m-%d}", Counter()).update(taken_by(creovai) - before)
        creovai.faults.clear()
        with time_machine.travel(now + timedelta(minutes=1), tick=True):  # what was left over
            before = taken_by(creovai)
            run(STARTED, COMPLETED)
            expected[f"{now:%Y-%m-%d}"].update(taken_by(creovai) - before)
        assert creovai.duplicate_chats == []
        with Store(run.config["store_url"]) as store:
            days = store.history.delivered_by_day("")
            agents = store.history.delivered_by_agent("")
            lags = store.history.lags("")

    found = Counter[tuple[str, str]]()
    for line in days:
        found[line.day, line.kind] += line.conversations
        found[line.day, "outofband/interaction"] += line.updates * (line.kind == "chat")
        found[line.day, "outofband/case"] += line.updates * (line.kind == "case")
    assert +found == Counter(
        {(day, what): n for day, counts in expected.items() for what, n in counts.items()}
    )
    total = sum(line.conversations for line in days)
    assert sum(line.conversations for line in agents) == total
    assert sum(line.messages for line in agents) == sum(line.messages for line in days)
    known = sum(line.conversations for line in agents if line.channel)
    assert sum(lag.conversations for lag in lags) == known


def test_the_agent_who_wrote_most_counts_of_equals_the_first() -> None:
    """A conversation counts once, so that agents and days have the same sum; a bot is none."""
    nora, kim = (Participant(name, Role.AGENT) for name in ("nora@desk.example", "Kim"))
    bot, ada = Participant("Helper", Role.BOT), Participant("Ada", Role.CUSTOMER)

    assert agent_of(ada, nora, kim, kim, bot, bot, bot) == "Kim"
    assert agent_of(kim, nora, ada, ada) == "Kim"
    assert agent_of(nora) == "nora@desk.example"
    assert agent_of(ada, bot) == ""


def agent_of(*senders: Participant) -> str:
    """Return whom a chat counts for in which these speak in turn."""
    spoken = Conversation(
        interface=Interface.CHAT,
        session_id="chat-1",
        start=BEGIN,
        end=BEGIN,
        participants=tuple({id(who): who for who in senders}.values()),
        messages=tuple(Message(BEGIN, who, "words") for who in senders),
        metadata={},
        modified=BEGIN,
    )
    return traits_of(spoken, KINDS["chat"], None).agent


def test_a_conversation_counts_for_its_channel_and_its_agent(run_target: TargetRunner) -> None:
    """Of a case its Origin, with as many messages as were sent."""
    several = transcript(
        "( 1s ) Nora V: Good day", "( 2s ) Ada Quill: Hello", "( 3s ) Nora V: How can I help?"
    )
    run_target(
        STARTED,
        chat(1, Body=several),
        case(1, Origin="Web"),
        comment(1, case=1),
        reply(2, case=1),
        reply(3, case=1),
        COMPLETED,
    )

    with Store(run_target.config["store_url"]) as store:
        found = {
            (line.kind, line.channel, line.agent, line.conversations, line.messages)
            for line in store.history.delivered_by_agent("")
        }
    assert found == {("chat", "Chat", "Nora Vance", 1, 3), ("case", "Web", "Nora Vance", 1, 3)}


def test_a_lag_is_counted_from_the_newest_of_its_rows(run_target: TargetRunner) -> None:
    """A comment that came after the case is what the customer waits for."""
    with time_machine.travel(datetime(2024, 5, 6, 20, 0, tzinfo=UTC), tick=False):
        run_target(
            STARTED,
            case(1, SystemModstamp=at("10:00")),
            comment(1, case=1, SystemModstamp=at("19:50")),
            COMPLETED,
        )

    with Store(run_target.config["store_url"]) as store:
        (lag,) = store.history.lags("")
    assert seconds_of(lag.bucket) == pytest.approx(600, rel=0.05)


def test_a_chat_that_a_dead_run_sent_counts_when_it_is_found(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Its agent is not known then: nothing is made up."""
    run_target(chat(1))
    run_target.execute("DELETE FROM creovai_deliveries")
    run_target.execute(
        "UPDATE creovai_conversations SET outcome = 'pending', intent_hash = content_hash, "
        "intent_metadata = metadata, content_hash = NULL, sent_at = NULL"
    )

    run_target(STARTED, COMPLETED)

    assert len(creovai.posts) == 1
    with Store(run_target.config["store_url"]) as store:
        (line,) = store.history.delivered_by_agent("")
    assert (line.kind, line.channel, line.agent, line.conversations) == ("chat", "", "", 1)


def test_a_run_leaves_a_line_with_all_that_it_counted(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """By code of the reason: texts of reasons name what differs from one to the next."""
    creovai.refuse(chat_id(2))
    creovai.faults.add(Fault("503", path="/capture/v2/case"))
    waiting = case(2, IsClosed=False)
    run_target(STARTED, chat(1), chat(2), chat(3, **UNANSWERED), case(1), comment(1), waiting)

    with Store(run_target.config["store_url"]) as store:
        (run,) = store.history.runs()
    facts = run.facts
    assert run.ended_at is not None
    assert run.began_at < run.ended_at
    assert run.exit_code == 1
    assert facts.rows == {"LiveChatTranscript": 3, "Case": 2, "CaseComment": 1}
    assert (facts.sent, facts.held) == ({"chat": 1}, {"case": 2})
    assert facts.set_aside == {"chat": {"refused": 1}}
    assert facts.aside == {"chat": 1}
    assert facts.requests["/capture/v2/chat"] == {200: 1, 400: 1}
    assert facts.salesforce_requests is None

    run_target(STARTED, waiting, State(COMPLETED.value | {"sync_requests": 17}))
    with Store(run_target.config["store_url"]) as store:
        facts = store.history.runs()[0].facts
    assert (facts.sent, facts.retries) == ({"case": 1}, 1)
    assert facts.waiting == {"case": {"case-open": 1}}
    assert facts.requests["/capture/v2/case"] == {200: 1, 503: 1}
    assert facts.salesforce_requests == 17


@pytest.mark.parametrize("shared", [False, True])
def test_past_days_are_added_up_over_all_runs(
    request: pytest.FixtureRequest, *, shared: bool
) -> None:
    """A year of hourly runs stays as small as a year of days; nothing is lost by it."""
    run: TargetRunner = request.getfixturevalue("run_shared" if shared else "run_target")
    for hour in range(3):
        with time_machine.travel(BEGIN + timedelta(hours=hour), tick=True):
            run(chat(hour + 1))
    with Store(run.config["store_url"]) as store:
        before = [sum_of(store), len(store.history.lags(""))]

    with time_machine.travel(BEGIN + timedelta(days=2), tick=True):
        run(chat(4), chat(5))

    assert before[0] == 3
    with Store(run.config["store_url"]) as store:
        assert sum_of(store) == 5
    for table in ("creovai_deliveries", "creovai_lags"):
        rows = run.query(f"SELECT run, day FROM {table}")  # noqa: S608
        assert {row.run for row in rows if row.day < "2024-06-02"} == {ALL_RUNS}
        assert ALL_RUNS not in {row.run for row in rows if row.day > "2024-06-02"}


def sum_of(store: Store) -> int:
    """Return how many conversations the history has counted."""
    return sum(line.conversations for line in store.history.delivered_by_day(""))


def test_what_is_too_old_is_dropped(run_target: TargetRunner) -> None:
    """Agents are named in it, so it does not stay for good."""
    with time_machine.travel(BEGIN, tick=True):
        run_target(chat(1))
    for later in (timedelta(days=KEPT_DAYS - 1), timedelta(days=KEPT_DAYS + 1)):
        with time_machine.travel(BEGIN + later, tick=True):
            run_target(STARTED, COMPLETED)

    left = {
        table.name: len(run_target.query(f"SELECT * FROM {table.name}"))  # noqa: S608
        for table in (HISTORY, DELIVERIES, LAGS)
    }
    assert left == {"creovai_history": 2, "creovai_deliveries": 0, "creovai_lags": 0}


def test_a_dry_run_counts_no_delivery(run_dry: TargetRunner) -> None:
    """It has a line among the runs, as every run has."""
    run_dry(chat(1))

    with Store(run_dry.config["store_url"]) as store:
        assert store.history.delivered_by_day("") == []
        assert store.history.runs()[0].facts.counts["written"] == 1


def test_counts_of_a_commit_that_failed_are_written_with_the_next(tmp_path: Path) -> None:
    """They belong to the receipts of that commit, which come again as well."""
    with Store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        store._pending.deliveries.count("chat", SOON, Traits(messages=2))
        with store.database.engine.connect() as db:
            store._pending.deliveries.write(db)
            db.rollback()
        assert sum_of(store) == 0

        with store.database.transaction() as db:
            store._pending.deliveries.write(db)
        store._pending.deliveries.clear()
        with store.database.transaction() as db:
            store._pending.deliveries.write(db)
        assert sum_of(store) == 1


@given(st.floats(1, 1e9))
def test_a_bucket_tells_a_time_to_five_percent(seconds: float) -> None:
    """That is what the page says of it."""
    assert seconds_of(bucket_of(seconds)) == pytest.approx(seconds, rel=0.05)


@given(st.lists(st.integers(0, 200), min_size=1), st.integers(1, 100))
def test_a_share_is_the_smallest_time_that_so_many_kept(buckets: list[int], percent: int) -> None:
    """As the nearest-rank percentile of the buckets."""
    ordered = sorted(buckets)
    rank = -(-len(ordered) * percent // 100)
    assert share_of(Counter(buckets), percent) == seconds_of(ordered[rank - 1])


def test_nothing_is_said_of_no_conversation() -> None:
    """No median of nothing."""
    assert share_of({}, 50) is None
