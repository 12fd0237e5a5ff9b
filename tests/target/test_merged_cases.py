"""A case that was merged into another gives it all that was said, however the rows arrive."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from target_creovai.assemble import Ready
from target_creovai.input.staging import staged_row
from target_creovai.model.outcomes import Code, Reason
from target_creovai.model.verdicts import Skipped, Waiting
from target_creovai.store import Store
from tests.target.rows import Record, at, case, case_id, comment, mail, sf_id
from tests.target.support import senders, texts, verdict_on
from tests.target.test_timelines import listen, run, without_bookkeeping

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

MERGED = ("skipped", "merged into another case")


def loser(number: int, into: int, **fields: Any) -> Record:
    """Return a case that was merged into another: Salesforce deletes it and names the winner."""
    gone: dict[str, Any] = {"IsDeleted": True, "SystemModstamp": at("20:00")}
    words = {"Description": f"words {number}", "MasterRecordId": case_id(into)}
    return case(number, **(gone | words | fields))


WINNER = case(1, Description="words 1")
CHILD = comment(7, case=2, CommentBody="of the loser")


@pytest.mark.parametrize(
    "runs",
    [
        pytest.param([[WINNER, loser(2, into=1), CHILD]], id="at-once"),
        pytest.param([[loser(2, into=1)], [CHILD], [WINNER]], id="loser-first"),
        pytest.param([[WINNER], [CHILD], [loser(2, into=1)]], id="winner-first"),
        pytest.param([[CHILD], [WINNER], [loser(2, into=1)]], id="child-first"),
        pytest.param([[WINNER, loser(2, into=1)], [CHILD]], id="child-later"),
        pytest.param([[WINNER, case(2), CHILD], [loser(2, into=1)]], id="sent-before"),
    ],
)
def test_the_winner_says_what_the_loser_said(
    run_target: TargetRunner, creovai: CreovaiServer, runs: list[list[Record]]
) -> None:
    """Loser first, winner first, or children that come later with the loser's Id."""
    for rows in runs:
        assert run_target(*rows).exit_code == 0

    assert texts(creovai.cases[case_id(1)]) == ["words 1", "words 2", "of the loser"]
    assert run_target.ledger()[case_id(2)][1] == "merged into another case"


