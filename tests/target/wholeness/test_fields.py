"""What was not read is not empty: rows without a field that their conversation needs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.target.rows import (
    Record,
    Schema,
    at,
    case,
    case_id,
    chat,
    chat_id,
    comment,
    mail,
    reply,
    schema,
    singer,
)
from tests.target.support import texts
from tests.target.wholeness.syncs import END, going_on, reads, sync, without

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

CASE = case(Description="words")
ROWS = (CASE, comment(1), mail(2), reply(3), mail(4, Status="5", TextBody="a draft"))
WHOLE = ["words", "mail 2", "mail 3", "comment 1"]
LATER = at("20:00")

HIDDEN = {
    "Case": ("CreatedDate", "IsClosed", "Description"),
    "CaseComment": ("ParentId", "CommentBody", "IsPublished", "CreatedBy"),
    "EmailMessage": ("ParentId", "Incoming", "Status"),
}
FIELDS = [
    pytest.param(stream, (field,), id=f"{stream}.{field}")
    for stream, fields in HIDDEN.items()
    for field in fields
] + [pytest.param("EmailMessage", ("TextBody", "HtmlBody"), id="EmailMessage.TextBody")]


def hide(stream: str, fields: tuple[str, ...], rows: tuple[Record, ...] = ROWS) -> list[Record]:
    """Return rows as a user reads them who may not see these fields."""
    return [without(row, *fields) if row.stream == stream else row for row in rows]


def incomplete(stream: str, fields: tuple[str, ...]) -> str:
    """Return the beginning of the line that names what one case was read without."""
    named = " or ".join(f"{field}.UserType" if field == "CreatedBy" else field for field in fields)
    return f"INCOMPLETE 1 case: read without {stream}.{named}"


@pytest.mark.parametrize(("stream", "fields"), FIELDS)
def test_a_case_read_without_a_needed_field_waits_until_it_is_read(
    run_target: TargetRunner, creovai: CreovaiServer, stream: str, fields: tuple[str, ...]
) -> None:
    """A green run that sends half of it is the worst there is; once read, it goes as it is."""
    hidden = {name: dict(entry) for name, entry in reads().items()}
    hidden[stream]["without"] = list(fields)
    outcome = run_target(*sync(*hide(stream, fields), entries=hidden))

    assert outcome.exit_code == 3
    assert creovai.cases == {}
    (line,) = outcome.says("INCOMPLETE")
    assert line.startswith(incomplete(stream, fields))
    (advice,) = outcome.says("TO DO")
    assert stream in advice
    assert "accept_missing" in advice

    assert run_target(*sync(*ROWS)).exit_code == 0
    assert texts(creovai.cases[case_id()]) == WHOLE


@pytest.mark.parametrize(("stream", "fields"), FIELDS)
def test_so_does_a_case_of_a_tap_that_says_nothing(
    run_target: TargetRunner, creovai: CreovaiServer, stream: str, fields: tuple[str, ...]
) -> None:
    """A field that neither SCHEMA nor row has was not read, whoever did not read it."""
    outcome = run_target(*hide(stream, fields))

    assert outcome.exit_code == 3
    assert creovai.cases == {}
    assert run_target(*ROWS).exit_code == 0
    assert texts(creovai.cases[case_id()]) == WHOLE


@pytest.mark.parametrize("field", ["Body", "Status"])
def test_a_chat_arrives_once_its_field_is_read(
    run_target: TargetRunner, creovai: CreovaiServer, field: str
) -> None:
    """The row has not changed since: what it is now read with makes it due."""
    outcome = run_target(*sync(without(chat(), field)))
    assert outcome.exit_code == 3
    assert outcome.says("INCOMPLETE")[0].startswith(
        f"INCOMPLETE 1 chat: read without LiveChatTranscript.{field}"
    )

    assert run_target(*sync(chat())).exit_code == 0
    assert list(creovai.chats) == [chat_id()]


def test_each_reason_is_one_line(run_target: TargetRunner) -> None:
    """However many conversations wait for it."""
    rows = [
        row
        for number in range(1, 8)
        for row in (case(number), without(mail(number, number), "Incoming"))
    ]
    outcome = run_target(*sync(*rows, *(without(chat(n), "Body") for n in range(3))))

    assert [line.partition(" (")[0] for line in outcome.says("INCOMPLETE")] == [
        "INCOMPLETE 7 cases: read without EmailMessage.Incoming",
        "INCOMPLETE 3 chats: read without LiveChatTranscript.Body",
    ]
    assert len(outcome.says("TO DO")) == 2


@pytest.mark.parametrize(("stream", "fields"), FIELDS)
def test_what_was_delivered_stays_when_a_permission_is_lost(
    run_target: TargetRunner, creovai: CreovaiServer, stream: str, fields: tuple[str, ...]
) -> None:
    """Rows that come back with less erase nothing: not at Creovai, and not in the store."""
    run_target(*sync(*ROWS))
    assert run_target(*sync(*hide(stream, fields))).exit_code == 0, "the same versions: no news"

    changed = [row._replace(row=row.row | {"SystemModstamp": LATER}) for row in ROWS]
    outcome = run_target(*sync(*hide(stream, fields, tuple(changed))))
    assert outcome.exit_code == 3
    assert outcome.says("INCOMPLETE")
    assert texts(creovai.cases[case_id()]) == WHOLE
    assert creovai.post_count(case_id()) == 1

    assert run_target(*sync(*changed, mail(6, SystemModstamp=LATER))).exit_code == 0
    assert texts(creovai.cases[case_id()]) == ["words", "mail 2", "mail 3", "mail 6", "comment 1"]


def test_either_body_of_a_mail_is_enough_if_it_says_something(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Where HtmlBody is null the words are in TextBody, which was not read."""
    in_html = without(mail(2, HtmlBody="<p>hello</p>"), "TextBody")
    run_target(*sync(case(1), in_html, case(2), without(mail(3, 2), "TextBody")))

    assert texts(creovai.cases[case_id(1)]) == ["hello"]
    assert run_target.ledger()[case_id(2)] == (
        "waiting",
        "read without EmailMessage.TextBody or HtmlBody",
    )


