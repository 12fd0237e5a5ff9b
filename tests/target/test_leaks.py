"""Customer text and credentials go to the store and to Creovai, and nowhere else."""

from __future__ import annotations

import logging
import os
import traceback
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from target_creovai.store import Store
from tests.fakes.creovai import CreovaiServer, Fault
from tests.target.canaries import CHAT, INPUT, SONG, unknown_speakers
from tests.target.rows import (
    STARTED,
    Record,
    at,
    case,
    case_id,
    chat,
    chat_id,
    comment,
    sf_id,
    singer,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.target.support import TargetRunner

CHATTY = ("", "sqlalchemy", "sqlalchemy.engine", "sqlalchemy.engine.Engine", "sqlalchemy.pool")
CHATTIER = ("urllib3", "requests", "backoff", "singer_sdk", "target-creovai")


@pytest.fixture
def caged(run_target: TargetRunner, creovai: CreovaiServer) -> TargetRunner:
    """A target whose credentials are canaries too."""
    creovai.api_user, creovai.api_password = f"{SONG}-user", f"{SONG}-password"
    run_target.config |= {"api_user": creovai.api_user, "api_password": creovai.api_password}
    return run_target


@pytest.fixture
def heard(
    caged: TargetRunner,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> Callable[[bytes], str]:
    """Run the target and return every word of it: stdout, stderr, all logs, any traceback."""

    def run(data: bytes, **changes: Any) -> str:
        for name in (*CHATTY, *CHATTIER):
            caplog.set_level(logging.DEBUG, name)
        words = []
        try:
            outcome = caged.read(data, **changes)
            words += [outcome.stderr, str(outcome.states), f"exit {outcome.exit_code}"]
        except Exception as error:  # noqa: BLE001 -- whatever it is, it must not sing
            words += traceback.format_exception(error)
        streams = capfd.readouterr()
        return "\n".join([*words, caplog.text, streams.out, streams.err])

    return run


def drop_rows(run: TargetRunner, _: CreovaiServer) -> None:
    """Let every statement on rows fail half-way."""
    with Store(run.config["store_url"]) as store, store.database.transaction() as db:
        db.exec_driver_sql("DROP TABLE creovai_rows")
        db.exec_driver_sql("CREATE TABLE creovai_rows (stream, id, conversation, modified, digest)")


def refuse(_: TargetRunner, creovai: CreovaiServer, *, html: bool = False) -> None:
    """Refuse both conversations with an answer that quotes them."""
    for session_id in (case_id(), chat_id()):
        creovai.refuse(session_id, html=html)


def strike(*kinds: str, times: int = 1, path: str = "/capture") -> Any:
    """Return a function that arms faults."""

    def arm(_: TargetRunner, creovai: CreovaiServer) -> None:
        for kind in kinds:
            creovai.faults.add(Fault(kind, times=times, path=path))

    return arm


def nothing(_: TargetRunner, __: CreovaiServer) -> None:
    """Leave all as it is."""


@pytest.mark.parametrize(
    ("prepare", "data", "says"),
    [
        pytest.param(nothing, INPUT, "exit 0", id="success"),
        pytest.param(refuse, INPUT, "HTTP 400", id="400-that-quotes"),
        pytest.param(
            lambda run, creovai: refuse(run, creovai, html=True), INPUT, "HTTP 400", id="400-page"
        ),
        pytest.param(strike("500", times=99), INPUT, "HTTP 500", id="500"),
        pytest.param(strike("drop_after", "drop_before"), INPUT, "exit 0", id="lost"),
        pytest.param(strike("302"), INPUT, "a redirect", id="redirect"),
        pytest.param(strike("html_200", times=99), INPUT, "JSON object", id="page"),
        pytest.param(strike("401", path="/Token"), INPUT, "refused the login", id="login"),
        pytest.param(drop_rows, INPUT, "Traceback", id="database-error"),
        pytest.param(
            nothing,
            INPUT + f"no message of {SONG}\n".encode(),
            "is not a Singer message",
            id="invalid-line",
        ),
        pytest.param(nothing, INPUT + INPUT[:5000].rstrip(b"}\n"), "HELD", id="half-a-line"),
        pytest.param(
            nothing,
            singer(chat(7, Body=f"{SONG} in no known\nform {SONG}")),
            "SET ASIDE",
            id="unknown-form",
        ),
        pytest.param(nothing, singer(unknown_speakers()), "SET ASIDE", id="unknown-speakers"),
        pytest.param(
            nothing,
            singer(chat(7, CaseId=f"{SONG} {SONG}", Owner={"Email": f"\n{SONG}"})),
            "the payload is not valid",
            id="invalid-payload",
        ),
        pytest.param(
            nothing,
            singer(case(Id=f"{SONG} 1"), chat(7, SystemModstamp=SONG), comment(CreatedDate=SONG)),
            "UNUSABLE",
            id="unusable-rows",
        ),
        pytest.param(
            nothing,
            singer(Record("Account", {"Id": "1", "Name": SONG}), Record("Account", {"Nme": SONG})),
            "Traceback",
            id="unknown-stream-without-key",
        ),
        pytest.param(
            nothing,
            singer(case())
            + b'{"type": "RECORD", "stream": "Case", "record": "%s"}' % SONG.encode(),
            "a RECORD has a text as its record",
            id="record-of-text",
        ),
    ],
)
def test_no_canary_sings(
    heard: Callable[[bytes], str],
    caged: TargetRunner,
    creovai: CreovaiServer,
    prepare: Callable[[TargetRunner, CreovaiServer], None],
    data: bytes,
    says: str,
) -> None:
    """Nothing that customers wrote, no name, no address, no credential: at every log level."""
    caged(STARTED)
    prepare(caged, creovai)
    words = heard(data)

    assert says in words
    assert SONG not in words, _around(words)


def _around(words: str) -> str:
    place = words.find(SONG)
    return words[max(0, place - 300) : place + 100]


def test_the_canaries_do_reach_creovai(caged: TargetRunner, creovai: CreovaiServer) -> None:
    """The tests above would pass as well if nothing were sent at all."""
    caged.read(INPUT)

    assert SONG in str(creovai.chats[chat_id()])
    assert SONG in str(creovai.chats[sf_id("MessagingSession", 1)])
    assert SONG in str(creovai.cases)


def test_an_unforeseen_error_does_not_sing(
    heard: Callable[[bytes], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message of such an error may quote what it stumbled over."""

    def stumble(row: dict[str, Any], *_: Any) -> None:
        raise ValueError(row["Body"])

    monkeypatch.setattr("target_creovai.kinds.chat._still_going", stumble)
    words = heard(INPUT)

    assert "an unforeseen ValueError" in words
    assert SONG not in words


def test_changes_do_not_sing(
    heard: Callable[[bytes], str], caged: TargetRunner, creovai: CreovaiServer
) -> None:
    """Words and metadata that differ from what was sent are compared in silence."""
    caged.read(INPUT)
    body = CHAT["Body"].replace("<b>", "<i>more ")
    changed = Record("LiveChatTranscript", CHAT | {"Body": body, "SystemModstamp": at("20:00")})
    creovai.refuse(case_id())
    words = heard(singer(changed, comment(5, CommentBody=SONG)))

    assert "after they were sent" in words
    assert SONG not in words


# In a process of its own, with the log set up by a file as Meltano does


@pytest.fixture
def loud(tmp_path: Path) -> dict[str, str]:
    """An environment in which everyone logs everything."""
    loggers = {name: {"level": "DEBUG", "propagate": True} for name in (*CHATTY[1:], *CHATTIER)}
    config = {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"plain": {"()": "singer_sdk.logging.StructuredFormatter"}},
        "handlers": {
            "err": {
                "class": "logging.StreamHandler",
                "formatter": "plain",
                "stream": "ext://sys.stderr",
            }
        },
        "root": {"level": "DEBUG", "handlers": ["err"]},
        "loggers": loggers,
    }
    file = tmp_path / "logging.yaml"
    file.write_text(yaml.safe_dump(config))
    return {"LOGLEVEL": "DEBUG", "SINGER_SDK_LOG_CONFIG": os.fspath(file)}


@pytest.mark.parametrize(
    ("changes", "data", "says"),
    [
        pytest.param({}, INPUT, "sent       1 case, 1 chat", id="success"),
        pytest.param({}, INPUT + f"{SONG}\n".encode(), "not a Singer message", id="invalid-line"),
        pytest.param({"api_url": f"{SONG}"}, b"", "api_url", id="invalid-config"),
        pytest.param({"api_password": [SONG]}, b"", "api_password", id="invalid-secret"),
        pytest.param(
            {"store_url": f"postgresql+psycopg://u:{SONG}@127.0.0.1:1/db"},
            INPUT,
            "cannot be used",
            id="store-password",
        ),
        pytest.param(
            {"store_url": f"sqlite://u:{SONG}@/x.db"}, INPUT, "store_url", id="odd-store-url"
        ),
        pytest.param(
            {"payload_dir": "/dev/null", "dry_run": True}, INPUT, "payload_dir", id="disk"
        ),
        pytest.param(
            {},
            INPUT + b'{"type": "RECORD", "stream": "Case", "record": "%s"}\n' % SONG.encode(),
            "a RECORD has a text as its record",
            id="record-of-text",
        ),
    ],
)
def test_no_canary_sings_in_a_process(
    caged: TargetRunner, loud: dict[str, str], changes: dict[str, Any], data: bytes, says: str
) -> None:
    """The same for what Python itself prints when a process ends."""
    with caged.start(loud, **changes) as process:
        outcome = process.finish(data)
    words = outcome.stderr + str(outcome.states)

    assert says in words
    assert SONG not in words, _around(words)
