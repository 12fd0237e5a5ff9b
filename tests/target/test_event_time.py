"""Metadata that follows: of two changes the later one wins, whatever Salesforce dates them."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from target_creovai.model.timestamps import utc
from target_creovai.payload.payload import event_after
from tests.fakes.creovai import CreovaiServer, Fault
from tests.target.rows import at, case, case_id, chat, chat_id
from tests.target.support import NOW

if TYPE_CHECKING:
    from tests.target.support import TargetRunner


def event_times(creovai: CreovaiServer) -> list[str]:
    """Return the event times in order of arrival."""
    return [post.payload["eventTime"] for post in creovai.outofband]


def test_a_change_without_a_new_modstamp_gets_a_later_event_time(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Formula fields and those of parents change while the record rests."""
    run_target(chat(Formula__c=1))
    for value in (2, 3, 4):
        run_target(chat(Formula__c=value))
        assert creovai.metadata(chat_id())["Formula__c"] == value

    assert event_times(creovai) == [at("10:06"), at("10:06:01"), at("10:06:02")]


def test_the_records_own_time_counts_again_once_it_is_later(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """What others append is dated by their clocks: ours must not run ahead."""
    run_target(case(Description="words", Formula__c=1))
    run_target(case(Description="words", Formula__c=2))
    run_target(case(Description="words", Formula__c=3))
    run_target(case(Description="words", Formula__c=4, SystemModstamp=at("20:00")))

    assert event_times(creovai)[-1] == at("20:00")
    assert creovai.metadata(case_id())["Formula__c"] == 4


def test_an_event_time_is_used_up_even_where_its_answer_was_lost(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Creovai may have that value under that time; the next value needs another one."""
    run_target(chat(Formula__c=1))
    creovai.faults.add(Fault("500_after", path="/capture/v2/outofband", times=6))
    run_target(chat(Formula__c=2))
    run_target(chat(Formula__c=3))

    values = [post.payload["metadata"]["Formula__c"] for post in creovai.outofband]
    told = dict(zip(values, event_times(creovai), strict=True))
    assert values[-1] == 3
    assert told[2] < told[3]
    assert creovai.metadata(chat_id())["Formula__c"] == 3


@given(st.lists(st.integers(0, 5_000_000), min_size=1))
def test_event_times_only_ever_grow(microseconds: list[int]) -> None:
    """However the record's own time jumps."""
    last, seen = None, []
    for number in microseconds:
        when = event_after(last, NOW + timedelta(microseconds=number))
        seen.append(when)
        last = utc(when)

    assert all(earlier < later for earlier, later in pairwise(seen))
