"""How fast transcripts and mails are read, and redacted: megabytes a second on one core, by shape.

    python -m benchmarks.text

Each shape is read for about a quarter of a second of processor time, several times; the median
counts. The goals, 20 MB/s of transcripts, 10 MB/s of HTML mails and 2 MB/s of messages with all
built-in rules of `redact`, are for a hundred bodies, so many of each shape as the tables say:
short ones cost more per byte, and there are many of them.
"""

from __future__ import annotations

import html
import re
import statistics
import sys
import time
from collections import Counter
from dataclasses import dataclass
from itertools import count, cycle, islice
from typing import TYPE_CHECKING, Final

from benchmarks import chat_growth
from target_creovai.parsers.mail import Page, Thread, read_mail
from target_creovai.parsers.transcript import KnownNames, parse_transcript
from target_creovai.redaction.engine import replace_finds
from target_creovai.redaction.rules import BUILT_IN, rules_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ROUNDS: Final = 7
ROUND_SECONDS: Final = 0.25
TRANSCRIPT_GOAL: Final = 20.0
MAIL_GOAL: Final = 10.0
REDACTION_GOAL: Final = 2.0
# A case of four times the mails; a little for what does not grow alike.
GROWTH_GOAL: Final = 4.5
LARGE_CASE_SECONDS: Final = 10.0
FIELD_LIMIT: Final = 131_072

NAMES: Final = KnownNames(agents=frozenset({"Nora Voss"}), customers=frozenset({"Visitor"}))
SAID: Final = """
Hello, thank you for contacting us today. My name is Nora, how can I help you?
hi, my kettle beeps since Monday & the display says E42
I am sorry to hear that. Could you tell me the serial number? You find it below the lid, on a \
small silver label: it begins with two letters and has eight digits.
one moment
it says KT 1234 5678, and below that: made in Oslo
Thank you. The seal inside the lid is worn, which happens after a few years. I can send you a new \
one today free of charge, or you bring the kettle to one of our shops (they are open until six), \
where a colleague changes it while you wait. Which of the two do you like better?
please send it, I live far away
Done! It will be with you on Thursday. Is there anything else that I can do for you?
no that's all, thanks!!
""".strip().splitlines()


def transcript(messages: int) -> str:
    """Return a body as Salesforce writes it."""
    head = (
        '<p align="center">Chat Started: Tuesday, March 05, 2024, 14:30:00 (+0100)</p>'
        '<p align="center">Chat Origin: Kettles &amp; Pots</p>'
        '<p align="center">Agent Nora V</p>'
    )
    return head + "".join(islice(_entries(), messages))


def _entries() -> Iterator[str]:
    speakers = cycle(("Nora V", "Visitor"))
    for number, (speaker, text) in enumerate(zip(speakers, cycle(SAID), strict=False)):
        minutes, seconds = divmod(5 + number * 23, 60)
        hours, minutes = divmod(minutes, 60)
        units = ((hours, "h"), (minutes, "m"), (seconds, "s"))
        offset = " ".join(f"{count}{unit}" for count, unit in units if count or unit == "s")
        yield f"( {offset} ) {speaker}: {html.escape(text)}<br>"


