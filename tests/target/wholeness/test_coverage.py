"""Where rows were read from, and up to where: an input vouches only for what it read."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.target.rows import (
    STARTED,
    Record,
    Schema,
    at,
    case,
    case_id,
    chat,
    chat_id,
    comment,
    mail,
    singer,
)
from tests.target.support import texts, wait_until
from tests.target.wholeness.syncs import (
    CASES,
    CHATS,
    END,
    going_on,
    reads,
    state,
    sync,
    unfinished,
)

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

CASE = case(Description="words")
ROWS = (CASE, comment(1), mail(2))
WHOLE = ["words", "mail 2", "comment 1"]
NIGHT = "2024-05-07T06:00:00Z"
OLDER: dict[str, Any] = {"CreatedDate": "2024-01-02T00:00:00Z"}
START = "2024-05-01T00:00:00Z"


def waits_for(run: TargetRunner, key: str) -> str:
    """Return why a conversation waits."""
    outcome, reason = run.ledger()[key]
    assert outcome == "waiting"
    return str(reason)


# Streams


@pytest.mark.parametrize("missing", ["CaseComment", "EmailMessage"])
def test_a_case_needs_all_its_streams(
    run_target: TargetRunner, creovai: CreovaiServer, missing: str
) -> None:
    """One that is not selected may hold half of what was said."""
    streams = [stream for stream in CASES if stream != missing]
    rows = [row for row in ROWS if row.stream != missing]
    outcome = run_target(*sync(*rows, entries=reads(streams)))

    assert outcome.exit_code == 3
    assert creovai.cases == {}
    (line,) = outcome.says("INCOMPLETE")
    assert line.startswith(f"INCOMPLETE 1 case: a part was never read: the stream {missing}")
    assert "select the stream, and give" in outcome.says("TO DO")[0]

    assert run_target(*sync(*ROWS)).exit_code == 0
    assert texts(creovai.cases[case_id()]) == WHOLE


def test_a_stream_that_is_accepted_as_missing_is_not_waited_for(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """An org without Email-to-Case has no mails, whatever its tap knows of that."""
    outcome = run_target(*sync(CASE, entries=reads(CASES[:2])), accept_missing=["EmailMessage"])

    assert outcome.exit_code == 0
    assert list(creovai.cases) == [case_id()]
    assert outcome.says("accepted")


def test_an_object_that_the_org_does_not_have_is_no_missing_stream(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The tap says so."""
    entries = reads(CASES[:2]) | {"EmailMessage": {"since": None, "absent": True}}

    assert run_target(*sync(CASE, comment(1), entries=entries)).exit_code == 0
    assert texts(creovai.cases[case_id()]) == ["words", "comment 1"]


