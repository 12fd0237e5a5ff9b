"""`tap | target` without Meltano: what moves, what does not move again, what happens on failure."""

from __future__ import annotations

import json
import subprocess
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.pipe.support import BIN, OPENED

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.fakes.salesforce import SalesforceServer
    from tests.pipe.support import Pipe, SmallOrg

TARGET_JSONL = BIN.parent / "peers" / "bin" / "target-jsonl"


def delivered(creovai: CreovaiServer) -> set[str]:
    """Return the Ids of all conversations that Creovai has."""
    return {*creovai.chats, *creovai.cases}


def test_everything_that_is_due_arrives(pipe: Pipe, org: SmallOrg, creovai: CreovaiServer) -> None:
    """Chats and closed cases leave the org and arrive, the open case waits."""
    ended = pipe.run()

    assert (ended.tap, ended.target) == (0, 0), ended.target_log
    assert delivered(creovai) == org.deliverable
    assert "waiting    1 case: the case is open" in ended.target_log


def test_a_second_run_without_the_state_sends_nothing_either(
    pipe: Pipe, creovai: CreovaiServer
) -> None:
    """A lost state costs reading time; what was delivered is in the ledger."""
    pipe.run()
    posts = len(creovai.posts)

    assert pipe.run().target == 0
    assert len(creovai.posts) == posts


def test_only_what_changed_travels(pipe: Pipe, org: SmallOrg, creovai: CreovaiServer) -> None:
    """A closed case and one with a new comment are sent; a new priority goes as metadata."""
    state = pipe.run().state
    before = len(creovai.posts)
    org.org.update("Case", org.still_open, IsClosed=True, Status="Closed", ClosedDate=OPENED)
    commented, reprioritised = org.closed[:2]
    agent = org.cases.agents[0]
    org.cases.comment(commented, org.org.now(), agent, "All done now.", published=True)
    org.org.update("Case", reprioritised, Priority="Critical")

    ended = pipe.run(state=state)

    assert ended.target == 0, ended.target_log
    posted = {
        (post.path, post.payload.get("sessionId") or post.payload.get("caseReferenceId"))
        for post in creovai.posts[before:]
    }
    assert posted == {
        ("/capture/v2/case", org.still_open),
        ("/capture/v2/case", commented),
        ("/capture/v2/outofband/case", reprioritised),
    }
    assert creovai.metadata(reprioritised)["Priority"] == "Critical"


def test_cases_are_held_when_the_tap_dies_half_way(
    pipe: Pipe, org: SmallOrg, salesforce: SalesforceServer, creovai: CreovaiServer
) -> None:
    """Without its mails a case would arrive as half a conversation."""
    catalog = pipe.folder / "catalog.json"
    catalog.write_bytes(subprocess.check_output(pipe.tap_command("--discover")))
    org.org.forbid("EmailMessage")

    broken = pipe.run(options=("--catalog", str(catalog)))

    assert broken.tap == 1
    assert broken.target == 1
    assert not creovai.cases
    assert "HELD" in broken.target_log
    org.org.permit("EmailMessage")
    mended = pipe.run(state=broken.state)
    assert (mended.tap, mended.target) == (0, 0), mended.target_log
    assert delivered(creovai) == org.deliverable


def test_one_refused_conversation_does_not_keep_the_others_back(
    pipe: Pipe, org: SmallOrg, creovai: CreovaiServer
) -> None:
    """One bad record costs one record; exit code and last lines say so."""
    creovai.refuse(org.chats[2], status=400)

    ended = pipe.run()

    assert ended.target == 3
    assert delivered(creovai) == org.deliverable - {org.chats[2]}
    last_lines = ended.target_log.splitlines()[-3:]
    assert any(f"SET ASIDE  chat {org.chats[2]}: HTTP 400" in line for line in last_lines)
    assert any(" | WARNING  | target-creovai " in line and "| TO DO" in line for line in last_lines)
    assert ended.state["bookmarks"], "rows are stored, so STATE is out all the same"


def test_rows_from_another_tap_are_assembled_and_delivered(
    pipe: Pipe, org: SmallOrg, creovai: CreovaiServer
) -> None:
    """Same streams and fields, Salesforce's own date-times, no parents, no word at the end.

    But who wrote a comment must be read.
    """
    lines = subprocess.check_output(pipe.tap_command()).splitlines()
    foreign = [json.dumps(message) for line in lines if (message := _foreign(json.loads(line)))]

    target = subprocess.run(
        pipe.target_command(), input="\n".join(foreign), text=True, capture_output=True, check=False
    )

    assert target.returncode == 0, target.stderr
    assert delivered(creovai) == org.deliverable
    assert creovai.chats[org.chats[0]]["utcStart"] == OPENED.strftime("%Y-%m-%dT%H:%M:%SZ")


def _foreign(message: dict[str, Any]) -> dict[str, Any] | None:
    """What a tap that knows neither parents nor canonical times would have written."""
    if message["type"] == "STATE":
        bookmarks = message["value"].get("bookmarks")
        return {"type": "STATE", "value": {"bookmarks": bookmarks}} if bookmarks else None
    if message["type"] == "SCHEMA":
        schema = {"type": "object", "properties": {"Id": {"type": "string"}}}
        return message | {"schema": schema, "bookmark_properties": []}
    record = {
        name: _as_salesforce_writes_it(value)
        for name, value in message["record"].items()
        if not isinstance(value, dict)
    }
    if message["stream"] == "CaseComment":
        record["CreatedBy"] = {"UserType": message["record"]["CreatedBy"]["UserType"]}
    return message | {"record": record}


def _as_salesforce_writes_it(value: Any) -> Any:
    try:
        moment = datetime.fromisoformat(value) if value[10:11] == "T" else None
    except (TypeError, ValueError):
        return value
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000+0000") if moment else value


def test_the_tap_writes_into_another_target(pipe: Pipe, org: SmallOrg) -> None:
    """A target that nobody here wrote takes every row as it is."""
    if not TARGET_JSONL.exists():
        pytest.skip("target-jsonl is not installed: `make test` does that")
    config = pipe.folder / "jsonl.json"
    config.write_text(
        json.dumps({"destination_path": str(pipe.folder), "do_timestamp_file": False})
    )
    rows = subprocess.check_output(pipe.tap_command())

    subprocess.run(
        [str(TARGET_JSONL), "--config", str(config)], input=rows, check=True, capture_output=True
    )

    for stream in ("Case", "CaseComment", "EmailMessage", "LiveChatTranscript"):
        written = Path(pipe.folder, f"{stream}.jsonl").read_text(encoding="utf-8").splitlines()
        ids = [json.loads(line)["Id"] for line in written]
        assert sorted(ids) == sorted(row["Id"] for row in org.org.rows(stream))
