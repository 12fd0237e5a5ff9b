"""BATCH messages: rows by the file, staged as if each were a message."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from singer_sdk.contrib.batch_encoder_jsonl import JSONLinesBatcher
from singer_sdk.helpers._batch import BaseBatchFileEncoding, BatchConfig, StorageTarget

from target_creovai.errors import InputError
from tests.target.other_taps import fivetran
from tests.target.rows import (
    COMPLETED,
    STARTED,
    Record,
    Schema,
    State,
    case,
    case_id,
    chat,
    chat_id,
    comment,
    schema,
    singer,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

GZIP = {"format": "jsonl", "compression": "gzip"}


def batch(stream: str, files: Sequence[Any], encoding: Any = None) -> bytes:
    """Return the lines that announce a stream and some files of its rows."""
    message = {
        "type": "BATCH",
        "stream": stream,
        "encoding": encoding or GZIP,
        "manifest": list(files),
    }
    return b"".join(json.dumps(line).encode() + b"\n" for line in (schema(stream), message))


def lines_of(*records: Record) -> bytes:
    """Return what a file of JSON lines has for these rows."""
    return b"".join(json.dumps(record.row).encode() + b"\n" for record in records)


def written(folder: Path, *records: Record) -> str:
    """Write a file as taps do that leave the encoding to themselves; return its URL."""
    path = folder / f"{records[0].stream}.jsonl"
    path.write_bytes(lines_of(*records))
    return path.as_uri()


def test_files_of_the_sdk_are_staged_and_stay(
    run_target: TargetRunner, creovai: CreovaiServer, tmp_path: Path
) -> None:
    """Its own batcher writes them; nobody has said that a target may delete them."""
    config = BatchConfig(
        encoding=BaseBatchFileEncoding("jsonl", "gzip"),
        storage=StorageTarget(root=(tmp_path / "files").as_uri()),
        batch_size=2,
    )
    rows = iter([case(number, Description="words").row for number in range(5)])
    manifests = [
        file for some in JSONLinesBatcher("tap", "Case", config).get_batches(rows) for file in some
    ]
    outcome = run_target.read(batch("Case", manifests) + singer(Schema("Case"), State({"n": 1})))

    assert (outcome.exit_code, outcome.states) == (0, [{"n": 1}])
    assert set(creovai.cases) == {case_id(number) for number in range(5)}
    assert len(list((tmp_path / "files").iterdir())) == 3


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        pytest.param(GZIP, gzip.compress, id="gzip"),
        pytest.param({"format": "jsonl"}, bytes, id="plain"),
        pytest.param({"format": "jsonl", "compression": None}, bytes, id="null"),
        pytest.param(
            {"format": "jsonl", "compression": "none"}, gzip.compress, id="said-to-be-plain"
        ),
        pytest.param(GZIP, bytes, id="said-to-be-gzip"),
    ],
)
def test_a_file_is_what_it_is(
    run_target: TargetRunner, creovai: CreovaiServer, tmp_path: Path, encoding: Any, pack: Any
) -> None:
    """The SDK always compresses, whatever a configuration says of it."""
    (tmp_path / "chats").write_bytes(pack(lines_of(chat(1), chat(2))))
    run_target.read(batch("LiveChatTranscript", [str(tmp_path / "chats")], encoding))

    assert set(creovai.chats) == {chat_id(1), chat_id(2)}


def test_rows_in_files_have_the_shape_of_any_tap(
    run_target: TargetRunner, creovai: CreovaiServer, tmp_path: Path
) -> None:
    """What holds of a RECORD holds of a line of a file."""
    records = [fivetran(case(Description="words")), fivetran(comment())]
    files = b"".join(batch(r.stream, [written(tmp_path, r)]) for r in records)
    run_target.read(files + json.dumps(schema("EmailMessage")).encode())

    assert len(creovai.cases[case_id()]["messages"]) == 2


def test_state_behind_a_batch_waits_for_its_rows(
    run_target: TargetRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says that they are committed, and nothing less."""
    monkeypatch.setattr("target_creovai.input.intake.ROWS_PER_COMMIT", 1)
    committed = []
    lines = batch("Case", [written(tmp_path, case())]) + singer(STARTED, COMPLETED)
    monkeypatch.setattr(
        "singer_sdk.Target._write_state_message",
        lambda *_: committed.append(run_target.query("SELECT count(*) FROM creovai_rows")[0][0]),
    )
    run_target.read(lines)

    assert committed
    assert set(committed) == {1}


