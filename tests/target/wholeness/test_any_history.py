"""Whatever happens to inputs, fields and stores: a case is whole as of some moment, or named."""

from __future__ import annotations

import shutil
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.target.rows import Record, case_id
from tests.target.support import TargetRunner, texts
from tests.target.wholeness.syncs import CASES
from tests.target.wholeness.worlds import Plan, Tap, World

if TYPE_CHECKING:
    from tests.target.support import Outcome

GROW = ("open_case", "say", "say", "touch")
events = st.lists(st.tuples(st.sampled_from(GROW), st.integers(0, 5)), max_size=4)
ways_to_run = st.fixed_dictionaries(
    {
        "streams": st.sampled_from([CASES, CASES, CASES, CASES[:2], CASES[1:], ("EmailMessage",)]),
        "hidden": st.booleans(),
        "dies_after": st.one_of(st.none(), st.integers(0, 8)),
        "meanwhile": events,
    }
)
SYNC: dict[str, Any] = {}
any_step = st.one_of(
    events, ways_to_run, st.sampled_from(["back up", "restore", "delete", "lose the state"])
)


def in_order(*parts: Any) -> st.SearchStrategy[list[Any]]:
    """Return what happens one after the other; events may come between any two."""
    drawn = [part if isinstance(part, st.SearchStrategy) else st.just(part) for part in parts]
    return st.tuples(*(each for part in drawn for each in (part, events))).map(list)


steps = st.one_of(
    st.lists(any_step, max_size=5),
    in_order(SYNC, "back up", SYNC, st.sampled_from(["restore", "delete"]), SYNC),
    in_order(SYNC, ways_to_run, st.fixed_dictionaries({"streams": st.just(("EmailMessage",))})),
)


class Life:
    """A store and a state through everything that befalls them."""

    def __init__(self, folder: Path, *, start: int | None, whole_cases: bool) -> None:
        self.world = World()
        self.run_target = TargetRunner(folder)
        self._folder = folder
        self._start, self._whole_cases = start, whole_cases
        self._state: dict[str, Any] = {}
        self.brought: set[str] = set()  # the Ids of all rows of the latest sync

    def step(self, step: Any) -> None:
        """Let something happen."""
        if isinstance(step, list):
            grow(self.world, step)
        elif isinstance(step, dict):
            self.sync(**step)
        else:
            self._befall(step)

    def sync(self, *, meanwhile: Any = (), **how: Any) -> Outcome:
        """Run tap and target; what is made then is whole, whatever came before."""
        plan = Plan(
            start=self._start,
            whole_cases=self._whole_cases,
            meanwhile=lambda world: grow(world, meanwhile),
            **how,
        )
        messages = Tap(self.world, plan, self._state).messages()
        self.brought = {it.row["Id"] for it in messages if isinstance(it, Record)}
        outcome = self.run_target(*messages)
        self._state = outcome.states[-1] if outcome.states else self._state
        for number in range(1, self.world.cases + 1):
            if said := self.said(number):
                assert said in self.world.history(number), (number, said)
        return outcome

    def said(self, number: int) -> tuple[str, ...] | None:
        """Return what would be sent of a case now."""
        payload = self.run_target.payloads("case").get(case_id(number))
        return tuple(texts(payload)) if payload else None

    def _befall(self, what: str) -> None:
        store, backup = self._folder / "store.db", self._folder / "backup.db"
        if what == "back up" and store.exists():
            shutil.copy(store, backup)
        elif what == "delete" or (what == "restore" and backup.exists()):
            store.unlink(missing_ok=True)
            if what == "restore":
                shutil.copy(backup, store)
        elif what == "lose the state":
            self._state = {}


def grow(world: World, happens: Any) -> None:
    """Let these things happen in an org."""
    for what, number in happens:
        getattr(world, what)(number)


LOOKED_BACK = {
    "start": 18,
    "whole_cases": True,
    "happens": [
        [{}, {"streams": CASES}, [("open_case", 0)] * 2, {"streams": ("EmailMessage",)}],
        [[("open_case", 0)] * 3, {}, "back up", {}, "restore", {}],
    ],
}


@settings(max_examples=15)
@example(**LOOKED_BACK)
@given(
    start=st.one_of(st.none(), st.integers(10, 20)),
    whole_cases=st.booleans(),
    happens=st.lists(steps, max_size=3),
)
def test_what_would_be_sent_was_a_whole_case_at_some_moment(
    start: int | None, happens: list[Any], *, whole_cases: bool
) -> None:
    """After each run; and after a good one what is not there is named, until all is read again."""
    with TemporaryDirectory() as folder:
        life = Life(Path(folder), start=start, whole_cases=whole_cases)
        grow(life.world, [("open_case", 0), ("say", 0), ("say", 1)])
        for step in chain.from_iterable(happens):
            life.step(step)
        good = life.sync(streams=CASES)
        assert_named(life, good)

        life.step("lose the state")
        final = life.sync(streams=CASES)
        assert final.says("MISSING") == []
        if start is None:
            assert final.exit_code == 0, final.stderr
        if whole_cases:
            # An older case that the store knows, and nothing touched since, is not read again.
            waits = {case_id(n) for n in range(1, life.world.cases + 1) if life.said(n) is None}
            assert waits.isdisjoint(life.brought), final.stderr
        assert_named(life, final)


def assert_named(life: Life, outcome: Outcome) -> None:
    """A case that is here is as it is in the org now, or the run says why it is not."""
    unnamed = {
        number
        for number in range(1, life.world.cases + 1)
        if life.said(number) is not None
        and life.said(number) != max(life.world.history(number), key=len)
    }
    assert not unnamed, "an old version goes"
    known = {row.id for row in life.run_target.query("SELECT id FROM creovai_conversations")}
    missing = [n for n in range(1, life.world.cases + 1) if life.said(n) is None]
    here = [number for number in missing if case_id(number) in known]
    assert (outcome.exit_code == 3) >= bool(here)
