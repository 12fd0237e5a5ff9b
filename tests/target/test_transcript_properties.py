"""Whatever a transcript holds: no character is lost, and well-formed ones come back exactly."""

from __future__ import annotations

import html
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given, settings
from hypothesis import strategies as st

from target_creovai.errors import TextError
from target_creovai.parsers.transcript.markup import decode
from target_creovai.parsers.transcript.offsets import BLANKS
from target_creovai.parsers.transcript.parse import parse_transcript, tokenize

START = datetime(2024, 3, 5, 13, 30, tzinfo=UTC)
HEADER = '<p align="center">Chat Started: Tuesday, March 05, 2024, 14:30:00 (+0100)</p>'


def squeeze(text: str) -> str:
    """Return the visible characters; half a surrogate pair shows as U+FFFD."""
    text = re.sub("[\ud800-\udfff]", "\ufffd", re.sub(f"[{BLANKS}]", "", text))
    return "".join(c for c in text if not c.isspace() and unicodedata.category(c) != "Cc")


# What a body may be made of, each with what a reader sees of it.
SOURCES = [
    "<br>",
    "<BR />",
    "\n",
    "\r\n",
    '<p align="center">',
    "</p>",
    "<div style='text-align:center'>",
    "</div>",
    "<center>",
    "<span title='a>b'>",
    "( 5s ) ",
    "( 1h 2m ) ",
    "( 3m",
    "Nora V: ",
    "Visitor: ",
    "Chat Started: Tuesday, March 05, 2024, 14:30:00 (+0100)",
    "Chat Origin: Web",
    "Agent Nora V",
    "Agent Chatbot successfully transferred the chat to skill",
    "Chat Transferred From Robi To Nora V",
    "[2024-03-05T14:30:00] Pat (Customer): ",
]
pieces = st.one_of(
    st.sampled_from(SOURCES).map(lambda source: (source, re.sub(r"<[^<]*>", "", source))),
    st.sampled_from(["\ud800", "\x01", "\u202e", "(", "&#39;", "&lt;", ":"]).map(
        lambda typed: (html.escape(typed), typed)
    ),
    st.text(max_size=12).map(lambda typed: (html.escape(typed), typed)),
)


@settings(max_examples=400)
@given(st.lists(pieces, max_size=30), st.sampled_from(["", HEADER, "( 1s ) Nora V: "]))
def test_no_visible_character_is_lost_moved_or_invented(
    parts: list[tuple[str, str]], head: str
) -> None:
    """Every visible character is in exactly one token, in its place, whatever the body."""
    body = head + "".join(source for source, _ in parts)
    visible = re.sub(r"<[^<]*>", "", head) + "".join(seen for _, seen in parts)

    assert squeeze(decode("".join(token.printed for token in tokenize(body)))) == squeeze(visible)


@settings(max_examples=300)
@given(st.lists(pieces, max_size=30))
def test_lines_and_unclassified_hold_all_that_was_said(parts: list[tuple[str, str]]) -> None:
    """What a caller gets, plus the offsets and separators, is the body."""
    body = HEADER + "".join(source for source, _ in parts)
    transcript = parse_transcript(body)
    given_out = [line.text + (line.speaker or "") for line in transcript.lines]
    separators = [
        token.lead + (f"({token.label})" if token.label else "") + ":"
        for token in tokenize(body)
        if token.name is not None
    ]
    visible = re.sub(r"<[^<]*>", "", HEADER) + "".join(seen for _, seen in parts)

    assert Counter(squeeze("".join([*given_out, *separators, *transcript.unclassified]))) == (
        Counter(squeeze(visible))
    )


@settings(max_examples=300)
@given(st.text(alphabet="<>&()/ :=\"'\n\rabp1sh[]T-#;\x00\ud800\u202e", max_size=200))
def test_any_text_is_parsed_or_refused(body: str) -> None:
    """There is no third outcome, and what is returned can be encoded."""
    try:
        transcript = parse_transcript(body, start_time=START)
    except TextError:
        return
    "".join(line.text for line in transcript.lines).encode()
    assert all(line.at is not None for line in transcript.lines)


@dataclass(frozen=True)
class Chat:
    """One segment of a well-formed chat."""

    started: datetime
    origin: str
    agent: str
    said: list[tuple[int, str, str]]


def headers(chat: Chat) -> list[str]:
    """Return the header lines as Salesforce words them."""
    zone = chat.started.strftime("%z")
    date = chat.started.strftime("%A, %B %d, %Y, %H:%M:%S")
    return [f"Chat Started: {date} ({zone})", f"Chat Origin: {chat.origin}", f"Agent {chat.agent}"]


def offset(seconds: int) -> str:
    """Return the seconds as printed."""
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    shown = [f"{n}{unit}" for n, unit in ((hours, "h"), (minutes, "m"), (seconds, "s")) if n]
    return f"( {' '.join(shown) or '0s'} )"


