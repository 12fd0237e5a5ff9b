"""Who speaks in a chat: house rules, names that customers gave, and what is left open."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from target_creovai.model.participants import Role
from target_creovai.model.verdicts import SetAside
from tests.target.rows import CONTACT_ID, chat, chat_id, transcript
from tests.target.support import dialogue, in_words, payload_of, verdict_on

if TYPE_CHECKING:
    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

NO_CONTACT: dict[str, Any] = {"ContactId": None, "Contact": None}
THREE = transcript(
    "( 7s ) Nora V: Good day",
    "( 9s ) Nora V: hello",
    "( 11s ) Shop Team 7: I listen in",
    "( 12s ) Shop Team 7: and help",
    "( 13s ) Robi.exe: beep",
)


# Of the two who are left, neither a header nor the record says who is the visitor.
OPEN = chat(Body=THREE, **NO_CONTACT)


def types(body: str, *rules: tuple[str, Role], **fields: Any) -> list[str]:
    """Return the type of who said each message."""
    payload = payload_of(chat(Body=body, **fields), speaker_roles=rules)
    return [kind for _, kind, _ in dialogue(payload)]


# House rules


def test_a_house_rule_settles_who_speaks() -> None:
    """Case does not count, and the first pattern that fits decides."""
    rules = ((r"robi\.exe", Role.BOT), ("shop team .*", Role.AGENT), (".*", Role.CUSTOMER))

    assert types(THREE, *rules, **NO_CONTACT) == ["Customer", "Customer", "Agent", "Agent", "Bot"]


def test_a_pattern_must_fit_the_whole_name() -> None:
    """A word that stands in a name is not the name."""
    verdict = verdict_on(OPEN, speaker_roles=(("Shop", Role.AGENT),))

    assert isinstance(verdict, SetAside)
    assert "3 messages of 2 speakers" in str(verdict.reason)


def test_a_house_rule_is_stronger_than_the_record() -> None:
    """The owner of a transcript may be a bot's user."""
    body = transcript("( 7s ) Nora V: Good day", "( 9s ) Ada Quill: hello")

    assert types(body, ("Nora V", Role.BOT)) == ["Bot", "Customer"]


def test_a_house_rule_may_leave_a_speaker_out() -> None:
    """The system's messages are not sent unless they have a type."""
    rules = (("Shop Team .*", Role.SYSTEM),)

    assert types(THREE, *rules) == ["Agent", "Agent", "Customer"]


# What is left open


def test_names_without_a_role_go_into_the_ledger_and_nowhere_else(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """Whoever writes the rule finds them there; both ways out are named."""
    outcome = run_target(OPEN)
    (row,) = run_target.query("SELECT reason, detail FROM creovai_conversations")

    assert json.loads(row.detail) == {"unknown_speakers": {"Shop Team 7": 2, "Robi.exe": 1}}
    reason = in_words(row.reason) or ""
    assert "3 messages of 2 speakers" in reason
    assert "speaker_roles" in reason
    assert "participant_types.unknown" in reason
    assert "Robi" not in outcome.stderr + row.reason


def test_where_nothing_is_sent_the_names_are_in_a_file(run_dry: TargetRunner) -> None:
    """A dry run leaves the ledger alone, and rules are best made before anything is sent."""
    outcome = run_dry(OPEN)
    file = run_dry.folder / "payloads" / "set-aside" / f"{chat_id()}.json"

    assert json.loads(file.read_bytes())["unknown_speakers"].keys() == {"Shop Team 7", "Robi.exe"}
    assert file.stat().st_mode & 0o777 == 0o600
    assert "Robi" not in outcome.stderr


def test_a_new_house_rule_frees_what_was_set_aside(
    run_target: TargetRunner, creovai: CreovaiServer
) -> None:
    """No row need arrive again, and the names leave the ledger."""
    run_target(OPEN)
    assert run_target(speaker_roles={"Nobody .*": "agent"}).says("SET ASIDE")
    outcome = run_target(speaker_roles={"Shop .*": "agent", "Robi.*": "bot"})

    assert outcome.says("sent") == ["sent       1 chat"]
    assert run_target.ledger() == {chat_id(): ("sent", None)}
    (row,) = run_target.query("SELECT detail FROM creovai_conversations")
    assert row.detail is None


# Names that customers gave


@pytest.mark.parametrize(
    ("printed", "name"),
    [
        ("Ada Quill", ("Ada", "Quill")),
        ("Ada", ("Ada", None)),
        ("Ana María López", ("Ana", "María López")),
        ("Visitor", (None, None)),
        ("visitor 4711", (None, None)),
        ("Besucher", (None, None)),
    ],
)
def test_a_visitor_has_the_name_that_the_transcript_prints(
    printed: str, name: tuple[str | None, str | None]
) -> None:
    """It came from the pre-chat form; a label is nobody's name."""
    body = transcript("( 7s ) Nora V: Good day", f"( 9s ) {printed}: hello")
    payload = payload_of(chat(Body=body, **NO_CONTACT))
    (who,) = (who for who in payload["participants"] if who["type"] == "Customer")

    assert (who.get("firstName"), who.get("lastName")) == name
    assert who["referenceId"] == "5710000000000001AAA"


@pytest.mark.parametrize(
    "fields",
    [{}, NO_CONTACT | {"LeadId": "00Q1", "Lead": {"FirstName": "Ada", "LastName": "Quill"}}],
    ids=["contact", "lead"],
)
def test_a_contacts_name_is_the_records(fields: dict[str, Any]) -> None:
    """What was typed into a form is the weaker source."""
    body = transcript("( 7s ) Nora V: Good day", "( 9s ) Queen of Hearts: hello")
    payload = payload_of(chat(Body=body, **fields))
    (who,) = (who for who in payload["participants"] if who["type"] == "Customer")

    assert (who["firstName"], who["lastName"]) == ("Ada", "Quill")
    assert who["referenceId"] in {CONTACT_ID, "00Q1"}
