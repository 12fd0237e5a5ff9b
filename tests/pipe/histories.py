"""An org that lives, tap and target that read it in this process, and all that befalls them."""

from __future__ import annotations

import shutil
from collections import defaultdict
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tests.fakes.creovai.faults import Fault
from tests.fakes.salesforce import SalesforceOrg
from tests.fakes.salesforce.matching import is_page
from tests.tap.support import catalog_of, run_tap, settings
from tests.target.rows import transcript
from tests.target.support import KILLED, TargetRunner, lines_until_killed, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import time_machine

    from tests.fakes.creovai import CreovaiServer
    from tests.fakes.salesforce import SalesforceServer
    from tests.tap.support import Run
    from tests.target.support import Outcome

STREAMS = ("Case", "CaseComment", "EmailMessage", "LiveChatTranscript")
CHILDREN = ("CaseComment", "EmailMessage")
LOOKBACK_SECONDS = 60
DRAFT = "5"

Change = tuple[str, int, int]
"""What happens, to which one, and how many seconds after what was before."""


class LivingOrg:
    """Cases and chats that grow, and what each case has ever been, as what was said in it."""

    def __init__(self, clock: time_machine.Traveller) -> None:
        self.org = SalesforceOrg()
        self.org.now = lambda: datetime.now(UTC)
        self._clock = clock
        self._words = 0
        self.history: dict[str, list[tuple[str, ...]]] = defaultdict(list)
        self.lost_words: set[str] = set()
        self.changed: set[str] = set()

    def change(self, what: str, number: int, seconds: int) -> None:
        """Do something to one of the cases or chats, or make one."""
        self._clock.shift(timedelta(seconds=seconds))
        getattr(self, f"_{what}")(number)
        for case in self._cases():
            if (said := self.said_in(case)) not in self.history[case][-1:]:
                self.history[case].append(said)

    # What there is

    def said_in(self, case: str) -> tuple[str, ...]:
        """Return what was said in a case, as a whole one has it, in the order of the alphabet."""
        rows = [row for stream in CHILDREN for row in self._of(stream, case)]
        texts = [row.get("CommentBody") or row.get("TextBody") for row in rows if _is_said(row)]
        return tuple(sorted([self.org.get("Case", case)["Description"], *texts]))

    def closed_cases(self, since: datetime | None) -> Iterator[str]:
        """Yield the closed cases that have anything from an instant on."""
        for case in self._cases():
            rows = [self.org.get("Case", case), *(r for s in CHILDREN for r in self._of(s, case))]
            if rows[0]["IsClosed"] and any(_is_since(row, since) for row in rows):
                yield case

    def ended_chats(self, since: datetime | None) -> Iterator[str]:
        """Yield the chats that have ended and changed from an instant on."""
        for row in self.org.rows("LiveChatTranscript"):
            if row["Status"] == "Completed" and _is_since(row, since):
                yield row["Id"]

    def _cases(self) -> list[str]:
        return [row["Id"] for row in self.org.rows("Case")]

    def _of(self, stream: str, case: str) -> list[dict[str, Any]]:
        return [row for row in self.org.rows(stream) if row["ParentId"] == case]

    # What happens

    def _case(self, _: int) -> None:
        self._new_case(closed=True)

    def _open_case(self, _: int) -> None:
        self._new_case(closed=False)

    def _close(self, number: int) -> None:
        self._touch(number, IsClosed=True, Status="Closed")

    def _touch(self, number: int, **values: Any) -> None:
        self.org.update("Case", self._case_of(number), **values)

    def _mail(self, number: int, **values: Any) -> None:
        mail = {"TextBody": self._word(), "Incoming": True, "Status": "1", **values}
        self.org.add("EmailMessage", ParentId=self._case_of(number), **mail)

    def _draft(self, number: int) -> None:
        self._mail(number, Incoming=False, Status=DRAFT)

    def _send(self, number: int) -> None:
        for row in self._of("EmailMessage", self._case_of(number)):
            if row["Status"] == DRAFT:
                self.org.update("EmailMessage", row["Id"], Status="3")

    def _comment(self, number: int, **values: Any) -> None:
        comment = {"CommentBody": self._word(), "IsPublished": True, **values}
        self.org.add("CaseComment", ParentId=self._case_of(number), **comment)

    def _note(self, number: int) -> None:
        self._comment(number, IsPublished=False)

    def _late(self, number: int) -> None:
        """A comment that is committed after rows that are newer."""
        then = datetime.now(UTC) - timedelta(seconds=20)
        self._comment(number, CreatedDate=then, SystemModstamp=then)

    def _delete(self, number: int) -> None:
        case = self._case_of(number)
        for stream in CHILDREN:
            for row in self._of(stream, case)[:1]:
                self.org.delete(stream, row["Id"])
                self.lost_words.add(case)

    def _chat(self, _: int, status: str = "Completed") -> None:
        now = datetime.now(UTC)
        body = transcript("( 7s ) Nora V: Good day", f"( 31s ) Ada Quill: {self._word()}")
        self.org.add(
            "LiveChatTranscript",
            Body=body,
            Status=status,
            StartTime=now - timedelta(minutes=5),
            EndTime=now,
        )

    def _start_chat(self, number: int) -> None:
        self._chat(number, "InProgress")

    def _end_chats(self, _: int) -> None:
        for row in self.org.rows("LiveChatTranscript"):
            if row["Status"] != "Completed":
                self.org.update("LiveChatTranscript", row["Id"], Status="Completed")

    def _new_case(self, *, closed: bool) -> str:
        status = "Closed" if closed else "Working"
        values = {"Description": self._word(), "Status": status, "IsClosed": closed}
        return self.org.add("Case", Origin="Web", **values)

    def _case_of(self, number: int) -> str:
        cases = self._cases() or [self._new_case(closed=True)]
        self.changed.add(case := cases[number % len(cases)])
        return case

    def _word(self) -> str:
        self._words += 1
        return f"word {self._words:04}"