def as_html(chats: list[Chat], centred: str = '<p align="center">{}</p>', wrap: str = "") -> str:
    """Return the chats as the field holds them."""
    parts = []
    for chat in chats:
        parts += [centred.format(html.escape(header)) + wrap for header in headers(chat)]
        for seconds, name, text in chat.said:
            shown = html.escape(text).replace("\n", "<br>")
            parts.append(f"{offset(seconds)} {html.escape(name)}: {shown}<br>{wrap}")
    return "".join(parts)


def as_copy(chats: list[Chat], between: str = "\n") -> str:
    """Return the chats as copied from the screen, or flattened."""
    parts = []
    for chat in chats:
        parts += headers(chat)
        parts += [f"{offset(seconds)} {name}: {text}" for seconds, name, text in chat.said]
    return between.join(parts)


NAMES = ["Nora V", "Visitor", "O'Neil-Ruiz", "Zoë (vip)", "田中", "Ольга К", "A.J. Smith"]
offsets = st.lists(st.integers(0, 20_000), min_size=1, max_size=6).map(sorted)
starts = st.builds(
    lambda moment, minutes: moment.replace(
        microsecond=0, tzinfo=timezone(timedelta(minutes=minutes))
    ),
    st.datetimes(min_value=datetime(1990, 1, 1), max_value=datetime(2090, 1, 1)),  # noqa: DTZ001 -- zone is added above
    st.integers(-48, 56).map(lambda quarters: quarters * 15),
)


def chats_that_say(texts: st.SearchStrategy[str]) -> st.SearchStrategy[list[Chat]]:
    """Return a strategy for whole transcripts with such texts."""
    said = offsets.flatmap(
        lambda at: st.tuples(*[st.tuples(st.just(s), st.sampled_from(NAMES), texts) for s in at])
    )
    chat = st.builds(
        Chat,
        starts,
        st.sampled_from(["Web", "Live Chat Button", "Ask: us", "販売"]),
        st.sampled_from(NAMES),
        said.map(list),
    )
    return st.lists(chat, min_size=1, max_size=3)


def check_round_trip(chats: list[Chat], body: str) -> None:
    """Insist that parsing gives back what was rendered."""
    transcript = parse_transcript(body)
    assert transcript.unclassified == ()
    assert [(s.started_at, s.origin, s.agent) for s in transcript.segments] == [
        (chat.started.astimezone(UTC), chat.origin, chat.agent) for chat in chats
    ]
    assert [
        (line.at, line.speaker, line.text, line.derived)
        for line in transcript.lines
        if line.kind == "message"
    ] == [
        (chat.started.astimezone(UTC) + timedelta(seconds=seconds), name, text, False)
        for chat in chats
        for seconds, name, text in chat.said
    ]


visible_words = st.lists(
    st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=8), max_size=8
).map(" ".join)
html_texts = st.lists(visible_words, max_size=4).map("\n".join).map(str.strip)
plain_words = st.lists(
    st.sampled_from(["hello", "order: late", "Note: 5", "( 5s )", "( 5s ) A: b", "five)", "¿qué?"]),
    max_size=8,
).map(" ".join)


@settings(max_examples=200)
@given(
    chats_that_say(html_texts),
    st.sampled_from(
        [
            '<p align="center">{}</p>',
            "<div class=c ALIGN='Center'><b>{}</b></div>",
            "<CENTER>{}</CENTER>",
            '<h3 style="color:#333; text-align: center">{}</h3>',
            '<div align="center"><p>{}</p></div>',
        ]
    ),
    st.sampled_from(["", "\n", "\r\n  "]),
)
def test_markup_gives_back_the_dialogue(chats: list[Chat], centred: str, wrap: str) -> None:
    """Whatever centres the headers, speakers, words and times come back exactly."""
    check_round_trip(chats, as_html(chats, centred, wrap))


@settings(max_examples=150)
@given(chats_that_say(plain_words), st.sampled_from(["\n", "\r\n", "\n\n"]))
def test_a_text_copy_gives_back_the_dialogue(chats: list[Chat], between: str) -> None:
    """A copy from the screen is as good as the field."""
    check_round_trip(chats, as_copy(chats, between))


flat_words = st.lists(
    st.sampled_from(["hello", "my order", "is late,", "(five)", "thanks.", "¿qué?", "注文"]),
    max_size=8,
).map(" ".join)


@settings(max_examples=150)
@given(chats_that_say(flat_words))
def test_an_export_on_one_line_gives_back_the_dialogue(chats: list[Chat]) -> None:
    """Time and names stand in for the line breaks that a report has thrown away."""
    check_round_trip(chats, as_copy(chats, " "))
