"""Whole threads, from rows to payload: each word under its author, nothing twice, nothing lost.

`data/mail_cases.json` holds them, and `data/unseen_mail_cases.json` those of somebody who had not
seen the parser. The markup is that of the clients named (ids, classes and header layouts as they
write them), people and words are invented. Of each thread's last mail they say what must be there
(`contains`), what must not (`lacks`), or all of it (`exact`), and why.
"""

from __future__ import annotations

import json
from operator import itemgetter
from pathlib import Path
from typing import Any

import pytest

from tests.target.rows import Record, at, case, mail, reply
from tests.target.support import payload_of

DATA = Path(__file__).parent / "data"
CASES = [
    thread
    for name in ("mail_cases.json", "unseen_mail_cases.json")
    for thread in json.loads((DATA / name).read_text("utf-8"))
]
GRETA: dict[str, Any] = {"FromAddress": "greta@example.org", "FromName": "Greta Olsen"}
TOMAS: dict[str, Any] = {"FromAddress": "support@example.com", "FromName": "Tomas Berg"}


def rows(thread: dict[str, Any]) -> list[Record]:
    """Return a case and its mails, an hour apart, in turn from the customer and the agent."""
    made = [case(Origin="Email", Subject="device")]
    for number, one in enumerate(thread["mails"]):
        incoming = one.get("incoming", number % 2 == 0)
        write, sender = (mail, GRETA) if incoming else (reply, TOMAS)
        made.append(
            write(
                number + 1,
                **sender,
                TextBody=one.get("text"),
                HtmlBody=one.get("html"),
                Subject=one.get("subject", "Re: device"),
                MessageDate=at(f"{11 + number}:00"),
                MessageIdentifier=f"<{number}@example.org>",
            )
        )
    return made


def flat(text: str) -> str:
    """Return a text without regard to its white space."""
    return " ".join(text.split())


@pytest.mark.parametrize(
    "thread", CASES, ids=[f"{thread['class']}-{thread['id']}" for thread in CASES]
)
def test_the_right_words_are_in_the_right_mouth(thread: dict[str, Any]) -> None:
    """What the author wrote there and then stays, and nothing of what others wrote."""
    rules = {"strip_signatures": bool(thread.get("strip_signatures"))}
    messages = payload_of(*rows(thread), **rules)["messages"]
    last = flat(max(messages, key=itemgetter("utcTimestamp"))["content"])
    want = thread["expect"]

    assert len(messages) == len(thread["mails"])
    assert last == flat(want.get("exact", last)), thread["why"]
    assert [words for words in want.get("contains", ()) if flat(words) not in last] == []
    assert [words for words in want.get("lacks", ()) if flat(words) in last] == []
