"""Which stream of a tap is which of Salesforce's objects.

Taps call streams as the API does (`LiveChatTranscript`), or as a database has made it of that:
`live_chat_transcript`, `LIVECHATTRANSCRIPT`, `salesforce-Case`, `stg_salesforce__case_comment`.
"""

from __future__ import annotations

import re
from itertools import combinations
from typing import TYPE_CHECKING

from target_creovai.salesforce.fields import FIELDS, LONGEST_NAME, spelling_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

PEOPLE_STREAMS = ("User", "Contact")
CONVERSATION_STREAMS = tuple(name for name in FIELDS if name not in PEOPLE_STREAMS)

_BY_KEY = {spelling_key(name): name for name in FIELDS}
_BY_KEY |= {f"{key}s": name for key, name in _BY_KEY.items()}
_CUSTOM = re.compile(r"__\w{1,3}$")  # custom objects, shares, histories ...

# Schemas, databases and namespaces stand before such marks; a lone `_` may be part of another
# object's name, as in `account_contact`.
_MARKS = re.compile(r"__|[-.:/]")
_WORDS = re.compile(r"[^\W_]+")
_SALESFORCES = ("salesforce", "sfdc", "sf")

# Fields that no history, share or feed of the object has, nor what other systems call so.
_MARKS_OF: Mapping[str, frozenset[str]] = {
    "Case": frozenset({"casenumber", "isclosed"}),
    "CaseComment": frozenset({"commentbody"}),
    "EmailMessage": frozenset({"textbody", "htmlbody", "incoming"}),
    "LiveChatTranscript": frozenset({"livechatvisitorid", "chatkey"}),
    "MessagingSession": frozenset({"messagingenduserid", "messagingchannelid"}),
    "ConversationEntry": frozenset({"messagingsessionid"}),
    "User": frozenset({"usertype"}),
    "Contact": frozenset({"systemmodstamp"}),
}
# On every object of Salesforce's; few other systems have a word like it.
_SALESFORCES_OWN = "systemmodstamp"


def object_of(stream: str, fields: Iterable[str]) -> str | None:
    """Return the object whose rows a stream has, None if it is none that conversations need.

    Args:
        stream: Its name, as the tap has it.
        fields: Of its SCHEMA; they decide where the name alone may mean something else.
    """
    if stream in FIELDS:
        return stream
    if _CUSTOM.search(stream) or len(stream) > LONGEST_NAME:
        return None
    keys = {spelling_key(field) for field in fields}
    words = [word.casefold() for word in _WORDS.findall(stream)]
    if known := _by_name(stream, words):
        return known if known not in PEOPLE_STREAMS or _MARKS_OF[known] & keys else None
    return _by_name_and_fields(words, keys)


def _by_name(stream: str, words: Sequence[str]) -> str | None:
    """Return the object whose name this is, apart from its spelling and what stands before it."""
    whole, behind_marks = spelling_key(stream), spelling_key(_MARKS.split(stream)[-1])
    prefixed = (behind_marks.removeprefix(prefix) for prefix in ("", *_SALESFORCES))
    found = map(_BY_KEY.get, (whole, *prefixed))
    return next(filter(None, (*found, *_behind_salesforces_name(words))), None)


def _behind_salesforces_name(words: Sequence[str]) -> Iterator[str | None]:
    for place, word in enumerate(words, start=1):
        if word in _SALESFORCES:
            yield _BY_KEY.get("".join(words[place:]))


def _by_name_and_fields(words: Sequence[str], keys: set[str]) -> str | None:
    """Return the object with the longest name among these words, if the fields agree.

    A word of whoever set it up before the name (`crm_case`) needs less proof than one behind it,
    where Salesforce itself puts some (`case_history`).
    """
    for start in range(len(words)):
        last = _BY_KEY.get("".join(words[start:]))
        if last and last not in PEOPLE_STREAMS and _SALESFORCES_OWN in keys:
            return last
    runs = ("".join(words[start:end]) for start, end in combinations(range(len(words) + 1), 2))
    names = [_BY_KEY[run] for run in sorted(runs, key=len, reverse=True) if run in _BY_KEY]
    return next((n for n in names if n not in PEOPLE_STREAMS and _MARKS_OF[n] & keys), None)
