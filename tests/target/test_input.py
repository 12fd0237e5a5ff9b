"""What comes in: rows that can be used are stored, and what cannot is named."""

from __future__ import annotations

import importlib
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

from target_creovai.errors import InputError, InstallationError
from tests.target.rows import Record, State, at, case, case_id, chat, chat_id, comment, singer

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        pytest.param({"Id": None}, "a LiveChatTranscript row has no Id", id="null-id"),
        pytest.param({"Id": ""}, "a LiveChatTranscript row has no Id", id="empty-id"),
        pytest.param({"Id": 7}, "a LiveChatTranscript row has no Id", id="number-as-id"),
        pytest.param({"Id": "../../etc"}, "a LiveChatTranscript row has no Id", id="path-as-id"),
        pytest.param({"Id": "\ud800"}, "a LiveChatTranscript row has no Id", id="broken-id"),
        pytest.param({"Id": "5" * 99}, "a LiveChatTranscript row has no Id", id="endless-id"),
        pytest.param({"SystemModstamp": "9999-01-01T00:00:00Z"}, chat_id(1), id="year-9999"),
        pytest.param({"SystemModstamp": "soon"}, chat_id(1), id="no-date"),
        pytest.param({"SystemModstamp": 17}, chat_id(1), id="number-as-date"),
    ],
)
def test_an_unusable_row_costs_that_row(
    run_target: TargetRunner, creovai: CreovaiServer, fields: dict[str, Any], says: str
) -> None:
    """All other rows are delivered, the bad one is named, and the exit code is 3."""
    outcome = run_target(chat(1, **fields), chat(2), State({"n": 1}))

    assert outcome.exit_code == 3
    assert list(creovai.chats) == [chat_id(2)]
    assert outcome.states == [{"n": 1}]
    (line,) = outcome.says("UNUSABLE")
    assert says in line
    assert outcome.lines[-1].startswith("TO DO      unusable")


def test_a_row_of_the_far_future_never_gets_in(run_target: TargetRunner) -> None:
    """Nothing could replace it any more; the sane version that follows does get in."""
    run_target(case(SystemModstamp="9999-12-31T00:00:00Z"))
    outcome = run_target(case(Description="now"))

    assert outcome.says("sent") == ["sent       1 case"]


@pytest.mark.parametrize("value", [10**30, -1.5, 1e308, True, "x\ud800y", "\u0000", "a" * 100_000])
def test_any_json_value_may_stand_in_a_custom_field(
    run_target: TargetRunner, creovai: CreovaiServer, value: Any
) -> None:
    """A field that nobody foresaw costs nothing, not even its own value."""
    outcome = run_target(chat(Custom__c=value))

    assert outcome.exit_code == 0
    expected = value.replace("\ud800", "\ufffd") if isinstance(value, str) else value
    assert creovai.metadata(chat_id())["Custom__c"] == expected


def test_an_unforeseen_row_costs_its_conversation(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Fields of the wrong type keep no other conversation back."""
    odd = {"Body": 5, "Owner": "Nora", "Contact": ["Ada"], "CaseId": 7, "StartTime": {}}
    run_target(chat(1, **odd), chat(2), case(1, Contact=5, Origin=3, Description=["x"]), case(2))

    assert list(creovai.chats) == [chat_id(2)]


def test_an_unforeseen_error_sets_one_conversation_aside(
    run_target: TargetRunner, creovai: CreovaiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fault of ours is named by type and place, without the text that it stumbled over."""

    def stumble(row: dict[str, Any]) -> str:
        if row["Id"] == chat_id(1):
            raise KeyError(row["Body"])
        return "completed"

    monkeypatch.setattr("target_creovai.kinds.chat._status", stumble)
    outcome = run_target(chat(1), chat(2))

    assert outcome.exit_code == 3
    assert list(creovai.chats) == [chat_id(2)]
    (line,) = outcome.says("SET ASIDE")
    assert f"chat {chat_id(1)}: an unforeseen KeyError at test_input.py:" in line
    assert "question" not in outcome.stderr


def test_a_program_that_is_replaced_during_a_run_sets_nothing_aside(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Modules are imported late: no conversation is at fault where one is gone."""

    def lose(_: dict[str, Any]) -> str:
        importlib.import_module("target_creovai.gone")
        return "completed"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("target_creovai.kinds.chat._status", lose)
        with pytest.raises(InstallationError, match=r"target_creovai\.gone cannot be imported"):
            run_target(chat(1))

    assert run_target().exit_code == 0
    assert list(creovai.chats) == [chat_id(1)]


def test_unknown_streams_are_counted_and_named_once(
    run_target: TargetRunner, caplog: pytest.LogCaptureFixture
) -> None:
    """A tap that reads more than we need is no error."""
    account = [Record("Account", {"Id": f"001{n}", "Name": "x"}) for n in range(3)]
    with caplog.at_level(logging.WARNING):
        outcome = run_target(*account, chat())

    assert outcome.exit_code == 0
    assert outcome.says("ignored") == [
        "ignored    Account: 3 rows of a stream that makes no conversation"
    ]
    assert len([record for record in caplog.records if "Account" in record.getMessage()]) == 1


@pytest.mark.parametrize(
    "line",
    [
        b"not json at all\n",
        b'{"type": "NOSUCH"}\n',
        b'{"stream": "Case"}\n',
        b"17\n",
        b'{"type": ["RECORD"]}\n',
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
    ],
    ids=["text", "type", "no-type", "number", "list-type", "bytes", "deep"],
)
def test_a_line_that_is_no_message_stops_the_run(run_target: TargetRunner, line: bytes) -> None:
    """Half-understood input is worse than none; the line's number says where to look."""
    with pytest.raises(InputError, match=r"Line 5 of the input is not a Singer message"):
        run_target.read(singer(case()) + line + singer(comment()))


def test_a_record_that_lacks_a_key_is_not_quoted(run_target: TargetRunner) -> None:
    """The SDK's own error would print the whole line."""
    line = json.dumps({"type": "RECORD", "record": {"Body": "secret words"}}).encode() + b"\n"

    with pytest.raises(InputError, match=r"A RECORD of the input lacks stream\.") as caught:
        run_target.read(line)
    assert "secret" not in str(caught.value)


def test_a_lone_surrogate_does_not_stop_the_input(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """JavaScript writes half pairs; UTF-8 cannot carry them."""
    run_target(comment(CommentBody="a\ud83db"), case())

    assert creovai.cases[case_id()]["messages"][0]["content"] == "a\ufffdb"


def test_a_tap_without_modstamps_is_taken_in_its_order(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Where no row says when it changed, the one that comes later is newer."""
    first, second = (
        case(SystemModstamp=None, LastModifiedDate=None, Description=text)
        for text in ("first", "second")
    )
    run_target(first, second)

    assert creovai.cases[case_id()]["messages"][0]["content"] == "second"


def test_last_modified_date_stands_in_for_system_modstamp(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Taps that do not select SystemModstamp usually have this."""
    late, early = (
        case(SystemModstamp=None, LastModifiedDate=at(hour), Description=hour)
        for hour in ("18:30", "18:00")
    )
    run_target(late, early)

    assert creovai.cases[case_id()]["messages"][0]["content"] == "18:30"
