"""`preview` writes a page of what the next run would send, and of why it would not."""

from __future__ import annotations

import json
import os
import re
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

from target_creovai.store.database.tables import DROPPED
from tests.target import aliases
from tests.target.canaries import INPUT, SONG
from tests.target.rows import (
    COMPLETED,
    STARTED,
    UNANSWERED,
    Record,
    case,
    case_id,
    chat,
    chat_id,
    comment,
    mail,
    transcript,
)

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from tests.fakes.creovai import CreovaiServer
    from tests.target.commands.conftest import Operator
    from tests.target.support import TargetRunner

OPEN = case(IsClosed=False, CaseNumber="00012345")
LATER = "2024-05-07T00:00:00Z"
ALONE = transcript("( 7s ) Ada Quill: one", "( 9s ) Ada Quill: two")
UNKNOWN_SPEAKERS = chat(
    6, Body=transcript(*(f"( {n}s ) Speaker {n % 2}: words {n}" for n in range(4)), agent=None)
)


class Previewer:
    """Asks for a page and reads the data that it shows."""

    def __init__(self, operator: Operator, folder: Path) -> None:
        self.operator = operator
        self.file = folder / "page.html"

    def __call__(self, *arguments: str, **changes: Any) -> Result:
        return self.operator("preview", "--output", str(self.file), *arguments, **changes)

    def page(self, *arguments: str, **changes: Any) -> Any:
        result = self(*arguments, **changes)
        assert result.exit_code == 0, result.output
        return self.data()

    def data(self) -> Any:
        """Return the index of the page, each conversation with its body."""
        html = self.file.read_text(encoding="utf-8")
        found = re.findall(r'<script id="\w+" type="[^"]+">(.*?)</script>', html, re.DOTALL)
        index, bodies = json.loads(found[0]), found[1].split("\n")
        read = zip(index["conversations"], filter(None, bodies), strict=True)
        return index | {"conversations": [one | json.loads(body) for one, body in read]}

    def one(self, *arguments: str, **changes: Any) -> Any:
        """Return the only conversation on the page, or the one that was asked for."""
        found = self.page(*arguments, **changes)["conversations"]
        if len(found) > 1:
            found = [one for one in found if self._is_called(one, arguments[0])]
        (one,) = found
        return one

    @staticmethod
    def _is_called(one: Any, key: str) -> bool:
        return key in {one["id"], (one["facts"]["number"] or "").lstrip("0")}


@pytest.fixture
def preview(operator: Operator, tmp_path: Path) -> Previewer:
    """The command, with a page in the folder of this test."""
    return Previewer(operator, tmp_path)


def words(conversation: Any) -> list[str]:
    """Return what is said in a conversation on the page."""
    return [said["text"] for said in conversation["view"]["messages"]]


def test_it_says_what_to_do_as_explain_does(preview: Previewer, run_target: TargetRunner) -> None:
    """Whoever reads why a case waits need not ask elsewhere what to click."""
    unread = chat()
    del unread.row["Body"]
    run_target(unread)

    (explained,) = preview.operator.json("explain", chat_id())
    (known,) = (one["known"] for one in preview.page()["conversations"])

    assert "LiveChatTranscript.Body" in explained["to_do"]
    assert (known["to_do"], known["now"]) == (explained["to_do"], explained["now"])


