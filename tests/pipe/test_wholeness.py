"""Tap and target together: nothing goes of which a part was not read, and it goes once it was."""

from __future__ import annotations

import json
import subprocess
from datetime import timedelta
from typing import TYPE_CHECKING

from tests.pipe.support import OPENED
from tests.target.support import texts

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.pipe.support import Pipe, SmallOrg
    from tests.project import MeltanoProject

JOB = ("--environment=demo", "run", "tap-salesforce-chat", "target-creovai")


def instant(days: float) -> str:
    """Return a time so many days after the first case was opened."""
    return (OPENED + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


def test_what_was_hidden_goes_by_itself_once_it_is_given_back(
    pipe: Pipe, org: SmallOrg, creovai: CreovaiServer
) -> None:
    """Cases without the text of their mails, and chats without Body; no command is needed."""
    pipe.tap_settings["api_type"] = "BULK2"
    org.org.hide("EmailMessage", "TextBody", "HtmlBody")
    org.org.hide("LiveChatTranscript", "Body")
    hidden = pipe.run()

    assert (hidden.tap, hidden.target) == (0, 3), hidden.target_log
    assert {*creovai.cases, *creovai.chats}.isdisjoint({*org.closed, *org.chats})
    assert "read without EmailMessage.TextBody or HtmlBody" in hidden.target_log
    assert "read without LiveChatTranscript.Body" in hidden.target_log

    org.org.show("EmailMessage", "TextBody", "HtmlBody")
    org.org.show("LiveChatTranscript", "Body")
    shown = pipe.run(state=hidden.state)
    assert (shown.tap, shown.target) == (0, 0), shown.target_log
    assert {*creovai.cases, *creovai.chats} == org.deliverable
    assert creovai.duplicate_chats == []


def test_a_case_that_began_before_the_start_date_arrives_whole(
    pipe: Pipe, org: SmallOrg, creovai: CreovaiServer
) -> None:
    """Its older mails come with it; without `whole_cases` it waits, and is named."""
    whole = pipe.run()
    expected = texts(creovai.cases[org.closed[0]])
    (pipe.folder / "store.db").unlink()
    creovai.cases.clear()
    agent = org.cases.agents[0]
    org.cases.comment(org.closed[0], org.org.now(), agent, "One more word.", published=True)
    assert whole.target == 0
    pipe.tap_settings |= {"start_date": instant(200), "whole_cases": False}
    half = pipe.run()
    assert (half.tap, half.target) == (0, 3), half.target_log
    assert f"Case before {instant(200)}" in half.target_log
    assert creovai.cases == {}

    pipe.tap_settings["whole_cases"] = True
    ended = pipe.run()
    assert (ended.tap, ended.target) == (0, 0), ended.target_log
    assert texts(creovai.cases[org.closed[0]]) == [*expected, "One more word."]


def test_a_lost_store_is_named_and_read_again(
    pipe: Pipe, org: SmallOrg, creovai: CreovaiServer
) -> None:
    """State kept: no half case goes over a whole one, and no chat twice."""
    first = pipe.run()
    (pipe.folder / "store.db").write_bytes(b"")
    agent, key = org.cases.agents[0], org.closed[0]
    org.cases.comment(key, org.org.now(), agent, "One more word.", published=True)
    before = texts(creovai.cases[key])
    lost = pipe.run(state=first.state)

    assert (lost.tap, lost.target) == (0, 3), lost.target_log
    assert "MISSING" in lost.target_log
    assert texts(creovai.cases[key]) == before

    assert pipe.run().target == 0
    assert texts(creovai.cases[key]) == [*before, "One more word."]
    assert creovai.duplicate_chats == []


def test_another_read_does_not_release_what_a_dead_tap_left(
    pipe: Pipe, org: SmallOrg, creovai: CreovaiServer
) -> None:
    """Chats alone end well, and say nothing of the mails that are still to come."""
    catalog = pipe.folder / "catalog.json"
    catalog.write_bytes(subprocess.check_output(pipe.tap_command("--discover")))
    org.org.forbid("EmailMessage")
    broken = pipe.run(options=("--catalog", str(catalog)))
    assert (broken.tap, broken.target) == (1, 1)
    chats = json.loads(catalog.read_text())
    chats["streams"] = [it for it in chats["streams"] if it["stream"] == "LiveChatTranscript"]
    catalog.write_text(json.dumps(chats))
    other = pipe.run(options=("--catalog", str(catalog)))

    assert (other.tap, other.target) == (0, 3), other.target_log
    assert creovai.cases == {}
    assert "the rest of EmailMessage" in other.target_log


def test_meltano_says_which_stream_is_not_selected(
    project: MeltanoProject, org: SmallOrg, creovai: CreovaiServer
) -> None:
    """And is red, until it is."""
    project.settings["TAP_SALESFORCE_CHAT__SELECT_FILTER"] = '["!EmailMessage"]'
    without = project.run(*JOB)

    assert without.returncode != 0
    assert "a part was never read: the stream EmailMessage" in without.stderr
    assert creovai.cases == {}
    assert set(creovai.chats) == org.deliverable - set(org.closed)
