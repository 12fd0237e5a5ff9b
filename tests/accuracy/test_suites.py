"""The score of public suites: what a checkout is worth that a reader puts there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.accuracy import suites
from tests.accuracy.__main__ import print_suites
from tests.accuracy.cases import HERE, Mail
from tests.accuracy.suites import NEITHER, SUITES, Foreign, digest, foreign_mails, score_foreign

if TYPE_CHECKING:
    from pathlib import Path

# As its own wording, in the layout that Gmail writes.
BODY = "It works now.\n\nOn Mon, Mar 4, 2024 at 9:12 AM Ida <ida@x.example> wrote:\n> Try again?\n"


def mail(text: str) -> Mail:
    """Return a mail of a suite."""
    return Mail("m", "", text, None, None, (), False, "")  # noqa: FBT003 -- a row of a table


@pytest.fixture
def checkouts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty folder where checkouts are looked for."""
    monkeypatch.setattr(suites, "CHECKOUTS", tmp_path)
    return tmp_path


@pytest.mark.usefixtures("checkouts")
def test_a_suite_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    """A score that is silent about what it left out looks better than it is."""
    print_suites([])

    lines = capsys.readouterr().out.splitlines()
    assert [f"{suite.repository}: not there" for suite in SUITES] == lines[-len(SUITES) :]


def test_a_checkout_is_scored(
    checkouts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Its mails are found, and told apart into labelled ones and others."""
    folder = checkouts / "github/email_reply_parser/test/emails"
    folder.mkdir(parents=True)
    (folder / "known.txt").write_text(BODY.replace("\n", "\r\n"))
    (folder / "unknown.txt").write_text("Something else")
    monkeypatch.setattr(suites, "_labels", lambda: {digest(mail(BODY)): "ooo" + "h" * 16})

    print_suites([])

    out = capsys.readouterr().out
    assert (
        "github/email_reply_parser: 1 of 2 mails are labelled\ntarget_creovai            1/1" in out
    )


def test_what_is_left_on_purpose_says_why(
    checkouts: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A reader can tell a policy from a mistake."""
    folder = checkouts / "github/email_reply_parser/test/emails"
    folder.mkdir(parents=True)
    (folder / "prompt.txt").write_text("C> dir")
    monkeypatch.setattr(suites, "_labels", lambda: {digest(mail("C> dir")): "hh"})
    monkeypatch.setitem(suites.LEFT, "prompt", "a command prompt")

    print_suites([])

    assert "not as labelled: prompt (a command prompt)\n" in capsys.readouterr().out


def test_both_bodies_of_a_message_are_read(checkouts: Path) -> None:
    """Some suites keep whole messages, with a text and an HTML body."""
    folder = checkouts / "mailgun/talon/tests/fixtures/standard_replies"
    folder.mkdir(parents=True)
    (folder / "both.eml").write_text(
        "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=x\n\n"
        "--x\nContent-Type: text/plain\n\nHi\n--x\nContent-Type: text/html\n\n<p>Hi</p>\n--x--\n"
    )
    suite = next(suite for suite in SUITES if suite.repository == "mailgun/talon")

    plain, html = (foreign.mail for foreign in foreign_mails(suite))

    assert (plain.text or "").strip() == "Hi"
    assert (html.html or "").strip() == "<p>Hi</p>"


@pytest.mark.parametrize(
    ("kept", "own", "history", "exact"),
    [
        pytest.param("new words", 1, 1, 1, id="right"),
        pytest.param("new words\n--\nAnn", 1, 1, 1, id="signature-kept"),
        pytest.param("new", 1 / 2, 1, 0, id="own-word-eaten"),
        pytest.param("new words said", 1, 2 / 3, 0, id="history-left"),
        pytest.param(None, 1, 0, 0, id="out-of-time"),
    ],
)
def test_policies_count_neither_way(
    tmp_path: Path, kept: str | None, own: float, history: float, exact: int
) -> None:
    """A signature that is kept or cut costs nothing; own words and history do."""
    foreign = Foreign(mail("new words\n> he said so\n--\nAnn"), tmp_path, "oohhhs")

    score = score_foreign(foreign, kept)

    assert (score.text_recall, score.history_recall) == pytest.approx((own, history))
    assert score.exact == exact


def test_a_label_of_another_length_is_refused(tmp_path: Path) -> None:
    """It would be shifted by some words, and score nonsense."""
    with pytest.raises(ValueError, match="2 words, but 1 in its label"):
        score_foreign(Foreign(mail("new words"), tmp_path, "o"), "new words")


def test_labels_name_each_mail_once() -> None:
    """They are written by hand."""
    rows = (HERE / "suites.txt").read_text("utf-8").splitlines()
    digests = [row.split()[0] for row in rows if row and not row.startswith("#")]

    assert len(set(digests)) == len(digests) == len(suites._labels())
    assert set("".join(suites._labels().values())) == {"o", "h", *NEITHER}
