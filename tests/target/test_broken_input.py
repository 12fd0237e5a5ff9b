"""What comes from outside may be anything: a sentence says what, where and what to do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from target_creovai.errors import InputError
from target_creovai.input.messages import SHAPES
from tests.target.rows import (
    COMPLETED,
    STARTED,
    State,
    case,
    case_id,
    chat,
    chat_id,
    schema,
    singer,
)
from tests.target.support import LAUNCH, Outcome

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner


def line(**message: Any) -> bytes:
    """Return one line of Singer's."""
    return json.dumps(message).encode() + b"\n"


BROKEN = {
    "text": (b"canary\n", "Line 4 of the input is not a Singer message."),
    "unknown-type": (line(type="CANARY"), "Line 4 of the input is not a Singer message."),
    "deep": (b"[" * 100_000 + b"\n", "Line 4 of the input is not a Singer message."),
    "record-before-schema": (
        line(type="RECORD", stream="EmailMessage", record={"canary": 1}),
        "Line 4: a RECORD of the stream 'EmailMessage' comes before its SCHEMA.",
    ),
    "no-stream": (line(type="RECORD", record={}), "Line 4: A RECORD of the input lacks stream."),
    "stream-of-number": (
        line(type="RECORD", stream=5, record={}),
        "Line 4: A RECORD of the input has a number as its stream.",
    ),
    "schema-of-list": (
        line(type="SCHEMA", stream="Case", schema=["canary"]),
        "Line 4: A SCHEMA of the input has a list as its schema.",
    ),
    "schema-without-properties": (
        line(type="SCHEMA", stream="Case", schema={"type": "object"}),
        "Line 4: A SCHEMA of the input lacks properties.",
    ),
    "properties-of-list": (
        line(type="SCHEMA", stream="Case", schema={"properties": ["canary"]}),
        "Line 4: A SCHEMA of the input has a list as its properties.",
    ),
    "property-of-text": (
        line(type="SCHEMA", stream="Case", schema={"properties": {"Id": "canary"}}),
        "Line 4: A SCHEMA of the input has a property that is no schema.",
    ),
    "keys-of-text": (
        line(type="SCHEMA", stream="Case", schema={"properties": {}}, key_properties="canary"),
        "Line 4: A SCHEMA of the input has key_properties that are no list of names.",
    ),
    "foreign-row-without-key": (
        line(**schema("Account")) + line(type="RECORD", stream="Account", record={"canary": 1}),
        "Line 5: a record of the stream 'Account' lacks its key (Id).",
    ),
}


@pytest.mark.parametrize(("data", "says"), BROKEN.values(), ids=BROKEN)
def test_a_broken_line_ends_the_run_in_order(
    run_target: TargetRunner, creovai: CreovaiServer, data: bytes, says: str
) -> None:
    """What came before is stored, its STATE is out, what may go goes, and the report is printed."""
    before = singer(chat(), State({"n": 1}))
    outcome = run_target.break_off(before + data + singer(chat(2), State({"n": 2})))

    assert outcome.states == [{"n": 1}]
    assert list(creovai.chats) == [chat_id(1)]
    assert outcome.says("staged") == ["staged     LiveChatTranscript: 1 rows, 1 new or changed"]
    assert outcome.says("BROKEN") == [f"BROKEN     {says}"]
    assert outcome.lines[-1].startswith("TO DO      broken")
    assert outcome.stderr.count(says) == 1
    assert "canary" not in outcome.stderr.lower()


def test_a_broken_line_is_no_traceback(run_target: TargetRunner) -> None:
    """What someone sees who runs it as a program."""
    with run_target.start() as process:
        outcome = process.finish(singer(chat(), State({"n": 1})) + b"canary\n")

    assert outcome.exit_code == 1
    assert outcome.states == [{"n": 1}]
    assert "Traceback" not in outcome.stderr
    assert outcome.says("BROKEN") == ["BROKEN     Line 4 of the input is not a Singer message."]
    assert outcome.lines[-1].startswith("TO DO      broken")


