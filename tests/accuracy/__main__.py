"""Print how accurate the parsers are on the labelled set, and what libraries make of it.

make accuracy
"""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections import Counter
from functools import reduce
from operator import add
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Final

from target_creovai.parsers.mail import full_text, read_mail
from tests.accuracy.cases import chats, mails
from tests.accuracy.clients import CLIENTS
from tests.accuracy.scores import ChatScore, MailScore, score_chat, score_mail
from tests.accuracy.suites import (
    LEFT,
    NEITHER,
    SUITES,
    digest,
    foreign_mails,
    score_foreign,
    trimmed,
)
from tests.accuracy.threads import score_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.accuracy.cases import Mail
    from tests.accuracy.suites import Foreign, Suite

WORKER: Final = Path(__file__).with_name("libraries.py")
LIBRARIES: Final = ("talon", "mail-parser-reply")
# Any mail of the set takes them milliseconds, or never ends.
TIMEOUT_SECONDS: Final = 10
THREADS: Final = 300


class Library:
    """Another library, in a process that is replaced when a mail takes too long."""

    def __init__(self, python: str, *arguments: str) -> None:
        self._command = [python, str(WORKER), *arguments]
        self._process = self._start()

    def read(self, mail: Mail) -> str | None:
        """Return what the library keeps of a mail, None when time runs out."""
        question = {"text": mail.text, "html": mail.html, "shown": full_text(mail.text, mail.html)}
        questions, answers = self._process.stdin, self._process.stdout
        assert questions
        assert answers
        questions.write(json.dumps(question) + "\n")
        questions.flush()
        ready, _, _ = select.select([answers], [], [], TIMEOUT_SECONDS)
        if not ready:
            self.stop()
            self._process = self._start()
            return None
        answer = json.loads(answers.readline())
        return full_text(answer["text"], answer["html"])

    def stop(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # warnings of theirs, one per odd tag
            text=True,
        )


def ours(mail: Mail) -> str:
    """Return what our parser keeps of a mail."""
    return read_mail(
        mail.text,
        mail.html,
        strip_quoted=True,
        earlier=mail.earlier,
        subject=mail.subject,
        strip_signatures=mail.strip_signatures,
    ).text


def total_of_chats() -> ChatScore:
    """Return the score of all labelled transcripts."""
    return reduce(add, map(score_chat, chats()))


def total_of_mails(read: Callable[[Mail], str | None]) -> MailScore:
    """Return the score of all labelled mails."""
    return reduce(add, (score_mail(mail, read(mail)) for mail in mails()))


def total_of_threads(count: int) -> MailScore:
    """Return the score of that many generated threads."""
    generators = map(Random, range(count))  # made-up data: no secret rests on it
    return reduce(add, map(score_thread, generators))


def main(pythons: Sequence[str]) -> None:
    """Print the tables; with the libraries' Python, theirs too."""
    say("Transcripts: share that comes out as labelled")
    _print_chats(total_of_chats())
    say("\nMails: own words and quoted history, in tokens")
    say(f"{'':20}{'exact':>9}{'history':>19}{'own words':>19}{'time-outs':>11}")
    say(f"{'':20}{'':9}{'precision':>11}{'recall':>8}{'precision':>11}{'recall':>8}")
    _print_mails("target_creovai", total_of_mails(ours))
    for python in pythons:
        for name in LIBRARIES:
            library = Library(python, name)
            try:
                _print_mails(name, total_of_mails(library.read))
            finally:
                library.stop()
    languages = Counter([chat.language for chat in chats()] + [mail.language for mail in mails()])
    counts = ", ".join(f"{language} {count}" for language, count in languages.most_common())
    say(f"\n{len(languages)} languages: {counts}")
    say("The libraries know no earlier mails of a case, no subject and no signature setting.")
    say(f"\n{THREADS} generated threads of {len(CLIENTS)} clients, sent through a case")
    _print_mails("threads", total_of_threads(THREADS))
    print_suites(pythons)


def say(text: str) -> None:
    """Print one line."""
    sys.stdout.write(text + "\n")


def _print_chats(score: ChatScore) -> None:
    say(f"  transcripts {len(chats()):6}  messages {score.messages}")
    for name, right in (("speaker", score.speakers), ("time", score.times), ("text", score.texts)):
        say(f"  {name:12}{right / score.messages:8.2%}")
    say(f"  {'conserved':12}{score.conserved / score.characters:8.2%} of all visible characters")
    for name in score.wrong:
        say(f"  not as labelled: {name}")


def print_suites(pythons: Sequence[str]) -> None:
    """Print what the public suites say that are there, each beside its own library."""
    say("\nPublic suites: checkouts in tests/accuracy/.suites/OWNER/NAME")
    seen: dict[str, MailScore] = {}
    for suite in SUITES:
        there = foreign_mails(suite)
        labelled = [foreign for foreign in there if foreign.letters]
        labels = f"{len(labelled)} of {len(there)} mails are labelled" if there else "not there"
        say(f"{suite.repository}: {labels}")
        scores = {digest(one.mail): score_foreign(one, ours(one.mail)) for one in labelled}
        if labelled:
            _print_mails("target_creovai", reduce(add, scores.values()))
            _print_own_library(suite, labelled, pythons)
        seen |= scores
    if seen:
        _print_mails("each mail once", reduce(add, seen.values()))
        say(f"They differ in these, which count neither way: {'; '.join(NEITHER.values())}")


def _print_own_library(suite: Suite, labelled: list[Foreign], pythons: Sequence[str]) -> None:
    if suite.trimmed:
        total = reduce(add, (score_foreign(one, trimmed(suite, one)) for one in labelled))
        _print_mails("its own library", total)
    for python in pythons if suite.library else ():
        library = Library(python, suite.library, str(suite.checkout))
        try:
            total = reduce(add, (score_foreign(one, library.read(one.mail)) for one in labelled))
        finally:
            library.stop()
        _print_mails("its own library", total)


def _print_mails(name: str, score: MailScore) -> None:
    exact = f"{score.exact}/{score.mails}"
    say(
        f"{name:20}{exact:>9}{score.history_precision:11.3f}{score.history_recall:8.3f}"
        f"{score.text_precision:11.3f}{score.text_recall:8.3f}{score.timeouts:11}"
    )
    if name == "target_creovai":
        for wrong in score.wrong:
            reason = f" ({LEFT[wrong]})" if wrong in LEFT else ""
            say(f"  not as labelled: {wrong}{reason}")


if __name__ == "__main__":
    main(sys.argv[1:])
