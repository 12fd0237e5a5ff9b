"""Reasons are codes with arguments: stored as such, and told in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from target_creovai.model.outcomes import _TEXTS, Code, Reason, parse_reason
from target_creovai.store import Store
from tests.target.rows import case, case_id, chat, chat_id
from tests.target.version_1 import make_store

if TYPE_CHECKING:
    from tests.target.support import TargetRunner

NUMBER_OF_ARGUMENTS = {code: text.count("{}") for code, text in _TEXTS.items()}


def reasons() -> st.SearchStrategy[Reason]:
    """Return reasons of every code, with any text in their arguments."""
    return st.sampled_from(Code).flatmap(
        lambda code: st.builds(
            Reason,
            st.just(code),
            st.tuples(*[st.text(min_size=1)] * NUMBER_OF_ARGUMENTS[code]),
        )
    )


@given(reasons().filter(lambda reason: reason.code is not Code.OTHER))
def test_a_stored_reason_is_read_as_it_was_written(reason: Reason) -> None:
    """Whatever its arguments hold, such as braces, quotes or words of another reason."""
    assert parse_reason(reason.stored) == reason
    assert all(argument in str(reason) for argument in reason.args)


def test_every_code_has_its_words() -> None:
    """No two reasons without arguments read alike."""
    assert set(_TEXTS) == set(Code)
    plain = [text for text in _TEXTS.values() if "{}" not in text]
    assert len(plain) == len(set(plain))


@pytest.mark.parametrize("words", ["HTTP 400: Creovai refused it", "deleted in Salesforce", "x ["])
def test_words_of_an_earlier_version_stay_words(words: str) -> None:
    """They are shown, and written back, as they are."""
    assert str(parse_reason(words)) == words
    assert parse_reason(words).stored == words


@pytest.mark.parametrize(
    ("outcome", "words", "code"),
    [
        ("waiting", "read without EmailMessage.TextBody or HtmlBody", Code.FIELD_UNREAD),
        ("waiting", "a part was never read: the stream CaseComment", Code.STREAM_UNREAD),
        ("waiting", "a part was never read: Case before 2024-01-01T00:00:00Z", Code.EARLIER_UNREAD),
        ("waiting", "a part was never read: Case from 2024-01-01T00:00:00Z on", Code.LATER_UNREAD),
        ("waiting", "a part was never read: the rest of Case", Code.REST_UNREAD),
        ("waiting", "another input is being read", Code.ANOTHER_INPUT),
        ("waiting", "it changed while it was read: the next run reads on", Code.CHANGED_MEANWHILE),
        ("sent", "deleted in Salesforce after it was sent", Code.DELETED_LATER),
        (
            "pending",
            "no answer (HTTP 500): Creovai is asked for it for 15 minutes before it is sent again",
            Code.IN_DOUBT,
        ),
    ],
)
def test_what_an_earlier_version_wrote_in_words_still_decides(
    run_target: TargetRunner, outcome: str, words: str, code: Code
) -> None:
    """What waits for rows, is in doubt or follows `on_delete` does so after the upgrade."""
    url = str(run_target.config["store_url"])
    make_store(url, case(1), chat(1))
    run_target.execute(
        f"UPDATE creovai_conversations SET outcome = '{outcome}', reason = '{words}' "  # noqa: S608
        f"WHERE id = '{case_id(1)}'"
    )
    with Store(url) as store:
        (line,) = store.ledger.entries("case", [case_id(1)])
        (other,) = store.ledger.entries("chat", [chat_id(1)])

    assert line.reason is not None
    assert (line.reason.code, str(line.reason)) == (code, words)
    assert other.reason is None


def test_words_that_decide_nothing_are_kept_by_the_upgrade(run_target: TargetRunner) -> None:
    """Why Creovai refused something is told as it was, until it is looked at anew."""
    url = str(run_target.config["store_url"])
    make_store(url, case(1))
    run_target.execute(
        "UPDATE creovai_conversations SET outcome = 'set aside', "
        "reason = 'HTTP 400: Creovai refused it'"
    )
    with Store(url) as store:
        (line,) = store.ledger.entries("case", [case_id(1)])
    assert str(line.reason) == "HTTP 400: Creovai refused it"