def test_a_deleted_row_says_nothing_and_lacks_nothing(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Salesforce shows little of what is in the recycle bin."""
    gone: dict[str, Any] = {"IsDeleted": True, "SystemModstamp": at("13:00")}
    rows = (CASE, without(mail(2, **gone), "TextBody"), without(comment(1, **gone), "CommentBody"))

    assert run_target(*sync(*rows)).exit_code == 0
    assert texts(creovai.cases[case_id()]) == ["words"]


def test_what_a_tap_leaves_out_as_empty_is_read(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Some write no nulls: then the SCHEMA tells that the field is known."""
    announced = schema("Case")
    announced["schema"]["properties"] |= {name: {} for name in CASE.row}
    first = json.dumps(announced).encode() + b"\n"

    assert run_target.read(first + singer(without(CASE, "Description"), mail(2))).exit_code == 3
    rest = singer(Schema("Case"), without(CASE, "Description"), mail(2)).split(b"\n", 1)[1]
    assert run_target.read(first + rest).exit_code == 0
    assert texts(creovai.cases[case_id()]) == ["mail 2"]


@pytest.mark.parametrize(
    ("accepted", "fields"),
    [
        ("EmailMessage.TextBody", ("TextBody", "HtmlBody")),
        ("EmailMessage.HtmlBody", ("TextBody", "HtmlBody")),
        ("EmailMessage.Incoming", ("Incoming",)),
    ],
)
def test_what_an_org_cannot_have_counts_as_empty_where_it_is_accepted(
    run_target: TargetRunner, creovai: CreovaiServer, accepted: str, fields: tuple[str, ...]
) -> None:
    """And each run says so."""
    rows = hide("EmailMessage", fields)
    outcome = run_target(*sync(*rows), accept_missing=[accepted])

    assert outcome.exit_code == 0
    assert list(creovai.cases) == [case_id()]
    assert outcome.says("accepted") == [f"accepted   as empty where it was not read: {accepted}"]


@pytest.mark.parametrize("name", ["EmailMessage.Subject", "Case", "emailmessage.textbody"])
def test_only_what_is_needed_can_be_accepted(run_target: TargetRunner, name: str) -> None:
    """A name that means nothing would be a promise that nobody keeps."""
    with pytest.raises(Exception, match="Config validation failed") as error:
        run_target(accept_missing=[name])

    assert "EmailMessage.TextBody" in str(error.value.errors)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("record", "field"),
    [
        pytest.param(mail(2, Incoming="maybe"), "EmailMessage.Incoming", id="boolean"),
        pytest.param(mail(2, MessageDate="soon"), "EmailMessage.MessageDate", id="date"),
        pytest.param(case(IsClosed=[1]), "Case.IsClosed", id="main-row"),
    ],
)
def test_a_field_that_is_not_understood_was_not_read(
    run_target: TargetRunner, creovai: CreovaiServer, record: Record, field: str
) -> None:
    """Without that row the case would go half; it is named by its line, and mended by another."""
    rows = (record, *([] if record.stream == "Case" else [CASE]), comment(1))
    outcome = run_target(*rows)

    assert outcome.exit_code == 3
    assert creovai.cases == {}
    assert outcome.says("UNUSABLE")
    assert outcome.says("INCOMPLETE")[0].startswith(f"INCOMPLETE 1 case: read without {field}")

    mended: dict[str, Any] = {"Incoming": True, "MessageDate": at("11:00"), "IsClosed": True}
    fields = {name: mended[name] for name in mended if name in record.row}
    assert run_target(record._replace(row=record.row | fields)).exit_code == 0
    assert list(creovai.cases) == [case_id()]


