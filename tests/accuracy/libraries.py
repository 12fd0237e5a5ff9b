"""What other libraries keep of a mail: a worker, run by the Python that they are installed in.

It reads a JSON object per line (`text` and `html`, one of them null, and `shown`, either as text)
and answers each with `text` or `html`. Some of their patterns backtrack without end: the caller
watches the clock.

    python libraries.py talon
    python libraries.py edgetier tests/accuracy/.suites/EdgeTier/email-reply-parser
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Mail = dict[str, str | None]


def talon() -> Callable[[Mail], Mail]:
    """Return talon's extraction, for text and for HTML."""
    import_module("talon").init()
    quotations = import_module("talon.quotations")

    def read(mail: Mail) -> Mail:
        if mail["text"] is None:
            return {"text": None, "html": quotations.extract_from_html(mail["html"])}
        return {"text": quotations.extract_from_plain(mail["text"]), "html": None}

    return read


def mail_parser_reply() -> Callable[[Mail], Mail]:
    """Return mail-parser-reply's extraction, in all its languages; it knows no HTML."""
    languages = import_module("mailparser_reply.constants").MAIL_LANGUAGES
    parser = import_module("mailparser_reply").EmailReplyParser(languages=[*languages])

    def read(mail: Mail) -> Mail:
        return {"text": parser.read(mail["shown"]).latest_reply, "html": None}

    return read


def email_reply_parser() -> Callable[[Mail], Mail]:
    """Return the extraction of Zapier's email-reply-parser; it knows no HTML."""
    parser = import_module("email_reply_parser").EmailReplyParser

    def read(mail: Mail) -> Mail:
        return {"text": parser.parse_reply(mail["shown"]), "html": None}

    return read


def edgetier() -> Callable[[Mail], Mail]:
    """Return the extraction of EdgeTier's fork of it, from its checkout: PyPI does not have it."""
    sys.path.insert(0, sys.argv[2])
    parser = import_module("email_reply_parser").EmailReplyParser

    def read(mail: Mail) -> Mail:
        return {"text": parser.cut_off_at_signature(mail["shown"], word_limit=None), "html": None}

    return read


def quotequail() -> Callable[[Mail], Mail]:
    """Return quotequail's extraction, for text and for HTML."""
    library = import_module("quotequail")

    def read(mail: Mail) -> Mail:
        kind = "html" if mail["text"] is None else "text"
        quote = library.quote_html if kind == "html" else library.quote
        parts = quote(mail[kind], quote_intro_line=True)
        own = "\n".join(part for is_own, part in parts if is_own)
        return {"text": None, "html": None} | {kind: own}

    return read


READERS = {
    "edgetier": edgetier,
    "email-reply-parser": email_reply_parser,
    "mail-parser-reply": mail_parser_reply,
    "quotequail": quotequail,
    "talon": talon,
}


def main() -> None:
    """Answer until the input ends."""
    read = READERS[sys.argv[1]]()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(read(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