def handed_over(messages: int) -> str:
    """Return a chat with a bot that a person takes over."""
    half = transcript(messages // 2)
    notice = '<p align="center">Agent Chatbot successfully transferred the chat to skill</p>'
    return half + notice + half.replace("Agent Nora V", "Chat Transferred From Robi To Nora V")


def as_text(body: str, line_break: str) -> str:
    """Return what is left of a body when its markup is gone."""
    return html.unescape(re.sub(r"<[^>]+>", line_break, body))


def gmail_answer(paragraphs: int, quoted: int) -> str:
    """Return an answer above the mail that it answers."""
    own = "".join(f"<div>{html.escape(text)}</div>" for text in islice(cycle(SAID), paragraphs))
    old = "".join(f"<p>{html.escape(text)}</p>" for text in islice(cycle(SAID), quoted))
    return (
        f'<div dir="ltr">{own}</div><br><div class="gmail_quote"><div dir="ltr" '
        'class="gmail_attr">On Tue, Mar 5, 2024 at 9:12 AM Fjord &lt;<a '
        'href="mailto:help@fjord.example">help@fjord.example</a>&gt; wrote:<br></div>'
        f'<blockquote class="gmail_quote" style="margin:0 0 0 .8ex">{old}</blockquote></div>'
    )


def outlook_thread(mails: int) -> str:
    """Return a thread as Outlook writes it: much markup, one header block per mail."""
    style = "p.MsoNormal {margin:0cm; font-size:11.0pt; font-family:Calibri,sans-serif;}\n" * 20
    normal = (
        '<p class="MsoNormal"><span lang="EN-GB" style="mso-fareast-language:EN-US">{}'
        "<o:p></o:p></span></p>"
    )
    page = "".join(normal.format(html.escape(text)) for text in SAID)
    headers = (
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm">'
        '<p class="MsoNormal"><b>From:</b> Fjord &lt;help@fjord.example&gt;<br>'
        "<b>Sent:</b> 5 March 2024 09:12<br><b>To:</b> Ida Berg<br><b>Subject:</b> RE: Kettle"
        "</p></div>"
    )
    pages = headers.join([page] * mails)
    return f"<html><head><style><!-- {style} --></style></head><body>{pages}</body></html>"


def newsletter(rows: int) -> str:
    """Return tables in tables with links and pictures."""
    row = (
        '<tr><td style="padding:20px;font-family:Helvetica,Arial,sans-serif;font-size:14px">'
        '<img src="https://img.example/{0}.png" width="120" height="80" alt=""><h2>Kettle {0}</h2>'
        '<p>{1}</p><a href="https://shop.example/kettles/{0}?utm=spring" style="color:#06c">Buy</a>'
        "</td></tr>"
    )
    body = "".join(
        row.format(number, html.escape(text))
        for number, text in enumerate(islice(cycle(SAID), rows))
    )
    table = f'<table width="100%"><tr><td><table width="600">{body}</table></td></tr></table>'
    return f"<html><body>{table}</body></html>"


@dataclass(frozen=True, slots=True)
class Shape:
    """A kind of body, and how many of a hundred are of it."""

    name: str
    body: str
    share: int

    @property
    def megabytes(self) -> float:
        """The body's size in UTF-8."""
        return len(self.body.encode()) / 1e6


TRANSCRIPTS: Final = (
    Shape("short chat, 12 messages", transcript(12), 30),
    Shape("chat, 40 messages", transcript(40), 40),
    Shape("bot, then a person, 60 messages", handed_over(60), 20),
    Shape("field filled and cut", transcript(2_000)[:FIELD_LIMIT], 1),
    Shape("copy, one entry per line", as_text(transcript(40), "\n"), 4),
    Shape("export on one line", as_text(transcript(40), " "), 5),
)
MAILS: Final = (
    Shape("Gmail, short answer", gmail_answer(3, 9), 30),
    Shape("Gmail, long thread", gmail_answer(20, 200), 15),
    Shape("Outlook, thread of 3", outlook_thread(3), 25),
    Shape("Outlook, thread of 20", outlook_thread(20), 10),
    Shape("newsletter, 30 rows", newsletter(30), 18),
    Shape("field filled and cut", newsletter(1_000)[:FIELD_LIMIT], 2),
)


NUMBERS: Final = (
    "order 10045678 of 2026-05-06 10:22 has not come, the case is 00012345, I paid 1,299.00 EUR\n"
)
FINDS: Final = (
    "my card is 4000 0071 0042 3125, write to ida@fjord.example or call +47 22 12 34 56; the money "
    "goes to NO83 3000 1234 567\n"
)
MESSAGES: Final = (
    Shape("chat message", SAID[2], 70),
    Shape("mail of 6 KB", "\n".join(islice(cycle(SAID), 70)), 20),
    Shape("mail of 6 KB, with numbers", "\n".join(islice(cycle(SAID), 65)) + NUMBERS * 4, 6),
    Shape("mail of 6 KB, with finds", "\n".join(islice(cycle(SAID), 65)) + FINDS * 4, 3),
    Shape("nothing but finds, 4 KB", FINDS * 32, 1),
)
BUILT_IN_RULES: Final = rules_of(tuple((name, f"[{name}]") for name in BUILT_IN), "NO")


def redact(text: str) -> None:
    """Redact one message."""
    replace_finds(text, BUILT_IN_RULES, Counter())


def read_transcript(body: str) -> None:
    """Read one transcript as a chat's assembly does."""
    parse_transcript(body, names=NAMES)


def read_html(body: str) -> None:
    """Read one mail as a case's assembly does."""
    read_mail(None, body, strip_quoted=True)


def case_of(mails: int, characters: int) -> list[str]:
    """Return the mails of a case, each with new words above all before it, cut to a length."""
    bodies: list[str] = []
    words = count()
    for number in range(mails):
        own = "\n".join(" ".join(f"word{next(words)}" for _ in range(10)) for _ in range(6))
        attribution = f"On 5 March 2024 at {number % 24}:{number % 60:02}, Ida <i@b.example> wrote:"
        old = "\n".join(f"> {line}".rstrip() for line in (bodies or [""])[-1].split("\n"))
        bodies.append(f"{own}\n\n{attribution}\n\n{old}"[:characters])
    return bodies


def seconds_for_case(bodies: Iterable[str]) -> float:
    """Return the processor time that reading a case's mails takes, one after the other."""
    thread = Thread()
    start = time.process_time()
    for body in bodies:
        thread.read(Page.of(body, None))
    return time.process_time() - start


def report_cases() -> None:
    """Print what a case costs that has four times the mails, and a very large one."""
    small, large = (min(seconds_for_case(case_of(size, 20_000)) for _ in range(3))
                    for size in (200, 800))  # fmt: skip
    ratio = large / small
    verdict = "met" if ratio <= GROWTH_GOAL else "missed"
    say = sys.stdout.write
    say(f"A case of 800 mails of 20 KB: {large:.2f} s, {ratio:.1f} times one of 200; ")
    say(f"goal {GROWTH_GOAL}: {verdict}\n")
    seconds = seconds_for_case(case_of(10_000, 4_000))
    verdict = "met" if seconds <= LARGE_CASE_SECONDS else "missed"
    say(f"A case of 10,000 mails of 4 KB: {seconds:.1f} s; ")
    say(f"goal {LARGE_CASE_SECONDS:.0f}: {verdict}\n")


def seconds_for_one(read: Callable[[str], None], body: str) -> float:
    """Return the median time that reading the body takes."""
    times = max(1, int(ROUND_SECONDS / max(_seconds(read, body, 3) / 3, 1e-6)))
    return statistics.median(_seconds(read, body, times) / times for _ in range(ROUNDS))


def _seconds(read: Callable[[str], None], body: str, times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        read(body)
    return time.process_time() - start


def report(title: str, read: Callable[[str], None], shapes: Iterable[Shape], goal: float) -> None:
    """Print the speed of each shape, and of a hundred bodies."""
    sys.stdout.write(f"{title:34}{'of 100':>8}{'KB':>9}{'MB/s':>8}\n")
    size = seconds = 0.0
    for shape in shapes:
        one = seconds_for_one(read, shape.body)
        size += shape.share * shape.megabytes
        seconds += shape.share * one
        speed = shape.megabytes / one
        kilobytes = shape.megabytes * 1e3
        sys.stdout.write(f"  {shape.name:32}{shape.share:8}{kilobytes:9.1f}{speed:8.1f}\n")
    verdict = "met" if size / seconds >= goal else "missed"
    sys.stdout.write(f"  {'all':32}{100:8}{size * 1e3:9.1f}{size / seconds:8.1f}")
    sys.stdout.write(f"  goal {goal:.0f}: {verdict}\n")


if __name__ == "__main__":
    report("Transcript bodies", read_transcript, TRANSCRIPTS, TRANSCRIPT_GOAL)
    report("HTML mails", read_html, MAILS, MAIL_GOAL)
    report("Messages, all built-in redaction", redact, MESSAGES, REDACTION_GOAL)
    chat_growth.report()
    report_cases()
