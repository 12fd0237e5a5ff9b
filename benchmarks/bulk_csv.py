"""How fast Bulk's CSV is split, beside the csv module: `python -m benchmarks.bulk_csv`.

Prints megabytes a CPU second for plain mail, HTML mail and chats (the best of some rounds), and how
much quicker ours is.
"""

from __future__ import annotations

import codecs
import csv
import io
import time
from random import Random
from typing import TYPE_CHECKING

from tap_salesforce_chat.reading.bulk.csv_rows import cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

_ROWS, _COLUMNS, _ROUNDS = 1_500, 40, 7
_CHUNK = 2**20
_WORDS = (
    *("the", "order", "invoice", "was", "delivered", "please"),
    *("refund", "Grüße", "agent", "customer", "账单", "late"),
)


def _words(random: Random, length: int) -> str:
    return " ".join(random.choices(_WORDS, k=length // 6))


def _mail(random: Random) -> str:
    return "\n".join(_words(random, 70) for _ in range(50))


def _html(random: Random) -> str:
    lines = (f'<p class="MsoNormal" style="margin:0">{_words(random, 120)}</p>' for _ in range(40))
    return f'<html><body style="font-family: Arial">{"".join(lines)}</body></html>'


def _chat(random: Random) -> str:
    head = '<p align="center">Chat Started: Thursday</p><p align="center">Agent Jo</p>'
    return head + "".join(f"( {n}s ) Jo: {_words(random, 90)}<br>" for n in range(60))


def document(text: Callable[[Random], str]) -> bytes:
    """Return a result as Bulk writes it: every cell in quotes, a long text in each row."""
    random, out = Random(1), io.StringIO()  # noqa: S311 - nothing is secret
    writer = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow([f"Field{n}" for n in range(_COLUMNS)])
    for _ in range(_ROWS):
        short = ["" if n % 2 else "some value" for n in range(_COLUMNS - 1)]
        writer.writerow([*short, text(random)])
    return out.getvalue().encode()


def by_csv_module(chunks: Iterable[bytes]) -> Iterator[list[str]]:
    """Yield the records as the standard library reads them."""
    return csv.reader(_lines(chunks), strict=True)


def _lines(chunks: Iterable[bytes]) -> Iterator[str]:
    decode, rest = codecs.getincrementaldecoder("utf-8")("replace").decode, ""
    for chunk in chunks:
        *lines, rest = (rest + decode(chunk)).split("\n")
        yield from (f"{line}\n" for line in lines)
    yield rest


def seconds(read: Callable[[Iterable[bytes]], Iterator[list[str]]], content: bytes) -> float:
    """Return the CPU seconds that it takes to split a document."""
    best = float("inf")
    for _ in range(_ROUNDS):
        chunks = (content[at : at + _CHUNK] for at in range(0, len(content), _CHUNK))
        began = time.process_time()
        for _record in read(chunks):
            pass
        best = min(best, time.process_time() - began)
    return best


def main() -> None:
    """Print a table."""
    print("| text | ours, MB/s | csv module, MB/s | ours / csv |")
    print("|---|---|---|---|")
    for name, text in {"plain mail": _mail, "HTML mail": _html, "chat": _chat}.items():
        content = document(text)
        size = len(content) / 1e6
        ours, standard = (size / seconds(read, content) for read in (cells, by_csv_module))
        print(f"| {name} | {ours:.0f} | {standard:.0f} | {ours / standard:.2f} |")


if __name__ == "__main__":
    main()
