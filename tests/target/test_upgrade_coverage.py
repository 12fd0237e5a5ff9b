"""A store from before it was noted what was read: state and store belong together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.target.rows import Record, at, case, case_id, chat, chat_id, comment, deleted, mail
from tests.target.support import payload_of, texts
from tests.target.version_3 import Known, make_store
from tests.target.wholeness.syncs import CASES, CHATS, going_on, reads, sync

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

STORES = pytest.mark.parametrize("server", ["sqlite", "postgresql"])
# Where the first sync after the upgrade begins.
SINCE = at("17:50")


@pytest.fixture
def upgraded(request: pytest.FixtureRequest, server: str) -> TargetRunner:
    """A target whose store is on either server."""
    name = "run_target" if server == "sqlite" else "run_shared"
    runner: TargetRunner = request.getfixturevalue(name)
    return runner


def old_store(runner: TargetRunner, *conversations: Known) -> None:
    """Make the store that a target finds; it had rows of all streams before."""
    others = Known((case(9, Description="before"), mail(9, 9), comment(8, 9)))
    make_store(runner.config["store_url"], others, Known([chat(9)]), *conversations)


def later(record: Record, clock: str = "20:00") -> Record:
    """Return a row that was changed after the upgrade."""
    return record._replace(row=record.row | {"SystemModstamp": at(clock)})


@STORES
def test_what_was_sent_stays_and_what_comes_to_it_goes(
    upgraded: TargetRunner, creovai: CreovaiServer
) -> None:
    """Rows come again because of the lookback: only the case with a new comment travels, whole."""
    thread = (case(1, Description="once"), mail(1), comment(2))
    old_store(upgraded, Known(thread), Known([case(2, Description="other")]), Known([chat(1)]))
    first = upgraded(*sync(case(1, Description="once"), chat(1), **going_on(SINCE)))
    assert (first.exit_code, creovai.posts) == (0, [])

    news = later(comment(3, CommentBody="news"))
    second = upgraded(*sync(news, **going_on(at("17:55"))))
    assert second.exit_code == 0, second.stderr
    assert texts(creovai.cases[case_id(1)]) == ["once", "mail 1", "comment 2", "news"]
    assert len(creovai.posts) == 1


@STORES
def test_what_waited_to_be_sent_goes_with_the_first_sync(
    upgraded: TargetRunner, creovai: CreovaiServer
) -> None:
    """Nothing of it comes again, and nothing of it was missing."""
    thread = (case(1, Description="once"), mail(1))
    old_store(upgraded, Known(thread, "waiting"), Known([chat(1)], "waiting"))
    outcome = upgraded(*sync(**going_on(SINCE)))

    assert outcome.exit_code == 0, outcome.stderr
    assert texts(creovai.cases[case_id(1)]) == ["once", "mail 1"]
    assert list(creovai.chats) == [chat_id(1)]


@STORES
def test_a_lost_answer_from_before_is_looked_up(
    upgraded: TargetRunner, creovai: CreovaiServer
) -> None:
    """What Creovai has gets its receipt; what never arrived is sent."""
    arrived = Known([chat(1)], "pending")
    creovai.store("chat", payload_of(chat(1)))
    old_store(upgraded, arrived, Known([chat(2)], "pending"))
    outcome = upgraded(*sync(**going_on(SINCE)))

    assert outcome.exit_code == 0, outcome.stderr
    assert [creovai.post_count(chat_id(number)) for number in (1, 2)] == [1, 1]


@STORES
def test_what_was_refused_stays_aside_until_it_changes(
    upgraded: TargetRunner, creovai: CreovaiServer
) -> None:
    """The same would be refused again."""
    old_store(upgraded, Known([case(1, Description="once")], "set aside"))
    assert upgraded(*sync(**going_on(SINCE))).exit_code == 0
    assert creovai.posts == []

    changed = later(case(1, Description="mended"))
    assert upgraded(*sync(changed, **going_on(at("17:55")))).exit_code == 0
    assert texts(creovai.cases[case_id(1)]) == ["mended"]


@STORES
def test_rows_that_were_deleted_before_stay_out(
    upgraded: TargetRunner, creovai: CreovaiServer
) -> None:
    """A deleted comment has no say when its case goes again, nor a deleted case."""
    thread = (case(1, Description="once"), deleted(comment(2), "17:00"))
    gone = [deleted(case(3, Description="gone"), "17:00")]
    old_store(upgraded, Known(thread), Known(gone, "waiting"))
    outcome = upgraded(*sync(later(mail(4)), **going_on(SINCE)))

    assert outcome.exit_code == 0, outcome.stderr
    assert texts(creovai.cases[case_id(1)]) == ["once", "mail 4"]
    assert list(creovai.cases) == [case_id(1)]


@STORES
def test_a_store_whose_last_input_broke_off_stays_careful(
    upgraded: TargetRunner, creovai: CreovaiServer
) -> None:
    """Chats alone release none of its cases; a sync that goes on from there does."""
    begun = Known([case(1, Description="once")], "waiting")
    make_store(upgraded.config["store_url"], begun, Known([chat(9)]), broken=True)
    chats = upgraded(*sync(chat(1), **going_on(SINCE, CHATS)))
    assert creovai.cases == {}
    assert chats.exit_code != 0

    rest = {"Case": reads()["Case"] | {"since": SINCE}} | reads(("CaseComment", "EmailMessage"))
    whole = upgraded(*sync(mail(1), entries=rest, start={"Case": SINCE}))
    assert whole.exit_code == 0, whole.stderr
    assert texts(creovai.cases[case_id(1)]) == ["once", "mail 1"]


@STORES
def test_a_stream_that_such_a_store_never_had_counts_as_read_from_its_beginning_only(
    upgraded: TargetRunner, creovai: CreovaiServer
) -> None:
    """Mails that come now for the first time, from some day on, make no older case whole."""
    make_store(upgraded.config["store_url"], Known([case(1, Description="once"), comment(2)]))
    entries = going_on(SINCE, CASES[:2])
    mails = {"EmailMessage": {"since": at("17:00"), "until": at("23:59")}}
    said = {"entries": entries["entries"] | mails, "start": entries["start"]}
    outcome = upgraded(*sync(later(mail(3)), **said))

    assert outcome.exit_code == 3
    assert creovai.cases == {}