def test_it_shows_what_creovai_got(
    preview: Previewer, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The same words at the same times, and the receipt beside them."""
    run_target(STARTED, chat(), case(CaseNumber="00000042"), mail(), comment(2), COMPLETED)

    of_case, of_chat = preview.one("42"), preview.one(chat_id())

    sent = creovai.cases[case_id()]["messages"]
    assert words(of_case) == [message["content"] for message in sent]
    assert words(of_chat) == ["Good day", "question 1"]
    assert of_case["facts"]["number"] == "00000042"
    assert of_case["view"]["metadata"]["Status"] == "Closed"
    for one in (of_case, of_chat):
        assert one["known"]["outcome"] == "sent"
        assert one["known"]["creovai_id"] == creovai.look_up(one["known"]["id"])["id"]
        assert one["known"]["now"] == "Creovai has it as it is."
        assert one["as_if_due"] is False


def test_todays_redaction_is_not_shown_as_what_creovai_has(
    preview: Previewer, run_target: TargetRunner
) -> None:
    """The page shows what would be made of it today, and says that this is not what is there."""
    run_target(STARTED, chat(), case(CaseNumber="00000042"), mail(), comment(2), COMPLETED)

    for key in ("42", chat_id()):
        found = preview.one(key, redact={".": "*"})
        assert (found["outcome"], found["as_if_due"]) == ("sent", True)
        assert found["known"]["outdated"] is True
        assert "as it is" not in found["known"]["now"]


def test_what_waits_is_shown_as_it_stands(preview: Previewer, run_target: TargetRunner) -> None:
    """With why it waits, and without the claim that this would be sent."""
    run_target(STARTED, OPEN, mail(), COMPLETED)

    found = preview.one()

    assert found["known"]["now"] == "waits: the case is open"
    assert found["as_if_due"] is True
    assert words(found) == ["mail 1"]
    assert preview.one(case_delivery="all")["as_if_due"] is False


def test_after_a_dry_run_the_page_looks_ahead(preview: Previewer, run_target: TargetRunner) -> None:
    """The ledger then knows no more than that all of them wait."""
    records = (case(), case(2, IsClosed=False), mail(1, 2), chat(), chat(2))
    run_target(STARTED, *records, UNKNOWN_SPEAKERS, chat(3, **UNANSWERED), COMPLETED, api_url=None)

    conversations = preview.page()["conversations"]

    assert {one["known"]["outcome"] for one in conversations} == {"waiting"}
    assert {one["known"]["id"]: one["outcome"] for one in conversations} == {
        case_id(1): "skipped",
        case_id(2): "waiting",
        chat_id(1): "ready",
        chat_id(2): "ready",
        chat_id(3): "skipped",
        chat_id(6): "set aside",
    }


def test_what_creovai_refused_is_set_aside_until_it_changes(
    preview: Previewer, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """The payload is a good one, and does not go again by itself."""
    creovai.refuse(chat_id())
    run_target(chat())
    assert preview.one()["outcome"] == "set aside"

    run_target(chat(Subject__c="new", SystemModstamp=LATER), api_url=None)
    assert preview.one()["outcome"] == "ready"


def test_unknown_speakers_are_shown_with_their_names(
    preview: Previewer, run_target: TargetRunner
) -> None:
    """That is what `speaker_roles` is to be filled with."""
    run_target(UNKNOWN_SPEAKERS)

    found = preview.one()

    assert found["known"]["outcome"] == "set aside"
    assert {(who["name"], who["role"]) for who in found["view"]["people"]} == {
        ("Speaker 0", "unknown"),
        ("Speaker 1", "unknown"),
    }
    assert words(found) == [f"words {n}" for n in range(4)]


def test_a_chat_that_its_counts_contradict_is_shown(
    preview: Previewer, run_target: TargetRunner
) -> None:
    """Whoever reads it sees at once which side is which."""
    run_target(chat(OperatorMessageCount=2, VisitorMessageCount=0, Body=ALONE))

    found = preview.one()

    assert found["known"]["outcome"] == "set aside"
    assert words(found) == ["one", "two"]


def test_a_chat_that_rests_on_others_is_shown_as_it_goes(
    preview: Previewer, run_target: TargetRunner
) -> None:
    """Who is who is known from them."""
    run_target(*aliases.settling(), aliases.OPEN)

    found = preview.one(aliases.OPEN.row["Id"])

    assert [who["role"] for who in found["view"]["people"]] == ["agent", "customer"]


def test_a_payload_that_breaks_a_rule_is_shown_with_the_rule(
    preview: Previewer, run_target: TargetRunner
) -> None:
    """It goes nowhere, and it can be read."""
    run_target(chat(CaseId="no Id"))

    found = preview.one()

    assert found["known"]["outcome"] == "set aside"
    assert found["problems"] == ["caseReferenceId: pattern"]
    assert words(found) == ["Good day", "question 1"]
    assert found["as_if_due"] is False


@pytest.mark.parametrize(
    ("record", "now"),
    [
        pytest.param(chat(**UNANSWERED), "is skipped: missed: nobody answered", id="skipped"),
        pytest.param(chat(Status="InProgress"), "waits: the chat has not ended", id="going-on"),
        pytest.param(comment(), "waits: its Case row has not arrived", id="no-parent"),
        pytest.param(case(CreatedDate=None, Description="x"), "is set aside: ", id="no-date"),
    ],
)
def test_what_makes_no_dialogue_says_why(
    preview: Previewer, run_target: TargetRunner, record: Record, now: str
) -> None:
    """Its line in the ledger is there, whatever else is not."""
    run_target(STARTED, record, COMPLETED)

    found = preview.one()

    assert found["view"] is None
    assert found["known"]["now"].startswith(now)
    assert found["as_if_due"] is False


@pytest.mark.parametrize("stream", ["LiveChatTranscript", "EmailMessage"])
def test_text_that_the_store_dropped_leaves_the_ledgers_line(
    preview: Previewer, run_target: TargetRunner, stream: str
) -> None:
    """What was sent when is known longer than what it said."""
    run_target(STARTED, chat(), case(), mail(), COMPLETED)
    engine = sa.create_engine(run_target.config["store_url"])
    with engine.begin() as db:
        db.execute(
            sa.text("UPDATE creovai_rows SET body = :body WHERE stream = :stream"),
            {"stream": stream, "body": DROPPED},
        )
    engine.dispose()

    shown = {one["view"] is None: one["known"] for one in preview.page()["conversations"]}

    assert shown[True]["kind"] == {"LiveChatTranscript": "chat"}.get(stream, "case")
    assert shown[True]["outcome"] == "sent"
    assert shown[True]["sent_at"]
    assert "does not hold its text any more" in shown[True]["now"]
    assert shown[False]["now"] == "Creovai has it as it is."


def test_what_was_erased_stays_erased(
    preview: Previewer, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A tombstone, without a word of what it stands for."""
    run_target(chat())
    run_target(chat(IsDeleted=True, SystemModstamp=LATER), on_delete="purge")
    assert creovai.chats == {}

    found = preview.one()

    assert found["outcome"] == "skipped"
    assert found["view"] is None
    assert found["known"]["now"].startswith("is never sent again")


def test_a_deleted_one_is_not_read(preview: Previewer, run_target: TargetRunner) -> None:
    """Who deleted it did not want it read; that Creovai has it is said."""
    run_target(chat(), chat(2, IsDeleted=True))
    run_target(chat(IsDeleted=True, SystemModstamp=LATER))

    sent, never_sent = preview.one(chat_id()), preview.one(chat_id(2))

    assert (sent["outcome"], never_sent["outcome"]) == ("sent", "skipped")
    assert "Creovai keeps it, though it is deleted" in sent["known"]["now"]
    assert sent["view"] is never_sent["view"] is None


def test_one_that_is_too_large_is_shown(preview: Previewer, run_target: TargetRunner) -> None:
    """How else would anyone see what makes it so?"""
    run_target(chat(), dry_run=True)

    found = preview.one(max_payload_bytes=300)

    assert found["known"]["now"].startswith("is set aside: the payload has ")
    assert words(found) == ["Good day", "question 1"]


def test_without_ids_the_latest_come_first_and_the_rest_is_counted(
    preview: Previewer, run_target: TargetRunner
) -> None:
    """A page says that it is not all there is."""
    run_target(*(chat(number) for number in (1, 3, 2)))
    run_target(chat(1, SystemModstamp=LATER))

    page = preview.page("--limit", "2")

    assert {one["id"] for one in page["conversations"]} == {chat_id(1), chat_id(3)}
    assert page["totals"]["chat"] == 3
    assert preview.page()["totals"]["chat"] == 3


def test_a_busy_kind_leaves_room_for_the_others(
    preview: Previewer, run_target: TargetRunner
) -> None:
    """The newest of each kind are on the page, by the time at which they began."""
    old = "2024-05-01T10:00:00Z"
    run_target(STARTED, OPEN, case(2, CreatedDate=old, Description="x"), COMPLETED)
    run_target(*(chat(number) for number in range(1, 9)))

    page = preview.page("--limit", "2")

    assert [one["kind"] for one in page["conversations"]].count("chat") == 2
    assert page["conversations"][-1]["id"] == case_id(2)
    assert page["totals"] == {"case": 2, "chat": 8, "messaging": 0}
    assert {one["kind"] for one in preview.page("--kind", "case")["conversations"]} == {"case"}


def test_a_chat_brings_its_case(preview: Previewer, run_target: TargetRunner) -> None:
    """Whoever reads the one can go on to the other."""
    run_target(STARTED, case(), mail(), chat(CaseId=case_id()), COMPLETED, session_id_prefix="p-")

    page = preview.page(chat_id(), session_id_prefix="p-")

    cases = {one["id"]: one["facts"]["case"] for one in page["conversations"]}
    assert cases == {chat_id(): case_id(), case_id(): None}


def test_one_conversation_brings_what_belongs_to_it(
    preview: Previewer, run_target: TargetRunner
) -> None:
    """The chats of its case, and what else its customer said, far down in the store or not."""
    somebody = {"ContactId": "003000000000002AAA", "Contact": {"Name": "Ada Quill"}}
    run_target(
        STARTED,
        case(),
        mail(),
        chat(1, CaseId=case_id(), **somebody),
        chat(2),
        chat(3, **somebody),
        COMPLETED,
    )

    def found(key: str, *more: str) -> set[str]:
        return {one["id"] for one in preview.page(key, *more)["conversations"]}

    assert found(chat_id(2)) == {chat_id(2)}
    assert found(case_id(), "--related") == {case_id(), chat_id(1), chat_id(2)}
    assert found(chat_id(3), "--related") == {chat_id(1), chat_id(3), case_id()}


def test_what_is_not_sent_can_be_left_off_the_page(
    preview: Previewer, run_target: TargetRunner
) -> None:
    """A page to hand on holds nothing that Creovai does not get."""
    secret = comment(2, CommentBody="She is upset.", IsPublished=False)
    run_target(STARTED, case(), mail(), secret, COMPLETED)

    (unsent,) = preview.one()["view"]["unsent"]
    assert (unsent["text"], unsent["why"]) == ("She is upset.", "internal")
    assert preview.one("--no-removed")["view"]["unsent"] == []
    assert "upset" not in preview.file.read_text(encoding="utf-8")


def test_why_is_named_by_what_the_next_run_will_find(
    preview: Previewer, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """A code, so that all of one reason can be chosen together."""
    creovai.refuse(chat_id(2))
    run_target(STARTED, OPEN, mail(), chat(), chat(2), chat(3, **UNANSWERED), COMPLETED)

    found = {one["id"]: one["reason"] for one in preview.page()["conversations"]}

    assert found == {
        case_id(): "case-open",
        chat_id(): None,
        chat_id(2): "refused",
        chat_id(3): "missed",
    }


def test_outcomes_are_chosen_before_the_limit(preview: Previewer, run_target: TargetRunner) -> None:
    """The one that is set aside is found among thousands that are sent."""
    run_target(UNKNOWN_SPEAKERS)
    run_target(chat(7), chat(8, **UNANSWERED))

    page = preview.page("--limit", "1", "--outcome", "set aside", "--outcome", "skipped")

    assert [one["known"]["id"] for one in page["conversations"]] == [chat_id(8)]
    assert page["totals"]["chat"] == 2


def test_an_unknown_id_does_not_keep_the_others_off_the_page(
    preview: Previewer, run_target: TargetRunner
) -> None:
    """It is named, and the exit code says so; nothing but unknown ones make no page."""
    run_target(chat())

    alone = preview("00099999")
    assert alone.exit_code == 1
    assert "Not in the store: 00099999" in alone.stdout
    assert not preview.file.exists()

    result = preview("00099999", chat_id())
    assert result.exit_code == 1
    assert [one["known"]["id"] for one in preview.data()["conversations"]] == [chat_id()]


def test_the_file_is_its_owners_alone(preview: Previewer, run_target: TargetRunner) -> None:
    """Also where a page was that others could read, and may have open."""
    run_target(chat())
    preview.file.write_text("old")
    preview.file.chmod(0o644)

    with preview.file.open() as opened:
        preview.page()

        assert opened.read() == "old"
    assert preview.file.stat().st_mode & 0o777 == 0o600
    assert not list(preview.file.parent.glob("tmp*"))


@pytest.mark.parametrize("place", ["missing/page.html", ".", "pipe"])
def test_a_page_that_cannot_be_written_is_one_line(
    preview: Previewer, run_target: TargetRunner, tmp_path: Path, place: str
) -> None:
    """It says what to look at."""
    run_target(chat())
    os.mkfifo(tmp_path / "pipe")
    preview.file = tmp_path / place

    result = preview()

    assert result.exit_code == 1
    assert result.stderr.startswith("Error: The file cannot be written (")
    assert result.stderr.count("\n") == 1


def test_customers_words_go_into_the_page_and_nowhere_else(
    preview: Previewer, run_target: TargetRunner
) -> None:
    """What the terminal shows may end up in a log."""
    run_target.read(INPUT)

    result = preview()

    assert SONG in preview.file.read_text(encoding="utf-8")
    assert SONG not in result.output


def test_looking_changes_nothing(
    preview: Previewer, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Neither here nor in Creovai."""
    creovai.refuse(chat_id(2))
    run_target(STARTED, chat(), chat(2), OPEN, mail(), COMPLETED)
    ledger, calls = run_target.query("SELECT * FROM creovai_conversations"), len(creovai.calls)

    preview.page()

    assert run_target.query("SELECT * FROM creovai_conversations") == ledger
    assert len(creovai.calls) == calls
