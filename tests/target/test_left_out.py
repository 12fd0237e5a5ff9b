"""What is not sent of a conversation, handed over to whoever asks for it: `preview`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from target_creovai.assemble import Ready, assemble, fingerprint
from target_creovai.model.conversation import NOTHING_REMOVED, LeftOut, Why
from target_creovai.model.settings import AssemblySettings
from target_creovai.redaction.engine import restored
from target_creovai.settings.config import DEFAULT_PARTICIPANT_TYPES
from tests.target.messaging_rows import BOT, answer, entries, entry, says, session, session_id
from tests.target.rows import at, case, case_id, chat, chat_id, comment, mail, reply, transcript
from tests.target.support import NOW

if TYPE_CHECKING:
    from target_creovai.model.conversation import Conversation
    from target_creovai.model.rows import Row
    from tests.target.rows import Record

RULES = AssemblySettings(participant_types=DEFAULT_PARTICIPANT_TYPES, keep_removed=True)
CARD = "4111 1111 1111 1111"
EARLIER = "The seal of my machine leaks since yesterday. What can I do about it?"


def ready(kind: str, key: str, *records: Record, **settings: Any) -> Ready:
    """Assemble a conversation that tells what is not sent of it."""
    rows: dict[str, list[Row]] = {}
    for record in records:
        rows.setdefault(record.stream, []).append(record.row)
    verdict = assemble(kind, key, rows, replace(RULES, **settings), NOW)
    assert isinstance(verdict, Ready)
    return verdict


def made_of(kind: str, key: str, *records: Record, **settings: Any) -> Conversation:
    """Return what its payload is made of."""
    conversation = ready(kind, key, *records, **settings).conversation
    assert conversation is not None
    return conversation


def whys(left_out: tuple[LeftOut, ...]) -> list[tuple[Why, str]]:
    """Return why each was left out, with its text."""
    return [(item.why, item.text) for item in left_out]


def test_a_mail_keeps_its_whole_text_and_says_what_was_its_signature() -> None:
    """The engine's own decision, handed over: nobody decides a second time what a quote is."""
    answer = (
        "Please close the valve.\n\n-- \nNora Vance\nDesk\n\n"
        f"Am 06.05.2024 schrieb Ada Quill:\n> {EARLIER}"
    )

    _, message = made_of(
        "case",
        case_id(),
        case(),
        mail(1, TextBody=EARLIER),
        reply(2, MessageDate=at("11:30"), TextBody=answer),
    ).messages

    assert message.text == "Please close the valve."
    assert message.removed.whole == answer.replace("-- ", "--")
    assert message.removed.signature == ("--", "Nora Vance", "Desk", "")
    # A mail of which nothing was taken has no second text.
    assert made_of("case", case_id(), case(), mail(1)).messages[0].removed == NOTHING_REMOVED


def test_internal_comments_and_copies_are_named() -> None:
    """A comment for the desk alone, and one that only repeats a mail."""
    left_out = made_of(
        "case",
        case_id(),
        case(),
        mail(1, TextBody=EARLIER),
        comment(2, CommentBody="Customer is upset.", IsPublished=False),
        comment(3, CommentBody="deleted", IsPublished=False, IsDeleted=True),
        comment(4, CommentBody=EARLIER, CreatedDate=at("12:30")),
    ).left_out

    assert sorted(whys(left_out)) == [
        (Why.INTERNAL, "Customer is upset."),
        (Why.REPEATED, EARLIER),
    ]
    assert {item.name for item in left_out} == {"Nora Vance"}


def test_a_chat_names_what_its_roles_and_its_supervisors_said() -> None:
    """`participant_types` has null for them, or the setting for internal comments is off."""
    row = chat(
        1,
        Body=transcript(
            "( 1s ) Helper: I am a bot", "( 3s ) Nora V: Hello", "( 5s ) Ada Quill: Hi"
        ),
        SupervisorTranscriptBody=transcript("( 4s ) Boss: Be kind"),
    )
    speakers = (("Helper", "bot"),)
    types = {**DEFAULT_PARTICIPANT_TYPES, "bot": None}

    conversation = made_of("chat", chat_id(), row, speaker_roles=speakers, participant_types=types)

    assert [message.text for message in conversation.messages] == ["Hello", "Hi"]
    assert (Why.ROLE, "I am a bot") in whys(conversation.left_out)
    assert (Why.INTERNAL, "Be kind") in whys(conversation.left_out)


def test_a_session_names_its_notes() -> None:
    """Notes among agents, and a bot that has no type; what is sent is not among them."""
    said = [
        entry(1),
        answer(2),
        answer(3, EntryType="Note", Payload=says("be firm")),
        entry(4, **BOT),
    ]
    types = {**DEFAULT_PARTICIPANT_TYPES, "bot": None}

    conversation = made_of(
        "messaging", session_id(), session(), *entries(*said), participant_types=types
    )

    assert [message.text for message in conversation.messages] == ["words 1", "words 2"]
    assert whys(conversation.left_out) == [(Why.INTERNAL, "be firm"), (Why.ROLE, "words 4")]


def test_redaction_says_what_stood_where() -> None:
    """A place in the text that is sent, and the words that it stands for."""
    said = f"My card {CARD}, or call +1 212 555 0188 about {CARD}."
    rules = (("card", "[card]"), ("phone", "#"))

    conversation = made_of(
        "case", case_id(), case(), mail(1, TextBody=said), mail(2, TextBody=CARD), redact=rules
    )

    (message, other) = conversation.messages
    assert message.text == "My card [card], or call # about [card]."
    places = message.removed.replaced
    assert [(place.rule, message.text[place.start : place.end]) for place in places] == [
        ("card", "[card]"),
        ("phone", "#"),
        ("card", "[card]"),
    ]
    assert restored(message.text, places) == said
    assert other.text == "[card]"


def test_a_message_that_redaction_empties_is_named() -> None:
    """With the words that it had."""
    conversation = made_of(
        "case",
        case_id(),
        case(),
        mail(1, TextBody="my card"),
        mail(2, TextBody=CARD),
        redact=(("card", ""),),
    )

    assert [message.text for message in conversation.messages] == ["my card"]
    assert whys(conversation.left_out) == [(Why.REDACTED, CARD)]


def test_runs_keep_none_of_it_and_send_the_same() -> None:
    """It costs memory and time; and what is sent does not depend on who looks."""
    rows = (case(), mail(1, TextBody=EARLIER), comment(2, IsPublished=False))
    asked = ready("case", case_id(), *rows)
    run = ready("case", case_id(), *rows, keep_removed=False)

    assert run.conversation is None
    assert run.payload_hash == asked.payload_hash
    assert fingerprint(RULES) == fingerprint(replace(RULES, keep_removed=False))
