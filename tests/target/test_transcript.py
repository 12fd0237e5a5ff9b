"""What the transcript parser promises: every shape, the right time, no guess, linear work."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from benchmarks.chat_growth import HOSTILE, STARTED, flat, repeated, seconds_for
from target_creovai.errors import TextError
from target_creovai.model.participants import Role
from target_creovai.parsers.transcript import KnownNames, Transcript, parse_transcript
from target_creovai.parsers.transcript.dates import parse_start
from target_creovai.parsers.transcript.markup import FIELD_LIMIT

GOLDENS = sorted((Path(__file__).parent / "data" / "transcripts").glob("*.json"))
HEADER = '<p align="center">Chat Started: Tuesday, March 05, 2024, 14:30:00 (+0100)</p>'


def printed_time(moment: datetime | None) -> str | None:
    """Return the time as the goldens write it."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def as_json(transcript: Transcript) -> dict[str, Any]:
    """Return the transcript as the goldens write it."""
    return {
        "segments": [
            {
                "started_at": printed_time(segment.started_at),
                "origin": segment.origin,
                "agent": segment.agent,
            }
            for segment in transcript.segments
        ],
        "lines": [
            {
                "kind": line.kind,
                "role": line.role.value,
                "speaker": line.speaker,
                "text": line.text,
                "at": printed_time(line.at),
                "derived": line.derived,
            }
            for line in transcript.lines
        ],
        "unclassified": list(transcript.unclassified),
        "truncated": transcript.truncated,
    }


def parse_given(body: str, given_values: dict[str, Any]) -> Transcript:
    """Parse with what a golden says the record knows."""
    start_time = given_values.get("start_time")
    return parse_transcript(
        body,
        start_time=datetime.fromisoformat(start_time) if start_time else None,
        names=KnownNames(
            agents=frozenset(given_values.get("agents", ())),
            customers=frozenset(given_values.get("customers", ())),
            bots=frozenset(given_values.get("bots", ())),
            patterns=tuple(
                (re.compile(pattern), Role(role)) for pattern, role in given_values.get("rules", ())
            ),
        ),
        chatbot_session=given_values.get("chatbot_session", False),
    )


@pytest.mark.parametrize("golden", GOLDENS, ids=lambda path: path.stem)
def test_golden(golden: Path) -> None:
    """Each symptom is read as written down beside it."""
    expected = json.loads(golden.read_text(encoding="utf-8"))
    body_file = next(path for path in golden.parent.glob(f"{golden.stem}.*") if path != golden)
    body = body_file.read_bytes().decode()

    assert as_json(parse_given(body, expected.pop("given", {}))) == expected


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("We had a pleasant talk about pears.", id="prose"),
        pytest.param("<p>Pears</p><p>Plums</p>", id="markup"),
        pytest.param("Nora wrote pears<br>Pat wrote plums<br>", id="lines"),
        pytest.param("( 12s ) pears", id="offset-without-name"),
        pytest.param('{"pears": 1}', id="json"),
    ],
)
def test_an_unknown_shape_is_refused_without_quoting_it(body: str) -> None:
    """What is not understood is set aside, and nobody's words get into a log."""
    with pytest.raises(TextError) as caught:
        parse_transcript(body)

    assert "pears" not in str(caught.value)


@pytest.mark.parametrize("body", ["", "  \r\n\t", "<p></p><br>", "&nbsp;"])
def test_an_empty_body_is_an_empty_transcript(body: str) -> None:
    """A chat that nobody joined has no words, which is no fault."""
    assert parse_transcript(body) == Transcript((), (), (), truncated=False)


def test_a_body_of_full_length_is_truncated() -> None:
    """Salesforce cuts without a sign: the length is the only one there is."""
    body = (HEADER + "( 1s ) Nora V: " + "word " * FIELD_LIMIT)[:FIELD_LIMIT]

    assert parse_transcript(body).truncated


