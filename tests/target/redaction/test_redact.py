"""The setting `redact` in a run: what leaves, what is counted, what stays."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from target_creovai.assemble import Ready, fingerprint
from target_creovai.model.participants import Role
from target_creovai.model.settings import AssemblySettings
from target_creovai.model.verdicts import SetAside, Skipped
from tests.target.redaction.support import BUILT_IN, redact
from tests.target.rows import at, case, case_id, chat, chat_id, comment, mail, transcript
from tests.target.support import texts, verdict_on

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

CARD, ADDRESS = "4000007100423125", "ada@example.org"
ROWS = [
    case(Description=f"my card is {CARD}", Origin="Web", Subject="pay"),
    comment(CommentBody=f"noted {ADDRESS}"),
    mail(TextBody=None, HtmlBody=f"<p>again {CARD[:8]}<b>{CARD[8:]}</b>, order 123456</p>"),
    chat(Body=transcript(f"( 7s ) Nora V: Hi {ADDRESS}", f"( 9s ) Ada Quill: {CARD}")),
]
RULES = {"card": "[card]", "email": "[email]", r"order \d{6}": "[order]"}


def test_messages_of_every_kind_leave_redacted(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Descriptions, comments, mails and chats; the summary counts by rule, own ones by number."""
    outcome = run_target(*ROWS, redact=RULES)

    assert outcome.exit_code == 0
    sent = json.dumps([post.payload for post in creovai.posts])
    assert not any(word in sent for word in (CARD, ADDRESS, "123456"))
    assert texts(creovai.cases[case_id()]) == [
        "my card is [card]",
        "again [card], [order]",
        "noted [email]",
    ]
    assert outcome.says("redacted") == ["redacted   card: 3, email: 2, rule 3: 1"]


def test_a_dry_run_writes_what_would_be_sent(run_dry: TargetRunner) -> None:
    """Who looks before sending sees the same words."""
    outcome = run_dry(*ROWS, redact=RULES)

    written = json.dumps([run_dry.payloads("case"), run_dry.payloads("chat")])
    assert not any(word in written for word in (CARD, ADDRESS, "123456"))
    assert outcome.says("redacted") == ["redacted   card: 3, email: 2, rule 3: 1"]


def test_the_store_keeps_rows_as_they_are(run_dry: TargetRunner) -> None:
    """So that other rules can be applied later."""
    run_dry(*ROWS, redact=RULES)
    bodies = b"".join(row.body for row in run_dry.query("SELECT body FROM creovai_rows"))

    assert CARD.encode() in bodies


def test_new_rules_are_another_content(run_target: TargetRunner, creovai: CreovaiServer) -> None:
    """What waits is looked at once more; what was sent goes again when something else changes."""
    plain, hidden = (verdict_on(*ROWS[:2], redact=tuple(r.items())) for r in ({}, RULES))
    assert isinstance(plain, Ready)
    assert isinstance(hidden, Ready)
    assert plain.content_hash != hidden.content_hash
    assert (
        len({fingerprint(AssemblySettings(redact=tuple(r.items()))) for r in ({}, RULES, BUILT_IN)})
        == 3
    )

    run_target(*ROWS)
    run_target(redact=RULES)
    assert creovai.post_count(case_id()) == 1
    run_target(comment(2, CreatedDate=at("14:00")), redact=RULES)
    assert texts(creovai.cases[case_id()])[0] == "my card is [card]"


@pytest.mark.parametrize(
    ("rules", "text", "left"),
    [
        pytest.param({"b+": "a", "a": "c"}, "ab", "ca", id="replacements-are-not-redacted-again"),
        pytest.param({"ab": "1", "bc": "2"}, "abc", "1", id="equal-ones-overlap"),
        pytest.param({"bc": "2", "ab": "1"}, "abc", "2", id="equal-ones-the-other-way-round"),
        pytest.param({"ab": "1", "bcd": "2"}, "abcd", "2", id="the-longest-names-it"),
        pytest.param({"ab": "1", "bc": "2", "cd": "3"}, "abcde", "1e", id="a-chain"),
        pytest.param({"card": "1", "email": "2"}, f"{CARD}@x.org", "2", id="a-card-in-an-address"),
        pytest.param({"a": "1", "b": "2"}, "ab", "12", id="neighbours"),
        pytest.param({"x*": "-"}, "axb", "a-b", id="nothing-is-not-replaced"),
        pytest.param({"a(.)": r"\1"}, "ab", r"\1", id="replacements-are-taken-literally"),
        pytest.param({"(?i)ABC": "-", "ABC": "+"}, "abc ABC", "- -", id="case-counts"),
        pytest.param({"(?<=no )\\w+": "-"}, "no name", "no -", id="looks-around"),
    ],
)
def test_overlaps_are_settled_in_one_pass(rules: dict[str, str], text: str, left: str) -> None:
    """The same text and rules always give the same, and no end of a find stays behind."""
    assert redact(text, rules) == left


def test_a_message_of_which_nothing_is_left_is_left_out() -> None:
    """So is who said nothing else, and a conversation of nothing else is skipped."""
    rows = [case(Description=CARD, Origin="Web"), comment(CommentBody="thanks")]
    verdict = verdict_on(*rows, redact=(("card", ""),))

    assert isinstance(verdict, Ready)
    assert texts(verdict.payload) == ["thanks"]
    assert [person["type"] for person in verdict.payload["participants"]] == ["Agent"]
    assert isinstance(verdict_on(rows[0], redact=(("card", " "),)), Skipped)
    lonely = chat(Body=transcript(f"( 9s ) Ada Quill: {CARD}"))
    assert isinstance(verdict_on(lonely, redact=(("card", ""),)), Skipped)


def test_an_expression_that_comes_to_no_end_sets_aside(
    monkeypatch: pytest.MonkeyPatch, run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """What could not be redacted does not leave; the others do, and no report quotes the rule."""
    monkeypatch.setattr("target_creovai.redaction.patterns.SECONDS_PER_TEXT", 0.05)
    outcome = run_target(case(Description="x" * 5000), chat(), redact={r"(x+x+)+y": "-"})

    assert list(creovai.chats) == [chat_id()]
    assert outcome.exit_code == 3
    (line,) = outcome.says("SET ASIDE")
    assert "rule 1 came to no end" in line
    assert "x+x" not in outcome.stderr


def test_names_of_unknown_speakers_stay_readable() -> None:
    """They are what `speaker_roles` has to match, and hold nothing that was said."""
    body = transcript("( 1s ) Nora V: a", "( 2s ) Lee: b", f"( 3s ) Sam: {CARD}")
    row = chat(Body=body, ContactId=None, Contact=None)
    verdict = verdict_on(row, redact=(("card", "-"),))

    assert isinstance(verdict, SetAside)
    assert verdict.detail == {"unknown_speakers": {"Lee": 1, "Sam": 1}}
    assert Role.UNKNOWN not in AssemblySettings().participant_types


def test_who_redacts_nothing_loads_nothing(run_dry: TargetRunner) -> None:
    """The libraries behind the rules take memory and a part of a second."""
    code = (
        "import sys, json; from target_creovai.target import TargetCreovai\n"
        "TargetCreovai(config=json.loads(sys.argv[1]))\n"
        "print([name for name in ('phonenumbers', 'stdnum', 'regex') if name in sys.modules])"
    )

    def loaded(**settings: Any) -> str:
        config = json.dumps(run_dry.config | settings)
        return subprocess.check_output(
            [sys.executable, "-c", code, config],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            text=True,
        ).strip()

    assert loaded() == "[]"
    assert loaded(redact={"order": "-"}) == "['regex']"