def _is_said(row: dict[str, Any]) -> bool:
    return not row["IsDeleted"] and row.get("Status") != DRAFT and row.get("IsPublished", True)


def _is_since(row: dict[str, Any], since: datetime | None) -> bool:
    return since is None or datetime.fromisoformat(row["SystemModstamp"]) >= since


@dataclass(frozen=True, slots=True)
class Plan:
    """How a run goes.

    `only` is a part that is read beside the job, with a state of its own that nobody keeps: a
    window, or one case by filters. The tap is killed before it has written so many lines, the
    target before it has read so many. `meanwhile` happens behind a page of the tap's.
    """

    api: str = "REST"
    streams: Sequence[str] = STREAMS
    hidden: Sequence[str] = ()
    old_catalog: bool = False
    only: str | None = None
    tap_dies: int | None = None
    target_dies: int | None = None
    fault: tuple[str, int] | None = None
    meanwhile: Sequence[Change] = ()
    page: int = 0

    @property
    def is_whole_job(self) -> bool:
        """Whether all there is was to be read."""
        cut = (self.tap_dies, self.target_dies, self.only)
        return len(self.streams) == len(STREAMS) and cut == (None, None, None)


class Life:
    """A job with its store and its state, run after run; each run is checked."""

    def __init__(
        self,
        folder: Path,
        world: LivingOrg,
        servers: tuple[SalesforceServer, CreovaiServer],
        *,
        start: datetime | None,
        whole_cases: bool,
    ) -> None:
        self.world = world
        self.start = start
        self._whole_cases = whole_cases
        self._salesforce, self.creovai = servers
        self._store, self._backup = folder / "store.db", folder / "backup.db"
        self._state: dict[str, Any] = {}
        self._state_then: dict[str, Any] = {}
        self._catalog = catalog_of(self._salesforce, *STREAMS)
        self.run_target = TargetRunner(
            folder,
            api_url=self.creovai.url,
            api_user=self.creovai.api_user,
            api_password=self.creovai.api_password,
            max_workers=2,
            doubt_minutes=0,
        )
        self.can_go_on = start is None or whole_cases

    # What befalls it

    def back_up(self) -> None:
        """Keep copies of store and state."""
        if self._store.exists():
            shutil.copy(self._store, self._backup)
            self._state_then = deepcopy(self._state)

    def restore_store(self) -> None:
        """Take the older store, and leave the state."""
        if self._backup.exists():
            shutil.copy(self._backup, self._store)
            self.can_go_on = False

    def restore_state(self) -> None:
        """Take the older state, and leave the store."""
        self._state = deepcopy(self._state_then)

    def restore_both(self) -> None:
        """Go back to the backup."""
        if self._backup.exists():
            shutil.copy(self._backup, self._store)
            self._state = deepcopy(self._state_then)

    def delete_store(self) -> None:
        """Lose the file."""
        self._store.unlink(missing_ok=True)
        self.can_go_on = False

    def truncate_store(self) -> None:
        """Lose what is in the file."""
        self._store.write_bytes(b"")
        self.can_go_on = False

    def lose_state(self) -> None:
        """Start from nothing next time."""
        self._state = {}

    # A run

    def run(self, plan: Plan) -> Outcome:
        """Run tap and target, and insist that nothing is at Creovai that was never whole."""
        before = {case: texts(payload) for case, payload in self.creovai.cases.items()}
        self.world.changed.clear()
        tap = self._read(plan)
        assert tap.error is None, tap.error
        if plan.fault:
            kind, after = plan.fault
            # Once, or until the run gives up.
            self.creovai.faults.add(Fault(kind, after=after, times=1 if after % 2 else 1000))
        lines = tap.lines[: plan.tap_dies]
        outcome = self.run_target.listen(lines_until_killed(lines, plan.target_dies))
        self.creovai.faults.clear()
        if outcome.states and plan.only is None:
            self._state = outcome.states[-1]
        self._check_what_is_there(before)
        if plan.is_whole_job:
            self._check_what_is_not_there(outcome)
        return outcome

    def _read(self, plan: Plan) -> Run:
        for field in plan.hidden:
            self.world.org.hide(*field.split("."))
        catalog = self._catalog_for(plan)
        wishes: dict[str, Any] = {
            "api_type": plan.api,
            "lookback_seconds": LOOKBACK_SECONDS,
            "whole_cases": self._whole_cases,
            "max_workers": 1,
        }
        if self.start:
            wishes["start_date"] = self.start.isoformat()
        wishes |= self._part(plan.only)

        def change_meanwhile() -> None:
            for change in plan.meanwhile:
                self.world.change(*change)

        self._salesforce.interceptors.add(is_page, after=change_meanwhile, skip=plan.page, times=1)
        try:
            state = deepcopy(self._state) if plan.only is None else None
            return run_tap(settings(self._salesforce, **wishes), catalog, state)
        finally:
            self._salesforce.interceptors.clear()
            for field in plan.hidden:
                self.world.org.show(*field.split("."))

    def _catalog_for(self, plan: Plan) -> dict[str, Any]:
        if plan.old_catalog and len(plan.streams) == len(STREAMS):
            return deepcopy(self._catalog)
        return catalog_of(self._salesforce, *plan.streams)

    def _part(self, only: str | None) -> dict[str, Any]:
        now = datetime.now(UTC)
        if only == "window":
            window = (now - timedelta(hours=3), now - timedelta(hours=1))
            return {"start_date": window[0].isoformat(), "end_date": window[1].isoformat()}
        cases = [row["Id"] for row in self.world.org.rows("Case")][:1]
        if only is None or not cases:
            return {}
        child = f"ParentId = '{cases[0]}'"
        nothing = {"LiveChatTranscript": "Id = null"}
        filters = {"Case": f"Id = '{cases[0]}'", "CaseComment": child, "EmailMessage": child}
        return {"filters": filters | nothing, "start_date": "1999-01-01T00:00:00Z"}

    # What must be

    def _check_what_is_there(self, before: dict[str, list[str]]) -> None:
        assert self.creovai.duplicate_chats == []
        for case, payload in self.creovai.cases.items():
            said = tuple(sorted(texts(payload)))
            assert said in self.world.history[case], f"{case} is half: {said}"
            if case not in self.world.lost_words:
                assert len(said) >= len(before.get(case, ())), f"{case} has less than before"

    def _check_what_is_not_there(self, outcome: Outcome) -> None:
        """What is finished and not there, as it is now, is named."""
        missing = set(self.missing())
        if not missing or outcome.exit_code == KILLED:
            return
        assert outcome.exit_code != 0, f"{missing} is not there, and nobody says so"

    def missing(self) -> Iterator[str]:
        """Yield the Ids of what should be at Creovai and is not, or not as it is now."""
        for case in self.world.closed_cases(self.start):
            payload = self.creovai.cases.get(case)
            now = payload and tuple(sorted(texts(payload))) == self.world.said_in(case)
            if not now and case not in self.world.changed:
                yield case
        for chat in self.world.ended_chats(self.start):
            if chat not in self.creovai.chats:
                yield chat

    def settle(self) -> None:
        """All is given back: the job goes on by itself, or a full refresh makes it right."""
        if self.can_go_on:
            outcome = self.run(Plan())
            assert (outcome.exit_code, list(self.missing())) == (0, []), outcome.stderr
        self.lose_state()
        self.start = None
        outcome = self.run(Plan())
        assert (outcome.exit_code, list(self.missing())) == (0, []), outcome.stderr
        assert outcome.says("MISSING") == []
