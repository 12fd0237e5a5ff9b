"""Config, state and catalog files are read in whatever encoding they were written."""

from __future__ import annotations

import codecs
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from singer_sdk.exceptions import ConfigValidationError

from tap_salesforce_chat.settings.json_files import as_utf8_file, read_object
from tests.tap.support import add_cases, catalog_of, invoke, settings

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.salesforce import SalesforceOrg, SalesforceServer
    from tests.tap.support import Clock

ENCODINGS = [
    *("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"),
    *("big mark", "big wide mark"),
]
MARKED = {
    "big mark": ("utf-16-be", codecs.BOM_UTF16_BE),
    "big wide mark": ("utf-32-be", codecs.BOM_UTF32_BE),
}


def written(document: Any, encoding: str) -> bytes:
    """Return a document as an editor or a shell writes it."""
    name, mark = MARKED.get(encoding, (encoding, b""))
    return mark + json.dumps(document, ensure_ascii=False, indent=1).encode(name)


names = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)


@given(
    st.dictionaries(names, names | st.integers() | st.none(), max_size=3),
    st.sampled_from(ENCODINGS),
)
def test_an_object_is_read_in_any_encoding(document: dict[str, Any], encoding: str) -> None:
    """With a mark at its beginning or without."""
    assert read_object(written(document, encoding), "state file") == document


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "no JSON (line 1, column 1)"),
        (b'{"a": 1,\n "hush": }', "no JSON (line 2, column 10)"),
        (b'{"password": "h\xfcsh"}', "no JSON text in UTF-8 or UTF-16"),
        (b"\xff\xfe{", "no JSON text in UTF-8 or UTF-16"),
        (b'["hush"]', "JSON, but no object"),
        (b'"hush"', "JSON, but no object"),
        (b"[" * 200_000, "no JSON text"),
        (b'{"a": ' + b"9" * 5_000 + b"}", "no JSON text"),
    ],
)
def test_what_is_no_object_is_a_sentence(content: bytes, problem: str) -> None:
    """With the place, and nothing of what stands there: it may be a password."""
    with pytest.raises(ConfigValidationError) as caught:
        read_object(content, "config file")

    (text,) = caught.value.errors
    assert f"The config file is {problem}" in text
    assert "hush" not in text


def test_a_file_without_bytes_below_is_read_as_text() -> None:
    """As tests and other programs hand them over."""
    assert json.loads(as_utf8_file(io.StringIO('{"a": 1}'), "state file").read()) == {"a": 1}


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_all_three_files_may_be_in_any_encoding(
    server: SalesforceServer, org: SalesforceOrg, clock: Clock, tmp_path: Path, encoding: str
) -> None:
    """Windows PowerShell's `>` writes UTF-16."""
    ids = add_cases(org, clock, 3)
    state = {
        "bookmarks": {
            "Case": {
                "replication_key": "SystemModstamp",
                "replication_key_value": "2024-05-01T12:00:01Z",
            }
        }
    }
    files = {
        "config": settings(server, lookback_seconds=0),
        "catalog": catalog_of(server, "Case"),
        "state": state,
    }
    arguments = []
    for name, document in files.items():
        (tmp_path / name).write_bytes(written(document, encoding))
        arguments += [f"--{name}", str(tmp_path / name)]

    result = invoke(*arguments)

    assert result.exit_code == 0
    messages = [json.loads(line) for line in result.stdout.splitlines()]
    rows = [message["record"]["Id"] for message in messages if message["type"] == "RECORD"]
    assert rows == ids[1:]


@pytest.mark.parametrize("name", ["config", "catalog", "state"])
def test_a_file_that_cannot_be_used_is_one_paragraph_and_exit_code_1(
    server: SalesforceServer, tmp_path: Path, name: str
) -> None:
    """No traceback: the reader is an administrator, not a programmer."""
    files = {"config": settings(server), "catalog": {"streams": []}, "state": {}}
    arguments = []
    for each, document in files.items():
        broken = b'{"password": hush}' if each == name else json.dumps(document).encode()
        (tmp_path / each).write_bytes(broken)
        arguments += [f"--{each}", str(tmp_path / each)]

    result = invoke(*arguments)

    assert result.exit_code == 1
    assert f"The {name} file" in result.stderr
    assert "no JSON (line 1, column 14)" in result.stderr
    assert "Traceback" not in result.stderr
    assert "hush" not in result.output


@pytest.mark.parametrize("mode", [(), ("--discover",), ("doctor",)])
def test_a_config_file_that_is_not_there_is_a_sentence(
    tmp_path: Path, mode: tuple[str, ...]
) -> None:
    """The path is no secret."""
    path = str(tmp_path / "nowhere.json")

    result = invoke("--config", path, *mode)

    assert result.exit_code == 1
    assert f"The config file {path} cannot be read" in result.stderr


STREAM = {"tap_stream_id": "Case", "stream": "Case", "schema": {"properties": {}}, "metadata": []}
NO_BREADCRUMB = {"breadcrumb": "Id", "metadata": {}}


@pytest.mark.parametrize(
    ("catalog", "problem"),
    [
        ({}, "no list of streams"),
        ({"streams": {}}, "no list of streams"),
        ({"streams": [STREAM, None]}, "its stream 2 has no tap_stream_id"),
        ({"streams": [STREAM | {"tap_stream_id": 5}]}, "its stream 1 has no tap_stream_id"),
        ({"streams": [{"tap_stream_id": "Case"}]}, "no schema with properties"),
        ({"streams": [STREAM | {"schema": []}]}, "no schema with properties"),
        ({"streams": [STREAM | {"schema": {"properties": []}}]}, "no schema with properties"),
        ({"streams": [STREAM | {"schema": {"properties": {"Id": 5}}}]}, "no schema with"),
        (
            {"streams": [STREAM | {"schema": {"properties": {"A": {"properties": None}}}}]},
            "no schema with",
        ),
        ({"streams": [STREAM | {"metadata": "hush"}]}, "metadata of its stream 1"),
        ({"streams": [STREAM | {"metadata": [NO_BREADCRUMB]}]}, "metadata of its stream 1"),
        ({"streams": [STREAM | {"metadata": [{"breadcrumb": []}]}]}, "metadata of its stream 1"),
    ],
)
def test_what_is_no_catalog_is_a_sentence(
    server: SalesforceServer, tmp_path: Path, catalog: dict[str, Any], problem: str
) -> None:
    """A catalog may be written by hand; the SDK would answer with a traceback, or read nothing."""
    arguments = []
    for name, document in {"config": settings(server), "catalog": catalog}.items():
        (tmp_path / name).write_text(json.dumps(document))
        arguments += [f"--{name}", str(tmp_path / name)]

    result = invoke(*arguments)

    assert result.exit_code == 1
    assert problem in result.stderr
    assert "Traceback" not in result.stderr
    assert "hush" not in result.output
    assert server.calls == []