def test_a_stream_that_is_left_out_later_stops_what_changes_from_then_on(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """What was whole before stays delivered; a case that goes on may have new mails."""
    run_target(*sync(*ROWS))
    changed = comment(3, CreatedDate=NIGHT, SystemModstamp=NIGHT)
    later = going_on(at("23:50"), CASES[:2], until="2024-05-07T07:00:00Z")
    outcome = run_target(*sync(changed, **later))

    assert outcome.exit_code == 3
    assert waits_for(run_target, case_id()) == (
        "a part was never read: EmailMessage from 2024-05-06T23:59:00Z on"
    )
    assert texts(creovai.cases[case_id()]) == WHOLE


def test_a_tap_that_says_nothing_has_read_the_streams_that_it_had(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """From the first row to the newest that any stream has shown."""
    no_mails = singer(CASE, comment(1)).replace(b'"EmailMessage"', b'"Account"')
    assert run_target.read(no_mails).exit_code == 3
    assert waits_for(run_target, case_id()) == "a part was never read: the stream EmailMessage"

    assert run_target(*ROWS).exit_code == 0
    assert texts(creovai.cases[case_id()]) == WHOLE
    changed = comment(3, SystemModstamp=NIGHT)
    assert run_target.read(singer(changed).replace(b'"EmailMessage"', b'"Account"')).exit_code == 3


# The beginning


def test_a_case_from_before_the_start_waits_for_its_beginning(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Its newer mails alone are half of it; the command reads just this case, all of it."""
    old = case(1, Description="old", **OLDER)
    young = case(2, Description="young", CreatedDate=at("09:00"))
    outcome = run_target(*sync(old, mail(2), young, entries=reads(since=START)))

    assert outcome.exit_code == 3
    assert list(creovai.cases) == [case_id(2)]
    assert waits_for(run_target, case_id(1)) == f"a part was never read: Case before {START}"
    (command,) = outcome.says("TO DO")
    assert "TAP_SALESFORCE_CHAT_START_DATE=1999-01-01T00:00:00Z" in command
    assert case_id(1) in command
    assert case_id(2) not in command


def test_the_command_that_is_printed_makes_it_right(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """What a filter reads of one case vouches for that case, and for no other."""
    old, other = (case(number, Description=f"old {number}", **OLDER) for number in (1, 2))
    run_target(*sync(old, mail(2), other, mail(3, 2), entries=reads(since=START)))
    said = mail(4, MessageDate=OLDER["CreatedDate"], SystemModstamp=OLDER["CreatedDate"])
    filtered = reads(since="1999-01-01T00:00:00Z", filter="just this case")
    outcome = run_target(*sync(old, mail(2), said, entries=filtered))

    assert outcome.exit_code == 3
    assert list(creovai.cases) == [case_id(1)]
    assert texts(creovai.cases[case_id(1)]) == ["old 1", "mail 4", "mail 2"]

    more = comment(5, SystemModstamp=NIGHT, CreatedDate=NIGHT)
    run_target(*sync(more, **going_on(at("23:50"), until="2024-05-07T07:00:00Z")))
    assert texts(creovai.cases[case_id(1)])[-1] == "comment 5"


@pytest.mark.parametrize("says", [START, None])
def test_a_case_that_the_tap_calls_whole_goes(
    run_target: TargetRunner, creovai: CreovaiServer, says: str | None
) -> None:
    """With `whole_cases` older rows come as well; STATE says so once they are all out."""
    older = mail(3, SystemModstamp=OLDER["CreatedDate"], MessageDate=OLDER["CreatedDate"])
    rows = (case(Description="words", **OLDER), mail(2), older)
    more = {"whole_before": says} if says else {}
    outcome = run_target(*sync(*rows, entries=reads(since=START, **more)))

    assert outcome.exit_code == (0 if says else 3)
    assert list(creovai.cases) == [case_id()] * bool(says)


def test_a_child_whose_case_may_be_older_than_what_was_read_is_named(
    run_target: TargetRunner,
) -> None:
    """It waits for a row that will never come by itself."""
    outcome = run_target(*sync(mail(2), entries=reads(since=START)))

    assert outcome.exit_code == 3
    assert waits_for(run_target, case_id()) == f"a part was never read: Case before {START}"


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param(reads(), id="sharing"),
        pytest.param(reads(since=START, whole_before=START), id="sharing, whole cases"),
        pytest.param(reads(since=START) | reads(["Case"], START, filter="f"), id="filter"),
    ],
)
def test_a_child_whose_case_is_kept_out_is_counted_and_no_failure(
    run_target: TargetRunner, entries: dict[str, Any]
) -> None:
    """`filters` or sharing may keep its case out for good."""
    outcome = run_target(*sync(mail(2), mail(3, 2), entries=entries))

    assert outcome.exit_code == 0
    (line,) = outcome.says("waiting")
    assert line.startswith("waiting    2 cases: its Case row has not arrived")


# What a broken input left open


def broken(*records: Record, **bookmarks: str) -> list[Any]:
    """Return an input whose tap died at the mails; all before them is read to its end."""
    entries = reads()
    done = entries | unfinished({"EmailMessage": entries["EmailMessage"]})
    schemas = [Schema(stream) for stream in entries]
    return [state(unfinished(entries)), *schemas, *records, state(done, bookmarks)]


UNRELATED = [
    pytest.param(lambda: sync(chat(), entries=reads(CHATS)), id="chats alone"),
    pytest.param(
        lambda: sync(entries=reads(since="2023-01-01T00:00:00Z", until="2024-01-01T00:00:00Z")),
        id="a backfill window",
    ),
    pytest.param(lambda: sync(case(2, Description="x"), entries=reads(filter="h")), id="a filter"),
    pytest.param(lambda: sync(entries=reads(CASES[:2])), id="without mails"),
    pytest.param(
        lambda: sync(mail(9, 9), entries=reads() | reads(["EmailMessage"], filter="h")),
        id="some of the mails",
    ),
    pytest.param(lambda: [chat()], id="another tap's chats"),
    pytest.param(list, id="nothing"),
]


@pytest.mark.parametrize("unrelated", UNRELATED)
def test_what_a_broken_input_left_open_is_not_released_by_any_other(
    run_target: TargetRunner, creovai: CreovaiServer, unrelated: Any
) -> None:
    """It ended well, and has not read the mails that are still to come."""
    first = run_target(*broken(CASE, comment(1)))
    assert first.exit_code == 1
    assert first.says("HELD") == ["HELD       1 case: the tap did not finish"]

    assert run_target(*unrelated()).exit_code == 3
    assert case_id(1) not in creovai.cases
    reason = waits_for(run_target, case_id())
    assert reason.startswith("a part was never read: ")
    assert "EmailMessage" in reason


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param(lambda: sync(mail(2), entries=reads(["EmailMessage"])), id="the mails"),
        pytest.param(lambda: sync(*ROWS), id="everything"),
        pytest.param(lambda: list(ROWS), id="another tap's everything"),
        pytest.param(
            lambda: sync(
                mail(2),
                entries=reads(since=at("23:49")) | reads(["EmailMessage"]),
                start={"Case": at("23:59"), "CaseComment": at("23:59")},
            ),
            id="its continuation",
        ),
    ],
)
def test_it_is_released_by_what_reads_on_from_there(
    run_target: TargetRunner, creovai: CreovaiServer, rest: Any
) -> None:
    """Or by what reads everything once more."""
    run_target(*broken(CASE, comment(1)))

    assert run_target(*rest()).exit_code == 0
    assert texts(creovai.cases[case_id()]) == WHOLE


def test_a_bookmark_says_how_far_a_broken_input_has_come(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """What is older than it is whole, by the next run, whatever that one reads."""
    early = case(1, Description="early", SystemModstamp=at("10:30"))
    late = case(2, Description="late")
    run_target(*broken(early, late, EmailMessage=at("11:00")))
    assert creovai.cases == {}

    assert run_target(*sync(chat(), entries=reads(CHATS))).exit_code == 3
    assert list(creovai.cases) == [case_id(1)]
    assert waits_for(run_target, case_id(2)) == (
        f"a part was never read: EmailMessage from {at('11:00')} on"
    )


def test_the_bookmark_that_a_sync_starts_from_is_none_of_its_rows(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A sync that goes on and dies at once has read nothing, though its STATE has bookmarks."""
    entries = reads(since=at("07:00"))
    bookmarks = dict.fromkeys(entries, at("23:00"))
    run_target(state(unfinished(entries), bookmarks), Schema("Case"), CASE)
    run_target()

    assert creovai.cases == {}
    assert waits_for(run_target, case_id()).startswith("a part was never read")


def test_a_case_that_changes_while_it_is_read_waits_for_the_next_run(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The mails are read after the comments: what came between may be missing. No failure."""
    entries = reads(until=at("18:30")) | reads(["EmailMessage"], until=at("20:00"))
    outcome = run_target(*sync(CASE, mail(2, SystemModstamp=at("19:00")), entries=entries))

    assert outcome.exit_code == 0
    assert outcome.says("waiting")[0].startswith("waiting    1 case: it changed while it was read")
    assert creovai.cases == {}

    asked = comment(1, SystemModstamp=at("18:45"))
    assert run_target(*sync(asked, **going_on(at("18:00")))).exit_code == 0
    assert texts(creovai.cases[case_id()]) == WHOLE


def test_a_target_that_was_killed_leaves_its_cases_to_the_next_sync(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Rows are committed before any STATE speaks of them."""
    run_target(*sync(CASE, comment(1)))
    half = [comment(number, SystemModstamp=NIGHT, CreatedDate=NIGHT) for number in range(2, 1002)]
    with run_target.start() as process:
        process.write(singer(STARTED, *half))
        wait_until(lambda: run_target.query("SELECT count(*) FROM creovai_rows")[0][0] > 1000)
        process.popen.kill()
    outcome = run_target()

    assert outcome.exit_code == 3
    assert texts(creovai.cases[case_id()]) == ["words", "comment 1"]
    later = going_on(at("17:50"), until="2024-05-07T07:00:00Z")
    assert run_target(*sync(*half, mail(2, SystemModstamp=NIGHT), **later)).exit_code == 0
    assert len(texts(creovai.cases[case_id()])) == 1003


# The store


def change_store(run: TargetRunner, how: str) -> None:
    """Lose the store, or go back to the copy that was made of it."""
    store = run.folder / "store.db"
    if how == "truncated":
        store.write_bytes(b"")
    else:
        store.unlink()
    for name in ("store.db-wal", "store.db-shm"):
        (run.folder / name).unlink(missing_ok=True)
    if how == "restored":
        (run.folder / "backup.db").rename(store)


def back_up(run: TargetRunner) -> None:
    """Copy the store as SQLite does it."""
    with closing(sqlite3.connect(run.folder / "store.db")) as db:
        db.execute("VACUUM INTO ?", [str(run.folder / "backup.db")])


@pytest.mark.parametrize("how", ["deleted", "truncated", "restored"])
def test_a_store_that_is_behind_the_state_names_what_it_lacks(
    run_target: TargetRunner, creovai: CreovaiServer, how: str
) -> None:
    """Cases that may have rows there wait, chats go, and it is said until it is read."""
    run_target(*sync(chat(1), entries=reads(until=at("06:00"))))
    back_up(run_target)
    run_target(*sync(*ROWS, **going_on(at("05:50"))))
    change_store(run_target, how)
    more = comment(3, SystemModstamp=NIGHT, CreatedDate=NIGHT)
    young = case(2, Description="young", CreatedDate=NIGHT, SystemModstamp=NIGHT)
    later = going_on(at("23:49"), until="2024-05-07T07:00:00Z")
    outcome = run_target(*sync(more, young, chat(2, SystemModstamp=NIGHT), **later))

    assert outcome.exit_code == 3
    assert texts(creovai.cases[case_id(1)]) == WHOLE, "as it was"
    assert list(creovai.cases) == [case_id(1), case_id(2)]
    assert chat_id(2) in creovai.chats
    (line,) = outcome.says("MISSING")
    assert all(stream in line for stream in (*CASES, *CHATS))
    (command,) = outcome.says("TO DO")
    assert "tap-salesforce-chat --config tap.json" in command
    assert (f"START_DATE={at('06:00')}" in command) is (how == "restored")

    idle = run_target(*sync(**going_on(NIGHT, until="2024-05-07T08:00:00Z")))
    assert idle.exit_code == 3
    assert idle.says("MISSING") == [line]

    since = at("06:00") if how == "restored" else None
    again = reads(since=since, until="2024-05-07T09:00:00Z")
    final = run_target(*sync(chat(1), *ROWS, more, young, entries=again))
    assert final.exit_code == 0, final.stderr
    assert final.says("MISSING") == []
    assert texts(creovai.cases[case_id(1)]) == [*WHOLE, "comment 3"]
    assert creovai.duplicate_chats == []


def test_a_first_start_date_is_no_loss(run_target: TargetRunner) -> None:
    """Nobody wants what is older."""
    outcome = run_target(*sync(CASE, entries=reads(since=START, whole_before=START)))

    assert outcome.says("MISSING") == []
    assert outcome.exit_code == 0


def test_another_org_begins_anew(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """What was read of one org says nothing of the rows of another."""
    run_target(*sync(*ROWS))
    other = going_on(at("23:50"), until="2024-05-07T07:00:00Z")
    outcome = run_target(*sync(case(2, Description="x"), org="00D000000000002EAA", **other))

    assert outcome.exit_code == 3
    assert list(creovai.cases) == [case_id(1)]
    assert outcome.says("MISSING")


@pytest.mark.parametrize("named", ["x" * 4_000, "00D\x00", "", "00D00000000000", 18, ["00D"]])
def test_what_is_no_org_is_ignored_with_a_warning(
    run_target: TargetRunner, creovai: CreovaiServer, named: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """Another tap may have anything under that name; PostgreSQL refuses more than 18 characters."""
    outcome = run_target(*sync(*ROWS, org=named))

    assert outcome.exit_code == 0
    assert list(creovai.cases) == [case_id(1)]
    warnings = [line for line in caplog.messages if "is no Id of a Salesforce org" in line]
    assert len(warnings) == 1
    assert "organization_id" in warnings[0]


def test_what_a_changed_filter_left_out_is_named(run_target: TargetRunner) -> None:
    """The bookmark has passed rows that only the new filter wants."""
    run_target(*sync(*ROWS, entries=reads(filter="one")))
    outcome = run_target(*sync(**going_on(at("23:50"), filter="two", until=NIGHT)))

    assert outcome.exit_code == 3
    assert outcome.says("MISSING")


def test_one_case_by_filters_disturbs_nothing(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """What was read without a filter counts for all."""
    run_target(*sync(*ROWS))
    one = going_on(at("23:50"), CASES, filter="one", until=NIGHT)
    outcome = run_target(*sync(comment(3, SystemModstamp=at("23:55")), **one))

    assert outcome.exit_code == 0
    assert len(texts(creovai.cases[case_id()])) == 4


def test_a_filter_that_was_always_there_leaves_out_what_nobody_wants(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Mails that are no case's, by the project's meltano.yml: no case waits for these."""
    mails = reads(["EmailMessage"], filter="ParentId != null")
    run_target(*sync(CASE, entries=reads(CASES[:2])))
    assert creovai.cases == {}

    assert run_target(*sync(mail(2), entries=reads() | mails)).exit_code == 0
    assert texts(creovai.cases[case_id()]) == ["words", "mail 2"]


def test_a_dry_run_says_the_same(run_dry: TargetRunner) -> None:
    """And writes nothing of it."""
    old = case(1, Description="old", **OLDER)
    outcome = run_dry(*sync(old, mail(2), entries=reads(since=START)))

    assert outcome.exit_code == 3
    assert outcome.says("INCOMPLETE")[0].startswith(
        f"INCOMPLETE 1 case: a part was never read: Case before {START}"
    )
    assert case_id(1) in outcome.says("TO DO")[0]
    assert run_dry.payloads("case") == {}


def test_a_whole_sync_reads_up_to_its_end(run_target: TargetRunner) -> None:
    """The store keeps a handful of rows for that, however many runs there are."""
    run_target(*sync(*ROWS))
    ends = [END, *(f"2024-05-07T0{hour}:00:00Z" for hour in range(6))]
    for since, until in pairwise(ends):
        run_target(*sync(**going_on(since, until=until)))

    kept = run_target.query('SELECT DISTINCT begin, "end", part FROM creovai_coverage')
    assert [tuple(row) for row in kept] == [("", "2024-05-07T05:00:00.000000Z", "read")]


def test_what_no_sync_was_ever_to_read_is_no_gap(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The lookback reaches to before the start date, and a window was read from before that."""
    begun = state(reads(since=at("17:59"), until=None), dict.fromkeys(CASES, at("18:00")))
    for part in begun.value["bookmarks"].values():
        part["read_since"] = at("17:59")
    run_target(begun, *(Schema(stream) for stream in (*CASES, *CHATS)))
    run_target(*sync(entries=reads(since=at("09:00"), until=at("10:00"))))
    entries = reads(CASES, since=at("17:50")) | reads(CHATS, since=at("17:59"))
    again = sync(entries=entries, start=dict.fromkeys(CASES, at("18:00")))
    for message in (again[0], again[-1]):
        assert not isinstance(message, Record | Schema)
        for part in message.value["bookmarks"].values():
            part["read_since"] = at("17:59")

    outcome = run_target(*again)
    assert outcome.says("MISSING") == []
    assert (outcome.exit_code, creovai.posts) == (0, [])
