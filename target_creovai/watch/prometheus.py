"""Prometheus' text format (0.0.4): families of samples in, text out. Pure.

https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_IN_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})
_IN_LABELS = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


class Gauge(msgspec.Struct, frozen=True):
    """A family of samples. All values of a store may fall as well as rise: they are gauges."""

    name: str
    help: str
    samples: list[tuple[Mapping[str, str], float]] = msgspec.field(default_factory=list)

    @classmethod
    def of(cls, name: str, text: str, value: float | None) -> Gauge:
        """Return a family of one sample without labels, or of none."""
        return cls(name, text, [] if value is None else [({}, value)])


def exposition(gauges: Iterable[Gauge]) -> Iterator[str]:
    """Yield the lines; a family without samples has none."""
    for gauge in gauges:
        if gauge.samples:
            yield f"# HELP {gauge.name} {gauge.help.translate(_IN_HELP)}"
            yield f"# TYPE {gauge.name} gauge"
            for labels, value in gauge.samples:
                yield f"{gauge.name}{_in_braces(labels)} {_number(value)}"


def _in_braces(labels: Mapping[str, str]) -> str:
    pairs = [f'{name}="{value.translate(_IN_LABELS)}"' for name, value in labels.items()]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _number(value: float) -> str:
    # As a float of 17 digits a time would be right to less than a second, and hard to read.
    return str(int(value)) if value == int(value) else repr(round(value, 3))
