"""`report` writes a page on how it went: numbers that are the store's, and no customer's words."""

from __future__ import annotations

import re
import shlex
import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
import sqlalchemy as sa
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from target_creovai.history import Lag, OfAgent, OfDay, Run, RunFacts, seconds_of
from target_creovai.outcomes import Code, Outcome, Reason, in_general
from target_creovai.report.known import NAMES, Known
from target_creovai.report.page import page_of
from target_creovai.report.period import Period
from target_creovai.report.problems import problems_of_store
from target_creovai.report.tables import NOTHING, span
from target_creovai.store import Standing
from target_creovai.store.operator import OperatorStore
from target_creovai.store.tables import DELIVERIES, HISTORY, LAGS
from tests.target.rows import (
    COMPLETED,
    STARTED,
    UNANSWERED,
    case,
    chat,
    chat_id,
    comment,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.creovai import CreovaiServer
    from tests.target.commands.conftest import Operator
    from tests.target.support import TargetRunner

NOW = datetime(2024, 6, 20, 12, tzinfo=UTC)


def first(node: Any, selector: str) -> Any:
    """Return the first that a selector finds."""
    found = node.css_first(selector)
    assert found is not None, selector
    return found


class Page:
    """A page as a program reads it."""

    def __init__(self, content: bytes) -> None:
        self.text = content.decode()
        self.tree = LexborHTMLParser(self.text)

    def table(self, caption: str) -> list[dict[str, str]]:
        """Return the rows of a table, by the names of its columns."""
        (table,) = (
            table for table in self.tree.css("table") if first(table, "caption").text() == caption
        )
        names = [head.text() for head in table.css("thead th")]
        rows = [[cell.text() for cell in row.css("th, td")] for row in table.css("tbody tr")]
        return [dict(zip(names, row, strict=True)) for row in rows]

    @property
    def problems(self) -> list[str]:
        """What needs an eye."""
        return [problem.text() for problem in self.tree.css(".problems li")]

    @property
    def commands(self) -> list[str]:
        """What to type for it."""
        return [command.text() for command in self.tree.css(".problems code")]


def report(operator: Operator, *options: str, **changes: Any) -> Page:
    """Write a page and read it."""
    file = operator.target.folder / "report.html"
    result = operator("report", "--output", str(file), *options, **changes)
    assert result.exit_code == 0, result.output
    return Page(file.read_bytes())


def known(**given: Any) -> Known:
    """Return what a page is made of, of a store that holds nothing else."""
    nothing: dict[str, Any] = {
        "runs": [],
        "delivered": [],
        "by_agent": [],
        "lags": [],
        "standings": [],
        "problems": [],
        "days": 35,
        "with_agents": True,
    }
    return Known(where="a store", made_at=NOW, **nothing | given)


def run_at(moment: datetime, **facts: Any) -> Run:
    """Return a run of a minute that ended well."""
    ended = moment + timedelta(minutes=1)
    return Run(f"{moment:%Y-%m-%dT%H:%M:%SZ}", f"{ended:%Y-%m-%dT%H:%M:%SZ}", 0, RunFacts(**facts))


@pytest.fixture
def mixed(run_target: TargetRunner, creovai: CreovaiServer) -> TargetRunner:
    """A store with something of everything."""
    creovai.refuse(chat_id(2))
    run_target(
        STARTED,
        chat(1),
        chat(2),
        chat(3, **UNANSWERED),
        case(1),
        comment(1, case=1),
        case(2, IsClosed=False),
        COMPLETED,
    )
    return run_target


def test_without_a_store_there_is_no_page(operator: Operator, tmp_path: Path) -> None:
    """Somebody may mean another one, and an empty page would look like a quiet week."""
    result = operator("report", "--output", str(tmp_path / "report.html"))

    assert result.exit_code == 1
    assert "There is no store at" in result.output
    assert not (tmp_path / "report.html").exists()


def test_a_store_without_a_run_says_so(operator: Operator) -> None:
    """Made by hand, or by an upgrade from before there was a history."""
    with OperatorStore(operator.target.config["store_url"]):
        page = report(operator)

    (problem,) = page.problems
    assert problem.startswith("Look: No run yet.Is store_url the right one? target-creovai status")
    assert page.tree.css("svg") == []


def test_one_run_is_on_the_page(operator: Operator, mixed: TargetRunner) -> None:
    """What was sent, what waits and what was set aside, and why."""
    page = report(operator)

    today = f"{datetime.now(UTC):%Y-%m-%d}"
    assert page.table("Conversations sent")[0] == {
        "Day": today,
        "Cases": "1",
        "Chats": "1",
        "Changes of metadata": "0",
    }
    by_kind = {row["Kind"]: row for row in page.table("Day by day")}
    assert by_kind["Cases"] == {
        "Day": today,
        "Kind": "Cases",
        "Sent": "1",
        "Waiting": "1",
        "Why it waits": "the case is open: 1",
        "Set aside": "0",
        "Why set aside": "",
    }
    assert by_kind["Chats"]["Why set aside"] == "Creovai refused it: 1"
    assert [row["Why"] for row in page.table("Set aside now")] == ["HTTP 400: Creovai refused it"]
    assert [row["Why"] for row in page.table("Waiting now")] == ["the case is open"]
    assert [(row["Agent"], row["Together"]) for row in page.table("Conversations by agents")] == [
        ("Nora Vance", "2")
    ]
    assert page.table("The last runs")[0]["Exit code"] == "3"
    assert page.table("Requests")[0]["Asked of Salesforce"] == "not known"


def test_problems_come_first_with_commands_that_work(
    operator: Operator, mixed: TargetRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Typed as they stand there."""
    monkeypatch.chdir(mixed.folder)
    page = report(operator)

    assert first(page.tree, "main h2").text() == "What needs an eye"
    assert any("Chats set aside: 1. HTTP 400" in problem for problem in page.problems)
    assert len(page.commands) >= 2
    for command in page.commands:
        name, *arguments = shlex.split(command)
        assert name == "target-creovai"
        settings = arguments.index("--config")
        del arguments[settings : settings + 2]  # the operator gives them
        assert operator(*arguments).exit_code == 0


def test_no_customer_is_on_the_page(operator: Operator, mixed: TargetRunner) -> None:
    """It may be shown to whoever asks how it goes; agents may be left out as well."""
    page = report(operator)
    for words in ("Ada", "Quill", "question", "ada@example.com", chat_id(1)):
        assert words not in page.text
    assert "Nora Vance" in page.text

    assert "Nora" not in report(operator, "--no-agents").text


def test_the_page_loads_nothing_and_runs_nothing(operator: Operator, mixed: TargetRunner) -> None:
    """It is one file; links lead to its own parts."""
    page = report(operator)

    links = [link.attributes["href"] or "" for link in page.tree.css("[href]")]
    assert links
    for link in links:
        assert link.startswith("#")
        assert page.tree.css_first(f'[id="{link[1:]}"]')
    assert page.tree.css("script, link, img, iframe, object, [src], [style], [onclick]") == []
    assert set(re.findall(r"https?://[^\"' <]*", page.text)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
    assert "url(" not in page.text
    assert "@import" not in page.text
    policy = first(page.tree, "meta[http-equiv]").attributes["content"]
    assert str(policy).startswith("default-src 'none'; style-src 'sha256-")


def test_every_picture_has_a_name_and_a_table(operator: Operator, mixed: TargetRunner) -> None:
    """Whoever cannot see it reads the table."""
    page = report(operator)

    ids = [node.attributes["id"] for node in page.tree.css("[id]")]
    assert len(ids) == len(set(ids))
    pictures = page.tree.css("figure")
    assert len(pictures) == 8
    for picture in pictures:
        svg = first(picture, "svg")
        assert svg.attributes["role"] == "img"
        name = first(page.tree, f'[id="{svg.attributes["aria-labelledby"]}"]')
        assert name.text().strip()
        section = picture.parent
        assert section is not None
        assert section.css("details table tbody tr")
    for table in page.tree.css("table"):
        assert first(table, "caption").text()
        assert all(head.attributes["scope"] == "col" for head in table.css("thead th"))


def test_only_its_owner_may_read_the_file(
    operator: Operator, mixed: TargetRunner, tmp_path: Path
) -> None:
    """Agents are named in it."""
    report(operator)
    assert stat.S_IMODE((tmp_path / "report.html").stat().st_mode) == 0o600


def test_a_page_that_cannot_be_written_says_so(
    operator: Operator, mixed: TargetRunner, tmp_path: Path
) -> None:
    """One sentence, and no traceback."""
    result = operator("report", "--output", str(tmp_path / "nowhere" / "report.html"))

    assert result.exit_code == 1
    assert "The file cannot be written (No such file or directory)" in result.output


# Numbers

days = st.integers(0, 40).map(lambda ago: f"{NOW.date() - timedelta(days=ago)}")
kinds = st.sampled_from(list(NAMES))
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


def number(text: str) -> int:
    """Return what a cell says, 0 where it says nothing."""
    return 0 if text == NOTHING else int(text.replace(",", ""))


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
        for kind, name in NAMES.items():
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
    standings = [
        Standing("chat", Outcome.SET_ASIDE, Reason(Code.TOO_LARGE, (f"{n}",)), 2, None)
        for n in range(2000)
    ]
    aside = [problem.text for problem in problems_of_store(standings, [], [])]

    assert len(aside) == 11
    assert aside[-1] == "Set aside for 1,990 other reasons: 3,980."
    rows = Page(page_of(known(standings=standings))).table("Set aside now")
    assert sum(number(row["Conversations"]) for row in rows) == 4000
    assert len(rows) == 51


# What needs an eye


def problems(operator: Operator, now: datetime) -> list[str]:
    """Return what the page says at a time."""
    with time_machine.travel(now, tick=True):
        return report(operator).problems


def test_a_schedule_that_stands_still_is_a_problem(
    operator: Operator, run_target: TargetRunner
) -> None:
    """A run cannot report that it did not begin."""
    with time_machine.travel(NOW, tick=True):
        run_target(chat(1))

    assert problems(operator, NOW + timedelta(hours=25)) == []
    (problem,) = problems(operator, NOW + timedelta(days=90))
    assert problem.startswith("Grave: The last run began 90 days ago.")


def test_a_run_that_was_stopped_is_a_problem(
    operator: Operator, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """With the words of the one who stopped it."""
    creovai.chat_enabled = False
    with time_machine.travel(NOW, tick=True):
        run_target(chat(1))

    (problem,) = problems(operator, NOW)
    assert problem.startswith("Grave: The last run stopped or failed: Creovai answered HTTP 403")


def test_a_run_that_never_ended_is_a_problem(operator: Operator, run_target: TargetRunner) -> None:
    """Killed, as nothing runs for that long."""
    with OperatorStore(run_target.config["store_url"]) as store:
        store.begin_run("2024-06-20T12:00:00Z")

    assert problems(operator, NOW + timedelta(hours=1)) == []
    (problem,) = problems(operator, NOW + timedelta(hours=13))
    assert problem.startswith("Grave: The run that began at 2024-06-20T12:00:00Z has not ended")


def test_parts_that_were_not_read_are_problems(
    operator: Operator, run_target: TargetRunner
) -> None:
    """With what `status` says to do about them."""
    row = case(1)
    del row.row["Description"]
    run_target(STARTED, row, COMPLETED)

    assert any("was not read" in problem for problem in problems(operator, datetime.now(UTC)))


def test_conversations_that_take_longer_than_before_are_a_problem(
    operator: Operator, run_target: TargetRunner
) -> None:
    """Half of them more than twice as long as the week before, and more than an hour."""
    with time_machine.travel(NOW - timedelta(days=9), tick=True):
        run_target(chat(1, SystemModstamp="2024-06-11T11:00:00Z"))
    with time_machine.travel(NOW - timedelta(days=1), tick=True):
        run_target(chat(2, SystemModstamp="2024-06-19T07:00:00Z"))

    (problem,) = problems(operator, NOW)
    assert re.match(r"Look: Half of what .* took 5\.\d h and more; before, [01]\.\d h\.", problem)


def test_every_code_has_words_of_its_own() -> None:
    """Tables of days count codes: what else a reason names is not theirs to say."""
    words = [in_general(code) for code in Code]

    assert len(set(words)) == len(Code)
    for text in words:
        assert re.search(r"[^\W\d_]{3}", text)
        assert "{" not in text


# A year


def test_a_year_of_hourly_runs_is_a_page_that_opens_at_once(
    operator: Operator, run_target: TargetRunner
) -> None:
    """8,760 lines of runs, 60 agents, by weeks: its size does not grow with their number."""
    now = datetime.now(UTC)
    told = RunFacts(waiting={"case": {"case-open": 100}}, requests={"/capture/v2/case": {200: 30}})
    encoded = msgspec.json.encode(told)
    hours = [f"{now - timedelta(hours=n):%Y-%m-%dT%H:%M:%SZ}" for n in range(8760)]
    past = sorted({hour[:10] for hour in hours})
    with OperatorStore(run_target.config["store_url"]) as store, store._engine.begin() as db:
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