@pytest.mark.parametrize(
    ("encoding", "files", "says"),
    [
        ({"format": "parquet", "compression": "snappy"}, ["x"], "set encoding.format to jsonl"),
        ({"format": ["jsonl"]}, ["x"], "set encoding.format to jsonl"),
        ({"format": "jsonl", "compression": "zstd"}, ["x"], "something else than gzip"),
        ({"format": "jsonl", "compression": {}}, ["x"], "something else than gzip"),
        (GZIP, [17], "a manifest that is no list of files"),
        (GZIP, [""], "a manifest that is no list of files"),
        (GZIP, ["/nowhere/x.jsonl"], r"x.jsonl of a BATCH cannot be read .*\(FileNotFoundError\)"),
        (GZIP, ["nosuch://bucket/x.jsonl"], r"x.jsonl of a BATCH cannot be read"),
    ],
    ids=["parquet", "list", "zstd", "object", "number", "no-name", "gone", "protocol"],
)
def test_a_batch_that_cannot_be_read_stops_the_run(
    run_target: TargetRunner, encoding: Any, files: list[Any], says: str
) -> None:
    """Before any STATE that would vouch for its rows."""
    with pytest.raises(InputError, match=f"Line 2: .*{says}"):
        run_target.read(batch("Case", files, encoding) + singer(State({"n": 1})))


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param(b'{"Id": "1"}\n{"Id": "secret', "Line 2 of the file x", id="cut-off"),
        pytest.param(b"secret\n", "Line 1 of the file x", id="text"),
        pytest.param(gzip.compress(lines_of(case()) * 99)[:-9], "EOFError", id="half-a-gzip"),
        pytest.param(b"\x1f\x8bsecret words", "BadGzipFile", id="no-gzip"),
    ],
)
def test_a_broken_file_stops_the_run_and_is_not_quoted(
    run_target: TargetRunner, tmp_path: Path, content: bytes, says: str
) -> None:
    """Nobody knows which rows are missing."""
    (tmp_path / "x").write_bytes(content)

    with pytest.raises(InputError, match=says) as caught:
        run_target.read(batch("Case", [str(tmp_path / "x")]))
    assert "secret" not in str(caught.value)


def test_a_url_may_hold_a_key_and_it_stays_there(run_target: TargetRunner) -> None:
    """Signed URLs of a storage are credentials."""
    with pytest.raises(InputError) as caught:
        run_target.read(batch("Case", ["nosuch://user:canary@bucket/x.jsonl?signature=canary"]))
    assert "canary" not in str(caught.value)


def test_a_line_of_a_file_that_is_no_row_costs_that_line(
    run_target: TargetRunner, creovai: CreovaiServer, tmp_path: Path
) -> None:
    """The others are what they are."""
    (tmp_path / "x").write_bytes(b"[1]\n\n" + lines_of(chat(Id=None), chat()))
    outcome = run_target.read(batch("LiveChatTranscript", [str(tmp_path / "x")]))

    assert outcome.exit_code == 3
    assert list(creovai.chats) == [chat_id()]
    assert [line.split(None, 1)[1] for line in outcome.says("UNUSABLE")] == [
        "line 2: line 1 of x: a row of LiveChatTranscript is no object",
        "line 2: a LiveChatTranscript row has no Id, or none that Salesforce could have given",
    ]


def test_a_batch_before_its_schema_stops_the_run(run_target: TargetRunner, tmp_path: Path) -> None:
    """As a RECORD does."""
    lines = batch("Case", [written(tmp_path, case())]).splitlines(keepends=True)

    with pytest.raises(InputError, match=r"Line 1: .* comes before its SCHEMA"):
        run_target.read(lines[1])


def test_activate_version_deletes_nothing_and_is_told_once(
    run_target: TargetRunner, creovai: CreovaiServer, caplog: pytest.LogCaptureFixture
) -> None:
    """singer-io's taps write it for tables; a conversation was said, whatever a table holds."""
    version = b'{"type": "ACTIVATE_VERSION", "stream": "LiveChatTranscript", "version": 17}\n'
    outcome = run_target.read(singer(chat()) + version + version)

    assert outcome.exit_code == 0
    assert list(creovai.chats) == [chat_id()]
    told = [
        r
        for r in caplog.records
        if "ACTIVATE_VERSION" in r.getMessage() and r.levelname == "WARNING"
    ]
    assert len(told) == 1
