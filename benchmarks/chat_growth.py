"""How the time for a transcript grows with its length: flat ones, and 1 MB made to be slow.

Four times the text should take about four times as long. Salesforce cuts Body at 131,072
characters; the hostile ones are longer, as any row may be that claims to be a transcript.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from target_creovai.errors import TextError
from target_creovai.parsers.transcript import KnownNames, MessageCounts, parse_transcript

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

STARTED: Final = "Chat Started: Monday, May 06, 2024, 09:00:00 (+0200) "
CENTRED: Final = f"<p align=center>{STARTED}</p>"
NAMES: Final = KnownNames(agents=frozenset({"Nora Voss"}), customers=frozenset({"Bea Lund"}))
FLAT_SIZES: Final = (16_384, 32_768, 65_536, 131_072)
HOSTILE_SIZES: Final = (262_144, 1_048_576)
RATIO: Final = 6.0  # of the last two; four times the text, and what a busy machine adds

# What is repeated, by the rule that has to cope with it; %d is another number each time.
HOSTILE: Final[dict[str, tuple[str, ...]]] = {
    "offsets": (
        "( 1s ",
        "( 5s ) A: ",
        "( %ds ) N%d x: hi<br>",
        "( 1 min 5 s ) A: ",
        "( 0:05 ) A: ",
    ),
    "stamps": ("(08:09:40 AM) N%d: hi\n", "[2024-05-06T09:00] A: ", "10:00 (+0000) "),
    "labels": ("Customer: ", "N%d: hi\n", "N%d: hi\nN%d: ho\n", "a: b: "),
    "headers": ("Agent ", "Agent a ", "Agent N%d V\n", "Chat Origin: ", f"{STARTED}Agent N%d V\n"),
    "transfers": ("Chat Transferred From A To B ", " to ", f"{STARTED}Chat Transferred From A To "),
    "notices": ("Agent Chatbot successfully transferred the chat to bot ", "agent a joined the "),
    "parts": (
        f"{CENTRED}<p align=center>Agent N%d V</p>( 5s ) N%d V: hi<br>",
        f"{CENTRED}( 5s ) A%d: hi<br>( 6s ) B%d: ho<br>",
        "<p align=center>Agent N%d V joined the conference</p>( 5s ) N%d V: hi<br>",
    ),
    "markup": ("<", '<a "', "<a b=", "<x y>", "<p align=center>", "&#", "<br "),
}


def flat(size: int) -> str:
    """Return an export on one line, with entries in turn."""
    line = "".join(
        f"( {number // 60}m {number % 60}s ) {('Nora V', 'Bea Lund')[number % 2]}: word number "
        f"{number}, and some more. "
        for number in range(size // 40)
    )
    return (f"{STARTED}Chat Origin: Web Agent Nora V " + line)[:size]


def repeated(unit: str, size: int, head: str = "") -> str:
    """Return a body of nothing but one unit, with a number of its own each time."""
    parts, length = [head], len(head)
    while length < size:
        parts.append(unit.replace("%d", str(len(parts))))
        length += len(parts[-1])
    return "".join(parts)[:size]


def seconds_for(body: str) -> float:
    """Return the processor time that a body takes, understood or not."""
    begun = time.process_time()
    with suppress(TextError):
        parse_transcript(body, names=NAMES, counts=MessageCounts(40, 40), chatbot_session=True)
    return time.process_time() - begun


def report() -> None:
    """Print the times, and what grows faster than the text."""
    sys.stdout.write("\nTranscripts, seconds by length\n")
    _print("flat export", map(flat, FLAT_SIZES))
    for rule, units in HOSTILE.items():
        for unit in units:
            bodies = (repeated(unit, size, STARTED) for size in HOSTILE_SIZES)
            _print(f"{rule}: {unit!r}", bodies)


def _print(name: str, bodies: Iterable[str], measure: Callable[[str], float] = seconds_for) -> None:
    times = [measure(body) for body in bodies]
    grows = times[-1] > RATIO * times[-2] * (1 if len(times) == len(HOSTILE_SIZES) else 0.5)
    shown = " ".join(f"{each:8.3f}" for each in times)
    sys.stdout.write(f"  {name[:54]:56}{shown}{'  grows faster' if grows else ''}\n")


if __name__ == "__main__":
    report()
