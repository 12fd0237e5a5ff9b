"""Public suites of mails: a checkout of one goes to `tests/accuracy/.suites/OWNER/NAME`.

Nothing is downloaded, and none of their text is kept here. `suites.txt` says of each mail, by a
digest of its text, which of its words are whose: `25o 40h 6s` are 25 own words, 40 of history, 6 of
a signature. Where the policies of the suites differ, words count neither way: see `NEITHER`.
"""

from __future__ import annotations

import email
import email.policy
from collections import Counter
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from target_creovai.parsers.mail import full_text
from tests.accuracy.cases import HERE, Mail
from tests.accuracy.scores import MailScore, tokens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHECKOUTS: Final = HERE / ".suites"
OWN: Final = "o"
HISTORY: Final = "h"
# Words that some suites keep and others don't.
NEITHER: Final = {
    "s": "signatures, sign-offs and disclaimers (ours stay unless `strip_signatures` says so)",
    "f": "forwarded mails (ours stay)",
    "q": "quoted lines with an answer below, and quotes that nobody is named for (ours stay)",
    "w": "mails that are nothing but history (ours stay whole)",
}

# Mails that a suite's own library cuts and ours leaves on purpose.
LEFT: Final = {
    "embedded_email_11": "a date, a time and a name on a line, as in tracking histories and logs,"
    " announce no quote",
    "embedded_email_7": "lines that begin with `C>` are a command prompt as well as a quote",
}


@dataclass(frozen=True, slots=True)
class Suite:
    """A public suite.

    Attributes:
        repository: On GitHub, and the folder of its checkout.
        mails: Where its mails are.
        library: Its own library, as `libraries.py` calls it; empty where PyPI has none.
        trimmed: Where the suite says what its own library keeps of each mail.
    """

    repository: str
    mails: tuple[str, ...]
    library: str = ""
    trimmed: str = ""

    @property
    def checkout(self) -> Path:
        """Where a reader may have put it."""
        return CHECKOUTS / self.repository


SUITES: Final = (
    Suite("discourse/email_reply_trimmer", ("test/emails/*.txt",), trimmed="test/trimmed"),
    Suite("EdgeTier/email-reply-parser", ("test/emails/*.txt",), library="edgetier"),
    Suite("alfonsrv/mail-parser-reply", ("test/emails/*.txt",), library="mail-parser-reply"),
    Suite("zapier/email-reply-parser", ("test/emails/*.txt",), library="email-reply-parser"),
    Suite("mailgun/talon", ("tests/fixtures/**/*.html", "tests/fixtures/**/*.eml"), "talon"),
    Suite("closeio/quotequail", ("tests/files/*.html",), library="quotequail"),
    Suite("crisp-oss/email-reply-parser", ("test/fixtures/*.txt",)),
    Suite("fiedl/extended_email_reply_parser", ("spec/email_fixtures/*.txt",)),
    Suite("github/email_reply_parser", ("test/emails/*.txt",)),
    Suite("willdurand/EmailReplyParser", ("tests/Fixtures/*.txt",)),
)


@dataclass(frozen=True, slots=True)
class Foreign:
    """A mail of a suite, and whose each of its words is; empty where nobody has labelled it."""

    mail: Mail
    path: Path
    letters: str


def foreign_mails(suite: Suite) -> list[Foreign]:
    """Return the mails of a suite's checkout; none where there is no checkout."""
    paths = sorted(path for mails in suite.mails for path in suite.checkout.glob(mails))
    return [
        Foreign(mail, path, _labels().get(digest(mail), ""))
        for path in paths
        for mail in _mails_in(path)
    ]


def trimmed(suite: Suite, foreign: Foreign) -> str:
    """Return what a suite says that its own library keeps of a mail."""
    return (suite.checkout / suite.trimmed / foreign.path.name).read_text("utf-8")


@cache
def _labels() -> dict[str, str]:
    """Return, by digest, one letter per word of a mail."""
    lines = (HERE / "suites.txt").read_text("utf-8").splitlines()
    rows = (line.split() for line in lines if line[:1] not in {"", "#"})
    return {key: "".join(map(_spelt_out, runs)) for key, _, *runs in rows}


def digest(mail: Mail) -> str:
    """Return what names a mail's text, however its lines end."""
    return sha256(" ".join((mail.text or mail.html or "").split()).encode()).hexdigest()[:10]


def score_foreign(foreign: Foreign, kept: str | None) -> MailScore:
    """Compare what was kept of a mail with its label; None says that time ran out."""
    words = tokens(full_text(foreign.mail.text, foreign.mail.html))
    if len(words) != len(foreign.letters):
        msg = f"{foreign.path}: {len(words)} words, but {len(foreign.letters)} in its label"
        raise ValueError(msg)
    whose = Counter(zip(words, foreign.letters, strict=True))
    own = Counter({word: count for (word, by), count in whose.items() if by == OWN})
    history = Counter({word: count for (word, by), count in whose.items() if by == HISTORY})
    got = Counter(words if kept is None else tokens(kept))
    left = (got - (Counter(words) - history)) & history
    kept_own = (got & own).total()
    exact = kept_own == own.total() and not left
    return MailScore(
        mails=1,
        exact=int(exact),
        whole=own.total() + history.total(),
        kept=kept_own + left.total(),
        own=own.total(),
        kept_own=kept_own,
        timeouts=int(kept is None),
        wrong=() if exact else (foreign.mail.name,),
    )


def _spelt_out(run: str) -> str:
    return run[-1] * int(run[:-1])


def _mails_in(path: Path) -> Iterator[Mail]:
    if path.suffix != ".eml":
        text = path.read_text("utf-8", errors="replace")
        yield _mail(path.stem, text, is_html=path.suffix == ".html")
        return
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    for subtype in ("plain", "html"):
        body = message.get_body(preferencelist=(subtype,))
        if body is not None:
            name = f"{path.stem}, {subtype}"
            yield _mail(name, body.get_content(), is_html=subtype == "html")


def _mail(name: str, body: str, *, is_html: bool) -> Mail:
    return Mail(
        name=name,
        language="",
        text=None if is_html else body,
        html=body if is_html else None,
        subject=None,
        earlier=(),
        strip_signatures=False,
        own="",
    )