def test_a_loser_that_was_sent_stays_sent(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """Creovai has it; it is not sent again."""
    run_target(WINNER, case(2, Description="words 2"))
    run_target(loser(2, into=1))

    assert run_target.ledger()[case_id(2)] == ("sent", "merged into another case")
    assert creovai.post_count(case_id(2)) == 1
    assert creovai.post_count(case_id(1)) == 2


def test_salesforce_may_move_the_children(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """A moved ParentId changes nothing of what is said, so nothing is sent again."""
    run_target(WINNER, loser(2, into=1), CHILD)
    moved = comment(7, case=1, CommentBody="of the loser", SystemModstamp=at("21:00"))
    outcome = run_target(moved)

    assert outcome.says("sent") == ["sent       none"]
    assert creovai.post_count(case_id(1)) == 1


def test_a_chain_of_merges_ends_with_the_last_winner(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The winner may be merged itself, before or after."""
    run_target(loser(3, into=2), comment(8, case=3, CommentBody="of three"))
    run_target(case(2, Description="words 2"))
    run_target(loser(2, into=1), WINNER)

    assert texts(creovai.cases[case_id(1)]) == ["words 1", "words 2", "words 3", "of three"]
    assert run_target.ledger()[case_id(3)] == MERGED

    run_target(comment(9, case=3, CommentBody="late"))
    assert texts(creovai.cases[case_id(1)])[-1] == "late"


def test_a_winner_has_the_rows_of_the_whole_chain() -> None:
    """Also where it is looked at without those that were merged into it."""
    with Store("sqlite://") as store:
        rows = (WINNER, loser(2, into=1), loser(3, into=2), loser(4, into=3), CHILD)
        store.rows.stage([staged_row(*row) for row in rows])
        found = store.rows.rows_of("case", [case_id(1)])[case_id(1)]

    assert {row["Id"] for row in found["Case"]} == {case_id(n) for n in (1, 2, 3, 4)}
    assert len(found["Case"]) == 4
    assert len(found["CaseComment"]) == 1


def test_a_merge_that_was_undone_gives_all_back(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Both cases say their own again."""
    run_target(WINNER, loser(2, into=1), CHILD)
    run_target(case(2, Description="words 2", MasterRecordId=None, SystemModstamp=at("22:00")))

    assert texts(creovai.cases[case_id(1)]) == ["words 1"]
    assert texts(creovai.cases[case_id(2)]) == ["words 2", "of the loser"]


def test_merges_in_a_circle_come_to_an_end(run_target: TargetRunner) -> None:
    """Nothing that stands in a row may hang a run."""
    assert run_target(loser(1, into=2), loser(2, into=1), CHILD).exit_code == 0
    assert run_target.ledger() == {case_id(1): MERGED, case_id(2): MERGED}


def test_a_winner_that_is_not_here_is_waited_for() -> None:
    """A loser alone makes no conversation under the winner's name."""
    with Store("sqlite://") as store:
        store.rows.stage([staged_row(*loser(2, into=1))])
        rows = store.rows.rows_of("case", [case_id(1), case_id(2)])

    assert [row["Id"] for row in rows[case_id(1)]["Case"]] == [case_id(2)]
    records = [Record("Case", row) for row in rows[case_id(1)]["Case"]]
    assert verdict_on(CHILD._replace(row=CHILD.row | {"ParentId": case_id(1)}), *records) == (
        Waiting(Reason(Code.NO_MAIN_ROW, ("Case",)))
    )
    assert verdict_on(loser(2, into=1)) == Skipped(Reason(Code.MERGED))


def test_a_case_that_names_itself_as_master_is_not_merged() -> None:
    """It would otherwise never be sent."""
    assert isinstance(verdict_on(case(1, Description="x", MasterRecordId=case_id(1))), Ready)


def test_people_of_merged_cases_keep_their_keys() -> None:
    """The same contact is one participant; another one is another."""
    web: dict[str, Any] = {"Origin": "Web"}
    other = {"ContactId": "0039", "Contact": {"Name": "Bo Web", "Email": "bo@web.example"}}
    known = {"ContactId": None, "Contact": None, "SuppliedEmail": "ADA@example.com"}
    verdict = verdict_on(
        case(1, Description="one", **web),
        loser(2, 1, **web, **other),
        loser(3, 1, **web, **known),
        mail(4, FromAddress="BO@web.example", FromName=None),
    )

    assert isinstance(verdict, Ready)
    ada, bo = ("Customer", "003000000000001AAA"), ("Customer", "0039")
    assert senders(verdict.payload) == [ada, bo, ada, bo]


def test_a_losers_description_is_left_out_where_a_mail_repeats_it() -> None:
    """Email-to-Case copied it, and Salesforce may have moved the mail."""
    verdict = verdict_on(
        case(1, Description="one"),
        loser(2, 1, Description="Is anybody there?"),
        mail(3, case=1, TextBody="first"),
        mail(4, case=2, TextBody="Is anybody there?", MessageDate=at("12:00")),
    )

    assert isinstance(verdict, Ready)
    assert texts(verdict.payload) == ["one", "first", "Is anybody there?"]


# Any order of arrival

NUMBERS = st.integers(1, 4)
STREAMS = st.sampled_from(["Case", "CaseComment", "EmailMessage"])


@st.composite
def orgs(draw: st.DrawFn) -> list[Record]:
    """Return rows of four cases at some hours, in which cases get merged and children moved."""
    cases = [("Case", number, draw(st.sampled_from([2, 2, 1, 3]))) for number in range(1, 5)]
    others = draw(st.lists(st.tuples(STREAMS, NUMBERS, NUMBERS), min_size=1, max_size=10))
    return [version(*each) for each in [*cases, *others]]


def version(stream: str, number: int, hour: int) -> Record:
    """Return what a row looked like at an hour; cases merge into ones of a lower number."""
    common: dict[str, Any] = {"Id": sf_id(stream, number), "SystemModstamp": at(f"{10 + hour}:00")}
    if stream == "Case":
        # Chains of up to four, which are made, re-made and undone.
        into = {2: number - 1, 3: number - 2}.get(hour, 0)
        master = case_id(into) if into > 0 else None
        words = f"words {number} {hour % 2}"
        return case(**common, MasterRecordId=master, IsDeleted=bool(master), Description=words)
    parent = 1 + (number * 3 + hour) % 4
    if stream == "CaseComment":
        return comment(**common, case=parent, CommentBody=f"comment {number}")
    return mail(**common, case=parent, TextBody=f"mail {number}", Incoming=hour % 2 == 0)


def oracle(records: list[Record]) -> dict[str, Any]:
    """Build every payload from the newest version of each row, the simplest way there is."""
    newest: dict[tuple[str, str], Record] = {}
    for record in sorted(records, key=lambda record: record.row["SystemModstamp"]):
        newest[record.stream, record.row["Id"]] = record
    cases = {record.row["Id"]: record for record in newest.values() if record.stream == "Case"}

    def root(key: str) -> str:
        row = cases[key].row if key in cases else {}
        return root(row["MasterRecordId"]) if row.get("MasterRecordId") else key

    payloads = {}
    for key, main in cases.items():
        rest = [
            record
            for record in newest.values()
            if record is not main and root(record.row.get("ParentId") or record.row["Id"]) == key
        ]
        verdict = verdict_on(main, *rest)
        if isinstance(verdict, Ready):
            payloads[key] = verdict.payload
    return payloads


@settings(max_examples=35)
@given(records=orgs(), data=st.data())
def test_any_order_of_arrival_ends_in_the_same_payloads(
    records: list[Record], data: st.DataObject
) -> None:
    """Over any number of runs; and what has not changed is not sent again."""
    order = data.draw(st.permutations(records), label="order")
    cuts = sorted(data.draw(st.lists(st.integers(0, len(order)), max_size=4), label="cuts"))
    listener = listen()
    with Store("sqlite://") as store:
        for start, end in pairwise([0, *cuts, len(order)]):
            run(store, listener, order[start:end])
        posts = len(listener.posts)
        run(store, listener, order)

    assert len(listener.posts) == posts
    for key, payload in oracle(records).items():
        assert without_bookkeeping(listener.cases[key]) == without_bookkeeping(payload)