@pytest.mark.parametrize("tail", ["R&D", "I <3 you", ":<", "a &", "<3"])
def test_what_looks_cut_in_a_copy_without_markup_is_what_was_typed(tail: str) -> None:
    """Only in markup can a lone `&` or `<` be the beginning of something lost."""
    transcript = parse_transcript(f"( 1s ) Visitor: {tail}")

    assert (transcript.lines[0].text, transcript.truncated) == (tail, False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Chat Started: Friday, January 31, 2025, 23:59:59 (-0330)", "2025-02-01T03:29:59Z"),
        ("chat started: friday, january 31, 2025, 23:59:59 (+0545)", "2025-01-31T18:14:59Z"),
        ("Chat gestartet: Freitag, 31. Januar 2025, 08:05 (+0100)", "2025-01-31T07:05:00Z"),
        ("Chat démarré : jeudi 1 août 2024, 08:05:00 (+0200)", "2024-08-01T06:05:00Z"),
        ("Chat iniciado: sábado, 7 de diciembre de 2024, 8:05:00 (+0000)", "2024-12-07T08:05:00Z"),
        ("Chat iniciado: 7 de fevereiro de 2024, 8:05:00 (-0300)", "2024-02-07T11:05:00Z"),
        ("Chat avviata: lunedì 7 ottobre 2024, 08.05.00 (+0200)", "2024-10-07T06:05:00Z"),
        ("Chat gestart: maandag 4 maart 2024, 08:05:00 (+0100)", "2024-03-04T07:05:00Z"),
        ("開始: 2024年3月4日 08:05:00 (+0900)", "2024-03-03T23:05:00Z"),
        ("Start: 2024-03-04 08:05:00 (GMT+01:00)", "2024-03-04T07:05:00Z"),
        ("Start: 04.03.2024, 08:05:00 (+0100)", "2024-03-04T07:05:00Z"),
        ("Start: 3/14/2024, 12:05 AM (+0000)", "2024-03-14T00:05:00Z"),
        ("Start: 14/3/2024, 12:05 PM (+0000)", "2024-03-14T12:05:00Z"),
        ("Chat Started: 1709645400", "2024-03-05T13:30:00Z"),
        ("Start: 3/4/2024, 12:05 PM (+0000)", None),
        ("Start: mardi 5 mai mars 2024, 08:05:00 (+0000)", None),
        ("Start: February 30, 2024, 08:05:00 (+0000)", None),
        ("Start: March 4, 2024, 25:05:00 (+0000)", None),
        ("Start: March 4, 2024, 08:05:00 (+9900)", None),
        ("Start: December 31, 9999, 23:05:00 (-0500)", None),
        ("Chat Started: soon", None),
    ],
)
def test_a_start_is_read_or_left_alone(text: str, expected: str | None) -> None:
    """A date in any of the known languages is exact; an ambiguous or impossible one is none."""
    assert printed_time(parse_start(text)) == expected


def test_an_offset_beyond_the_calendar_takes_the_last_known_time() -> None:
    """A damaged offset costs one time, not the transcript."""
    body = HEADER.replace("2024", "9999") + "( 5s ) Visitor: a<br>( 99999h ) Visitor: b<br>"
    first, last = parse_transcript(body).lines[1:]

    assert (last.at, last.derived) == (first.at, True)


UNITS = [
    *[
        "(",
        "<",
        "&",
        "x",
        "\n",
        " ",
        "\r",
        "\x01",
        "\u200f",
        "( 1s )",
        "( 1s ) A: ",
        "A: ",
        "Customer: ",
    ],
    *["<p align=center>", "</p>", "<div>", '<a "', "<!--", "&#", "[2024-01-01T00:00] A: "],
    *["10:00 (+0000)", "(+0000) ( 1s", "Chat Started: ", "Chat Started: 10:00:00 (+0000) "],
    *["Agent ", "agent a ", " to ", "Chat Transferred From A To B ", "Chat Origin: "],
]
HEADS = ["", "( 1s ) A: x<br>", "Chat Started: May 6, 2024, 09:00:00 (+0200)\n"]


@pytest.mark.parametrize("separator", ["", "\n"], ids=["run", "lines"])
@pytest.mark.parametrize("unit", UNITS, ids=repr)
def test_hostile_text_takes_linear_time(unit: str, separator: str) -> None:
    """Four times the text takes about four times as long, not sixteen."""
    part = unit + separator
    for head in HEADS:
        text = head + part * (FIELD_LIMIT // len(part))
        short = seconds_for(text[: FIELD_LIMIT // 4])

        # A collection of garbage may fall into one of them, not into each.
        assert any(seconds_for(text) < 9 * short + 0.25 for _ in range(3))


@pytest.mark.parametrize("rule", HOSTILE)
def test_no_rule_takes_longer_than_its_text(rule: str) -> None:
    """Each with a text of nothing else; `benchmarks/text.py` prints it for a megabyte."""
    for unit in HOSTILE[rule]:
        text = repeated(unit, FIELD_LIMIT, STARTED)
        short = seconds_for(text[: FIELD_LIMIT // 4])

        assert any(seconds_for(text) < 9 * short + 0.25 for _ in range(3)), unit


def test_an_export_on_one_line_takes_linear_time() -> None:
    """It is taken apart by what is known of time and names."""
    short = seconds_for(flat(FIELD_LIMIT // 4))

    assert any(seconds_for(flat(FIELD_LIMIT)) < 9 * short + 0.25 for _ in range(3))


def test_deep_nesting_is_no_matter() -> None:
    """No tree is built, so none can be too deep."""
    body = "<div>" * 10_000 + HEADER + "( 1s ) Visitor: hi" + "</div>" * 10_000

    assert [line.text for line in parse_transcript(body).lines][1:] == ["hi"]
