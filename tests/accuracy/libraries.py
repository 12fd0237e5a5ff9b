"""What other libraries keep of a mail: a worker, run by the Python that they are installed in.

It reads a JSON object per line (`text` and `html`, one of them null, and `shown`, either as text)
and answers each with `text` or `html`. Some of their patterns backtrack without end: the caller
watches the clock.

    python libraries.py talon
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


READERS = {"talon": talon, "mail-parser-reply": mail_parser_reply}


def main() -> None:
    """Answer until the input ends."""
    read = READERS[sys.argv[1]]()
    for line in sys.stdin:
        sys.stdout.write(json.dumps(read(json.loads(line))) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
