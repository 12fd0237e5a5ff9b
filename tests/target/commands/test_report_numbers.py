"""Numbers on the page of `report` are the store's, and it stays a page however many there are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from target_creovai.kinds import KINDS, heading_of
from target_creovai.model.history import Lag, OfAgent, OfDay, Run, RunFacts, seconds_of
from target_creovai.model.outcomes import Code, Outcome, Reason
from target_creovai.report.figures.period import Period
from target_creovai.report.figures.problems import problems_of_store
from target_creovai.report.markup.tables import NOTHING, span
from target_creovai.report.page import page_of
from target_creovai.store import OutcomeCount
from target_creovai.store.database.tables import DELIVERIES, HISTORY, LAGS
from target_creovai.store.operator.store import OperatorStore
from tests.target.commands.reported import NOW, Page, known, number, report, run_at

if TYPE_CHECKING:
    from tests.target.commands.conftest import Operator
    from tests.target.support import TargetRunner


days = st.integers(0, 40).map(lambda ago: f"{NOW.date() - timedelta(days=ago)}")
kinds = st.sampled_from(list(KINDS))
counts = st.integers(0, 5000)
of_days = st.lists(st.builds(OfDay, days, kinds, counts, counts, counts), max_size=30)
of_lags = st.lists(
    st.builds(Lag, days, kinds, st.integers(0, 150), st.integers(1, 50)), max_size=30
)
of_agents = st.lists(
    st.builds(
        OfAgent, kinds, st.sampled_from(["", "Web", "<b>"]), st.sampled_from("abc"), counts, counts
    ),
    max_size=20,
)
facts = st.builds(
    RunFacts,
    set_aside=st.dictionaries(kinds, st.dictionaries(st.sampled_from(["refused"]), counts)),
    waiting=st.dictionaries(kinds, st.dictionaries(st.sampled_from(["case-open"]), counts)),
    requests=st.dictionaries(
        st.sampled_from(["/Token", "/capture/v2/chat"]),
        st.dictionaries(st.sampled_from([200, 429]), counts),
    ),
    retries=counts,
    salesforce_requests=st.none() | counts,
)
of_runs = st.lists(
    st.builds(
        lambda hours, facts: run_at(NOW - timedelta(hours=hours), **msgspec.structs.asdict(facts)),
        st.integers(0, 40 * 24),
        facts,
    ),
    max_size=20,
)


@settings(max_examples=8)
@given(of_days, of_lags, of_agents, of_runs, st.sampled_from([7, 35, 100]))
def test_every_number_of_the_tables_is_that_of_the_store(
    delivered: list[OfDay], lags: list[Lag], agents: list[OfAgent], runs: list[Run], length: int
) -> None:
    """Added up by day, or by week where the page looks far back."""
    runs.sort(key=lambda run: run.began_at, reverse=True)
    given = known(delivered=delivered, lags=lags, by_agent=agents, runs=runs, days=length)
    page = Page(page_of(given))

    steps = Period.until(NOW.date(), length).steps
    sent, requests = page.table("Conversations sent"), page.table("Requests")
    aside, arrival = page.table("Conversations set aside"), page.table("Time to arrive")
    for place, step in enumerate(reversed(steps)):
        begin, end = f"{step.first}", f"{step.last}"
        inside = [line for line in delivered if begin <= line.day <= end]
        of_step = [run.facts for run in runs if begin <= run.began_at[:10] <= end]
        for kind, name in zip(KINDS, map(heading_of, KINDS), strict=True):
            if name in sent[place]:
                of_kind = [line.conversations for line in inside if line.kind == kind]
                assert number(sent[place][name]) == sum(of_kind)
                codes = [facts.set_aside.get(kind, {}) for facts in of_step]
                assert number(aside[place][name]) == sum(sum(code.values()) for code in codes)
        assert number(sent[place]["Changes of metadata"]) == sum(line.updates for line in inside)
        paths = [path for facts in of_step for path in facts.requests.values()]
        answers = [(code, n) for path in paths for code, n in path.items()]
        asked = requests[place]
        assert number(asked["Answers of Creovai"]) == sum(n for _, n in answers)
        assert number(asked["of them refusals"]) == sum(n for code, n in answers if code >= 400)
        assert number(asked["Made again"]) == sum(facts.retries for facts in of_step)
        times = sorted(
            lag.bucket for lag in lags if begin <= lag.day <= end for _ in range(lag.conversations)
        )
        median = span(seconds_of(times[(len(times) + 1) // 2 - 1])) if times else NOTHING
        assert arrival[place]["All, median"] == median
    channels = {row["Channel"]: row for row in page.table("Conversations by channels")}
    for name in {line.channel for line in agents if line.conversations}:
        of_channel = [line for line in agents if line.channel == name]
        total = sum(line.conversations for line in of_channel)
        assert number(channels[name or "not known"]["Together"]) == total


def test_last_week_is_compared_with_the_week_before() -> None:
    """Whole days, so that a morning is not compared with days."""
    delivered = [
        OfDay("2024-06-20", "chat", 99, 99, 0),  # today: not over
        OfDay("2024-06-19", "chat", 10, 50, 0),
        OfDay("2024-06-13", "chat", 2, 10, 0),
        OfDay("2024-06-12", "chat", 10, 20, 0),
        OfDay("2024-06-06", "chat", 5, 10, 0),
        OfDay("2024-06-05", "chat", 99, 99, 0),
    ]
    new = run_at(NOW - timedelta(days=1), set_aside={"chat": {"refused": 3}}, retries=4)
    old = run_at(NOW - timedelta(days=8), retries=5, salesforce_requests=7)
    page = Page(page_of(known(delivered=delivered, runs=[new, old])))

    rows = {
        row["What"]: list(row.values())[1:] for row in page.table("Last week and the week before")
    }
    assert rows["Chats sent"] == ["12", "15", "-20 %"]
    assert rows["Messages, Chats"] == ["5.0", "2.0", NOTHING]
    assert rows["Set aside: Creovai refused it"] == ["3", "0", "new"]
    assert rows["Requests made again"] == ["4", "5", "-20 %"]
    assert rows["Asked of Salesforce"] == [NOTHING, "7", NOTHING]


def test_requests_to_salesforce_that_nobody_counted_are_not_made_up() -> None:
    """A sync that broke off says nothing of them."""
    runs = [run_at(NOW, salesforce_requests=7), run_at(NOW - timedelta(hours=1))]

    row = Page(page_of(known(runs=runs))).table("Requests")[0]

    assert row["Asked of Salesforce"] == "7, and 1 runs not known"
    assert [picture_of_requests(of) for of in (runs, runs[1:])] == [
        ["Creovai", "Salesforce"],
        [],  # of one series it needs no names
    ]


def picture_of_requests(runs: list[Run]) -> list[str]:
    """Return whose requests the picture shows."""
    page = Page(page_of(known(runs=runs)))
    return [name.text() for name in page.tree.css('[aria-labelledby="requests"] .legend text')]


def test_a_glance_tells_where_it_stands() -> None:
    """For whoever has no time for tables: the same numbers."""
    outcomes = [
        OutcomeCount("case", Outcome.WAITING, Reason(Code.CASE_OPEN), 20, None),
        OutcomeCount("chat", Outcome.WAITING, Reason(Code.CHAT_OPEN), 1, None),
        OutcomeCount(
            "chat",
            Outcome.SET_ASIDE,
            Reason(Code.REFUSED, ("400", "Creovai refused it")),
            1_002,
            None,
        ),
    ]
    delivered = [OfDay("2024-06-19", "chat", 10, 50, 0), OfDay("2024-06-15", "case", 2, 2, 0)]
    runs = [replace(run_at(NOW - timedelta(hours=1)), exit_code=3)]
    page = Page(page_of(known(outcomes=outcomes, delivered=delivered, runs=runs)))

    assert page.glance == {
        "Last run began (UTC)": "Jun 20, 11:00",
        "It ended with": "exit code 3",
        "Sent last week": "12",
        "Median time to arrive": NOTHING,
        "Waiting now": "21",
        "Set aside now": "1,002",
    }
    assert set(Page(page_of(known())).glance.values()) == {NOTHING, "0"}


def test_many_agents_are_listed_as_others() -> None:
    """The page stays one that can be read."""
    agents = [OfAgent("chat", "Chat", f"Agent {n:04}", 1, 2) for n in range(2000)]
    page = Page(page_of(known(by_agent=agents, delivered=[OfDay("2024-06-20", "chat", 1, 2, 0)])))

    rows = page.table("Conversations by agents")
    assert len(rows) == 51
    assert (rows[-1]["Agent"], rows[-1]["Together"]) == ("1950 others", "1,950")
    assert len(page.text) < 200_000


def test_many_reasons_are_told_as_others() -> None:
    """Some name a number or a field, which differs from one conversation to the next."""
    outcomes = [
        OutcomeCount("chat", Outcome.SET_ASIDE, Reason(Code.TOO_LARGE, (f"{n}",)), 2, None)
        for n in range(2000)
    ]
    aside = [problem.text for problem in problems_of_store(outcomes, [], [])]

    assert len(aside) == 11
    assert aside[-1] == "Set aside for 1,990 other reasons: 3,980."
    rows = Page(page_of(known(outcomes=outcomes))).table("Set aside now")
    assert sum(number(row["Conversations"]) for row in rows) == 4000
    assert len(rows) == 51


def test_a_year_of_hourly_runs_is_a_page_that_opens_at_once(
    operator: Operator, run_target: TargetRunner
) -> None:
    """8,760 lines of runs, 60 agents, by weeks: its size does not grow with their number."""
    now = datetime.now(UTC)
    told = RunFacts(waiting={"case": {"case-open": 100}}, requests={"/capture/v2/case": {200: 30}})
    encoded = msgspec.json.encode(told)
    hours = [f"{now - timedelta(hours=n):%Y-%m-%dT%H:%M:%SZ}" for n in range(8760)]
    past = sorted({hour[:10] for hour in hours})
    with (
        OperatorStore(run_target.config["store_url"]) as store,
        store.database.transaction() as db,
    ):
        ended = [
            {"run": f"{n}", "began_at": hour, "ended_at": hour, "exit_code": 0, "facts": encoded}
            for n, hour in enumerate(hours)
        ]
        db.execute(sa.insert(HISTORY), ended)
        keys = {"run": "", "kind": "case", "channel": "Web"}
        sums = {"conversations": 2, "messages": 6, "updates": 0}
        lines = [
            keys | sums | {"day": day, "agent": f"Agent {n}"} for day in past for n in range(60)
        ]
        db.execute(sa.insert(DELIVERIES), lines)
        buckets = range(40, 90)
        lags = [
            {"run": "", "day": day, "kind": "case", "bucket": bucket, "conversations": 2}
            for day in past
            for bucket in buckets
        ]
        db.execute(sa.insert(LAGS), lags)

    page = report(operator, "--days", "400")

    assert len(page.text) < 400_000
    weeks = page.table("Conversations sent")
    assert sum(number(row["Cases"]) for row in weeks) == 120 * len(past)
    assert len(weeks) in range(57, 60)
    assert len(report(operator).text) < 400_000
