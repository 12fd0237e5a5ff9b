"""The goals of accuracy, held against the labelled set, and the scores that measure them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.accuracy.__main__ import ours, total_of_chats, total_of_mails
from tests.accuracy.cases import Chat, Mail, chats, mails
from tests.accuracy.scores import ChatScore, MailScore, score_chat, score_mail

MIN_PRECISION = 0.99
MIN_RECALL = 0.97
MIN_SHARE = 0.99


@pytest.fixture(scope="module")
def chat_score() -> ChatScore:
    """Return the score of all labelled transcripts."""
    return total_of_chats()


@pytest.fixture(scope="module")
def mail_score() -> MailScore:
    """Return our score of all labelled mails."""
    return total_of_mails(ours)


def test_the_set_is_large_and_speaks_many_languages() -> None:
    """What the shares below are shares of."""
    assert len(chats()) >= 60
    assert len(mails()) >= 120
    assert len({chat.language for chat in chats()}) >= 8
    assert len({mail.language for mail in mails()}) >= 8
    names = [chat.name for chat in chats()] + [mail.name for mail in mails()]
    assert len(set(names)) == len(names)


def test_every_visible_character_of_a_transcript_comes_out(chat_score: ChatScore) -> None:
    """The conservation law knows no percentage."""
    assert chat_score.conserved == chat_score.characters


@pytest.mark.parametrize("share", ["speakers", "times", "texts"])
def test_messages_come_out_as_labelled(chat_score: ChatScore, share: str) -> None:
    """At least 99 of 100 have the right speaker, time and text."""
    assert getattr(chat_score, share) >= MIN_SHARE * chat_score.messages, chat_score.wrong


def test_own_words_stay(mail_score: MailScore) -> None:
    """Hardly a word that is taken out of a mail is its author's own."""
    assert mail_score.history_precision >= MIN_PRECISION, mail_score.wrong
    assert mail_score.text_recall >= MIN_PRECISION, mail_score.wrong


def test_history_goes(mail_score: MailScore) -> None:
    """Hardly a word of history stays."""
    assert mail_score.history_recall >= MIN_RECALL, mail_score.wrong
    assert mail_score.text_precision >= MIN_RECALL, mail_score.wrong


# --- Scores that cannot fall prove nothing ------------------------------------------------------


def labelled_chat() -> Chat:
    """Return a plain transcript of four messages."""
    return next(chat for chat in chats() if chat.name == "native/visitor_and_owner")


def test_a_wrong_speaker_time_or_text_costs() -> None:
    """Each mistake counts where it belongs, and nowhere else."""
    chat = labelled_chat()
    assert chat.said
    first, *others = chat.said

    def score(**wrong: str) -> tuple[int, int, int]:
        result = score_chat(replace(chat, said=(replace(first, **wrong), *others)))
        return result.speakers, result.times, result.texts

    assert score() == (4, 4, 4)
    assert score(role="customer") == score(speaker="Harry L") == (3, 4, 4)
    assert score(at="2024-03-05T09:00:05") == (4, 3, 4)
    assert score(text="Good evening") == (4, 4, 3)


def test_a_missing_and_an_extra_message_cost() -> None:
    """A message too few is wrong in all respects, and so is one too many."""
    chat = labelled_chat()
    assert chat.said
    doubled = (*chat.said, chat.said[0])

    assert score_chat(replace(chat, said=chat.said[1:])).speakers == 3
    assert score_chat(replace(chat, said=chat.said[1:])).messages == 4
    assert score_chat(replace(chat, said=doubled)).times == 4
    assert score_chat(replace(chat, said=doubled)).messages == 5


def test_a_transcript_that_should_be_refused_costs_when_it_is_read() -> None:
    """A guess is a mistake."""
    read = score_chat(replace(labelled_chat(), said=None))

    assert read.wrong
    assert read.speakers == 0


@pytest.mark.parametrize(
    ("kept", "history", "own"),
    [
        pytest.param("new words", (1, 1), (1, 1), id="right"),
        pytest.param("new", (3 / 4, 1), (1, 1 / 2), id="own-word-eaten"),
        pytest.param("new words said", (1, 2 / 3), (2 / 3, 1), id="history-left"),
        pytest.param(None, (0, 0), (2 / 5, 1), id="out-of-time"),
    ],
)
def test_mail_scores_count_tokens(
    kept: str | None, history: tuple[float, float], own: tuple[float, float]
) -> None:
    """Precision and recall of what was removed, and of what was kept."""
    mail = Mail("m", "en", "new words\n> he said so", None, None, (), False, "new words")  # noqa: FBT003 -- a row of a table
    score = score_mail(mail, kept)

    assert (score.history_precision, score.history_recall) == pytest.approx(history)
    assert (score.text_precision, score.text_recall) == pytest.approx(own)