def test_an_open_case_waits_for_nothing_but_its_end(
    run_target: TargetRunner,
) -> None:
    """What else it lacks may be read by then."""
    outcome = run_target(*sync(case(IsClosed=False), without(mail(2), "Incoming")))

    assert outcome.exit_code == 0
    assert run_target.ledger()[case_id()] == ("waiting", "the case is open")


def test_a_text_that_was_dropped_is_not_called_unread(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """`retention_days` has taken it away: that needs its rows again, and says so."""
    run_target(*sync(CASE, mail(2)), retention_days=0)
    late = comment(5, SystemModstamp=LATER, CreatedDate=LATER)
    outcome = run_target(*sync(late, **going_on(at("17:00"), until=END)), retention_days=0)

    assert outcome.says("INCOMPLETE") == []
    assert "needs its rows again" in outcome.says("SET ASIDE")[0]
    assert texts(creovai.cases[case_id()]) == ["words", "mail 2"]


@pytest.mark.parametrize("accepted", [[], ["CaseComment.ParentId"]])
def test_rows_that_belong_to_no_known_case_are_named(
    run_target: TargetRunner, accepted: list[str]
) -> None:
    """The case of a new comment was sent before, nothing of it has come: it looks as if at rest."""
    run_target(*sync(case(1, Description="words")))
    entries = reads(since=at("17:50"))
    entries["CaseComment"] = entries["CaseComment"] | {"without": ["ParentId"]}
    blind = without(comment(1, SystemModstamp=at("19:00")), "ParentId")
    messages = sync(blind, entries=entries, start=dict.fromkeys(entries, at("18:00")))
    outcome = run_target(*messages, accept_missing=accepted)

    assert outcome.exit_code == (0 if accepted else 3)
    assert ("read without CaseComment.ParentId" in outcome.stderr) is not bool(accepted)