def test_after_a_broken_line_cases_wait(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """The tap would have gone on: half of a case may be behind that line."""
    with pytest.raises(InputError):
        run_target.read(singer(case(Description="half")) + b"text\n")
    assert creovai.cases == {}

    run_target(STARTED, case(Description="half"), COMPLETED)
    assert list(creovai.cases) == [case_id()]


LOST = {
    "record-of-list": (
        b'{"type": "RECORD", "stream": "LiveChatTranscript", "record": ["canary"]}\n',
        "line 2: a RECORD has a list as its record",
    ),
    "record-of-null": (
        b'{"type": "RECORD", "stream": "LiveChatTranscript", "record": null}\n',
        "line 2: a RECORD has null as its record",
    ),
    "state-of-list": (
        b'{"type": "STATE", "value": ["canary"]}\n',
        "line 2: a STATE has a list as its value",
    ),
    "state-of-null": (
        b'{"type": "STATE", "value": null}\n',
        "line 2: a STATE has null as its value",
    ),
    "deep-record": (
        b'{"type": "RECORD", "stream": "LiveChatTranscript", "record": {"Id": %s1%s}}\n'
        % (b"[" * 50_000, b"]" * 50_000),
        "line 2: a RECORD is nested too deeply",
    ),
    "no-date": (
        line(type="RECORD", stream="LiveChatTranscript", record=chat(SystemModstamp="canary").row),
        (
            f"line 2: the LiveChatTranscript row {chat_id()} has SystemModstamp as a text that is "
            "not understood: have the tap send a date-time, such as 2024-01-02T03:04:05Z"
        ),
    ),
    "no-boolean": (
        line(type="RECORD", stream="LiveChatTranscript", record=chat(IsDeleted="canary").row),
        (
            f"line 2: the LiveChatTranscript row {chat_id()} has IsDeleted as a text that is not "
            "understood: have the tap send true or false"
        ),
    ),
}


@pytest.mark.parametrize(("data", "says"), LOST.values(), ids=LOST)
def test_a_line_that_the_run_can_do_without_costs_that_line(
    run_target: TargetRunner, creovai: CreovaiServer, data: bytes, says: str
) -> None:
    """All others are what they are; the exit code says that something is missing."""
    lines = singer(chat(2), State({"n": 1})).splitlines(keepends=True)
    outcome = run_target.read(lines[0] + data + b"".join(lines[1:]))

    assert outcome.exit_code == 3
    assert outcome.states == [{"n": 1}]
    assert list(creovai.chats) == [chat_id(2)]
    assert outcome.says("UNUSABLE") == [f"UNUSABLE   {says}"]
    assert outcome.lines[-1].startswith("TO DO      unusable")
    assert "canary" not in outcome.stderr


@pytest.mark.parametrize("depth", [90, 110, 450, 950, 990, 1000, 1500])
def test_a_nested_field_of_any_depth_costs_its_line_at_most(
    run_target: TargetRunner, creovai: CreovaiServer, depth: int
) -> None:
    """There is a depth that one step takes and the next does not: never get there."""
    deep = b"[" * depth + b"]" * depth
    row = json.dumps(chat().row).encode()[:-1] + b', "Deep__c": ' + deep + b"}"
    record = b'{"type": "RECORD", "stream": "LiveChatTranscript", "record": ' + row + b"}\n"
    state = b'{"type": "STATE", "value": {"deep": ' + deep + b"}}\n"
    outcome = run_target.read(singer(chat(2), State({"n": 1})) + record + state)

    assert (chat_id() in creovai.chats) == (depth < 100)
    assert len(outcome.says("UNUSABLE")) == (0 if depth < 100 else 2)
    assert chat_id(2) in creovai.chats


@pytest.mark.parametrize(
    "number", [b"9" * 5000, b"-" + b"9" * 5000, b"1e999", b"NaN", b"-Infinity", b"9" * 400]
)
def test_a_number_of_any_length_is_one_value_of_one_field(
    run_target: TargetRunner, creovai: CreovaiServer, number: bytes
) -> None:
    """Python refuses integers of 5,000 digits, JSON does not; singer-io's taps write NaN."""
    row = json.dumps(chat().row).encode()[:-1] + b', "Odd__c": ' + number + b"}"
    record = b'{"type": "RECORD", "stream": "LiveChatTranscript", "record": ' + row + b"}\n"
    outcome = run_target.read(line(**schema("LiveChatTranscript")) + record)

    assert outcome.exit_code == 0
    assert list(creovai.chats) == [chat_id()]


def test_blank_lines_and_a_byte_order_mark_are_no_harm(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Shells and editors leave them."""
    data = b"\xef\xbb\xbf" + b"\r\n\n".join(singer(chat()).splitlines()) + b"\n \n"

    assert run_target.read(data).exit_code == 0
    assert list(creovai.chats) == [chat_id()]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=4,
)
_NAMES = st.sampled_from(["type", "stream", "record", "schema", "value", "manifest", "encoding"])
_ROWS = st.dictionaries(st.sampled_from(sorted(case().row)), _JSON, max_size=4).map(
    lambda fields: case().row | fields
)
_MESSAGES = st.one_of(
    st.fixed_dictionaries(
        {"type": st.sampled_from([*SHAPES, "OTHER"])},
        optional={
            "stream": st.sampled_from(["Case", "case", "x", "User"]) | _JSON,
            "record": _ROWS | _JSON,
            "schema": st.just({"properties": {"Id": {}}}) | _JSON,
            "value": st.just({"bookmarks": {}}) | _JSON,
            "key_properties": st.just(["Id"]) | _JSON,
            "encoding": st.just({"format": "jsonl"}) | _JSON,
            "manifest": st.just(["/dev/null"]) | _JSON,
            "version": _JSON,
        },
    ),
    st.dictionaries(_NAMES, _JSON),
    _JSON,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.lists(_MESSAGES, max_size=4))
def test_any_input_is_taken_or_refused_in_a_sentence(
    run_dry: TargetRunner, messages: list[Any]
) -> None:
    """No line has another error in it, whatever it is; the first ones are as they should be."""
    lines = [json.dumps(message).encode() + b"\n" for message in messages]
    before = line(type="SCHEMA", stream="Case", schema={"properties": {"Id": {}}})
    try:
        end: object = run_dry.read(before + singer(chat()) + b"".join(lines)).exit_code
    except InputError as error:
        end = str(error).partition(" ")[0]

    assert end in {0, 1, 3, "Line"}


def by_a_shell(run_target: TargetRunner, redirect: str, data: bytes) -> tuple[int, list[str]]:
    """Run the target as a program that a shell starts; return exit code and lines on stderr."""
    config = run_target.folder / "config.json"
    config.write_text(json.dumps(run_target.config))
    command = ["/bin/sh", "-c", f'exec "$@" {redirect}', "sh", sys.executable, "-c", LAUNCH]
    done = subprocess.run(
        [*command, "--config", str(config)],
        input=data,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        check=False,
    )
    return done.returncode, Outcome(done.returncode, [], done.stderr.decode()).lines


@pytest.mark.parametrize(
    ("redirect", "says"),
    [
        pytest.param(">&-", "stdout is closed", id="closed"),
        pytest.param(
            "> /dev/full", "stdout cannot be written (No space left on device)", id="full"
        ),
    ],
)
def test_nobody_need_listen_for_state(
    run_target: TargetRunner, creovai: CreovaiServer, redirect: str, says: str
) -> None:
    """Whoever keeps it may be gone; rows are stored and delivered all the same."""
    exit_code, told = by_a_shell(run_target, redirect, singer(chat(), State({"n": 1})))

    assert exit_code == 1
    assert list(creovai.chats) == [chat_id()]
    assert f"NO STATE   {says}" in told
    assert told[-1].startswith("TO DO      no state: nothing is lost.")


def test_nobody_need_listen_to_what_it_says(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A script may have closed stderr: that is no reason to stop before delivery."""
    exit_code, _ = by_a_shell(run_target, "2>&-", singer(chat(), State({"n": 1})))

    assert exit_code == 0
    assert list(creovai.chats) == [chat_id()]


def test_no_input_at_all_is_a_sentence(run_target: TargetRunner) -> None:
    """A script may have closed stdin."""
    exit_code, told = by_a_shell(run_target, "<&-", b"")

    assert exit_code == 1
    assert any(line.startswith("BROKEN     There is no input") for line in told)


def test_an_expression_that_fails_is_a_sentence(run_target: TargetRunner) -> None:
    """A user's stream map meets a record that it was not made for; its error quotes the record."""
    maps = {"LiveChatTranscript": {"Age": "int(Status)"}}
    outcome = run_target.break_off(singer(chat(Status="canary")), stream_maps=maps)

    assert "stream_maps cannot be applied to a record" in outcome.says("BROKEN")[0]
    assert "canary" not in outcome.stderr


def test_stream_maps_may_give_streams_their_names(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The way out for names that nobody can recognise."""
    data = singer(chat()).replace(b'"LiveChatTranscript"', b'"talks"')
    maps = {"talks": {"__alias__": "LiveChatTranscript"}}

    assert run_target.read(data, stream_maps=maps).exit_code == 0
    assert list(creovai.chats) == [chat_id()]
