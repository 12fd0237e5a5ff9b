"""Looking before sending: files, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.target.rows import (
    COMPLETED,
    STARTED,
    UNANSWERED,
    at,
    case,
    case_id,
    chat,
    chat_id,
    singer,
    transcript,
)

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

ROWS = (chat(CaseId=case_id()), case(Description="words"), chat(2, **UNANSWERED))


def test_without_api_url_payloads_become_files(run_dry: TargetRunner) -> None:
    """`chat/<sessionId>.json` and `case/<sessionId>.json`, for their owner alone."""
    outcome = run_dry(STARTED, *ROWS, COMPLETED, session_id_prefix="eu-")

    assert outcome.exit_code == 0
    assert outcome.states == [COMPLETED.value]
    assert run_dry.payloads("chat").keys() == {f"eu-{chat_id()}"}
    assert run_dry.payloads("case").keys() == {f"eu-{case_id()}"}
    files = [file for file in (run_dry.folder / "payloads").rglob("*") if file.is_file()]
    assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}
    assert outcome.says("written")[0].endswith("nothing was sent")


def test_a_dry_run_sends_nothing_and_a_real_run_then_sends_all(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The ledger stays as it is: nothing counts as delivered."""
    run_target(*ROWS, dry_run=True)
    before = run_target.ledger()
    written = run_target.payloads("chat") | run_target.payloads("case")
    run_target(dry_run=True)

    assert creovai.calls == []
    assert run_target.ledger() == before
    assert run_target().says("sent") == ["sent       1 case, 1 chat"]
    assert creovai.chats | creovai.cases == written


def test_a_dry_run_needs_no_credentials(run_target: TargetRunner) -> None:
    """Nobody has to have them to look."""
    outcome = run_target(*ROWS, dry_run=True, api_user=None, api_password=None)

    assert outcome.exit_code == 0


def test_a_dry_run_names_what_would_be_set_aside(run_dry: TargetRunner) -> None:
    """All is assembled and validated."""
    body = transcript("( 1s ) Nora V: a", "( 2s ) Ada Quill: b", "( 3s ) Somebody: c")
    outcome = run_dry(chat(1, Body=body, ContactId=None, Contact=None), chat(2))

    assert outcome.exit_code == 3
    assert chat_id(1) in outcome.says("SET ASIDE")[0]
    assert run_dry.payloads("chat").keys() == {chat_id(2)}


def test_a_dry_run_holds_cases_too(run_dry: TargetRunner) -> None:
    """What it writes is what a real run would send."""
    outcome = run_dry(STARTED, *ROWS)

    assert outcome.exit_code == 1
    assert outcome.says("HELD")
    assert run_dry.payloads("case") == {}


def test_a_dry_run_shows_what_has_changed_since(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Only what is due is written: the files are the next run's work."""
    run_target(*ROWS)
    run_target(case(Description="other", SystemModstamp=at("20:00")), *ROWS, dry_run=True)

    assert run_target.payloads("chat") == {}
    assert run_target.payloads("case")[case_id()]["messages"][0]["content"] == "other"
    assert creovai.post_count(case_id()) == 1


def test_no_file_of_an_earlier_run_stays_that_would_not_be_written_today(
    run_dry: TargetRunner,
) -> None:
    """Who looks at the folder would take it for what is going to be sent."""
    run_dry(case(Description="words"), chat(1), session_id_prefix="old-")
    folder = run_dry.folder / "payloads" / "chat"
    (folder / "notes.json").write_text("somebody's own")
    run_dry(case(IsClosed=False, SystemModstamp=at("20:00")), chat(2), session_id_prefix="old-")

    assert run_dry.payloads("case") == {}
    names = {file.name for file in folder.iterdir()}
    assert names == {f"old-{chat_id(1)}.json", f"old-{chat_id(2)}.json", "notes.json"}


def test_a_payload_that_others_could_read_is_made_private_again(run_dry: TargetRunner) -> None:
    """It holds customers' words, whoever copied it there."""
    run_dry(chat())
    (file,) = (run_dry.folder / "payloads" / "chat").iterdir()
    file.chmod(0o644)
    run_dry(chat())

    assert oct(file.stat().st_mode & 0o777) == "0o600"


def test_the_waiting_and_the_skipped_are_counted(run_dry: TargetRunner) -> None:
    """The same report as a real run's."""
    outcome = run_dry(case(IsClosed=False), chat(1, Status="Waiting"), chat(2, **UNANSWERED))

    assert outcome.says("waiting") == [
        "waiting    1 case: the case is open (oldest: a few seconds ago)",
        "waiting    1 chat: the chat has not ended (oldest: a few seconds ago)",
    ]
    assert outcome.says("skipped") == ["skipped    1 chat: missed: nobody answered"]


def test_a_folder_that_cannot_be_written_is_a_clear_error(run_dry: TargetRunner) -> None:
    """One paragraph that names the setting."""
    (run_dry.folder / "file").write_text("in the way")
    with run_dry.start(payload_dir=str(run_dry.folder / "file")) as process:
        outcome = process.finish(singer(chat()))

    assert outcome.exit_code == 1
    assert "payload_dir" in outcome.says("STOPPED")[0]
    assert "Traceback" not in outcome.stderr
    assert "Traceback" not in outcome.stderr
