"""Pictures of numbers: SVG that a library has drawn, for a page that has its own colours.

What the library adds for its script (styles, tips, ids) is taken out again: a page may have
several pictures, in light and dark, and runs no script.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any

import pygal
from pygal.etree import etree
from pygal.style import Style

from target_creovai.report.markup.html import Html
from target_creovai.report.markup.tables import written

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Number = float | None

# Its hook for imports of maps has a form that Python 3.12 dropped, and of which 3.11 warns at each
# import that comes later.
sys.meta_path[:] = [finder for finder in sys.meta_path if type(finder).__module__ != "pygal"]

WIDTH, HEIGHT = 880, 300
_BAR_HEIGHT, _AROUND_BARS = 26, 90
# So many labels fit below a picture.
_LABELS = 12
_STYLE = Style(
    font_family="sans-serif", label_font_size=13, major_label_font_size=13, legend_font_size=14
)
_LONG_FRACTION = re.compile(r"(\.\d)\d+")
# What only the library's own script and styles need.
_NEEDLESS = frozenset({"script", "style", "defs", "desc", "title"})
_NAMESPACE = "{http://www.w3.org/2000/svg}"
_DESCRIPTION = "All its numbers are in the table below it."


def stacked(title: str, labels: Sequence[str], series: Mapping[str, Sequence[Number]]) -> Html:
    """Return bars over time, one series on top of the other."""
    return _drawn(pygal.StackedBar, title, labels, series)


def lines(
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[Number]],
    value: Callable[[float], str],
) -> Html:
    """Return lines over time; where nothing is known there is a hole."""
    options = {"value_formatter": value, "dots_size": 2.5, "allow_interruptions": True}
    return _drawn(pygal.Line, title, labels, series, **options)


def ranking(title: str, labels: Sequence[str], series: Mapping[str, Sequence[Number]]) -> Html:
    """Return horizontal bars, the first label on top."""
    upward = {name: values[::-1] for name, values in series.items()}
    height = _AROUND_BARS + _BAR_HEIGHT * len(labels)
    options = {"height": height, "show_minor_x_labels": True, "truncate_label": 40}
    return _drawn(pygal.HorizontalStackedBar, title, labels[::-1], upward, **options)


def _drawn(
    form: Any,
    title: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[Number]],
    **options: Any,
) -> Html:
    settings = {
        "style": _STYLE,
        "width": WIDTH,
        "height": HEIGHT,
        "margin": 8,
        "css": [],
        "js": [],
        "title": None,
        "legend_at_bottom": True,
        "legend_at_bottom_columns": max(1, len(series)),
        "show_legend": len(series) > 1,
        "truncate_legend": -1,
        "show_minor_x_labels": False,
        "show_minor_y_labels": True,
        "max_scale": 6,
        "truncate_label": -1,
        "x_labels_major_every": -(-len(labels) // _LABELS),
        "include_x_axis": True,
        "value_formatter": _whole,
        "no_data_text": "",
        **options,
    }
    chart = form(**settings)
    chart.x_labels = list(labels)
    for name, values in series.items():
        chart.add(name, list(values))
    return _as_html(chart.render_tree(), title)


def _whole(value: float) -> str:
    """Return a count; the axis has no use for parts of one."""
    return written(round(value)) if value == round(value) else ""


def _as_html(tree: Any, title: str) -> Html:
    """Return a picture that has a name, and nothing that needs the library's script."""
    _clean(tree)
    key = re.sub(r"\W+", "-", title).lower()
    for place, (kind, text) in enumerate([("title", title), ("desc", _DESCRIPTION)]):
        element = etree.Element(kind, {"id": f"{kind}-{key}"})
        element.text = text
        tree.insert(place, element)
    view_box = tree.attrib["viewBox"]
    tree.attrib.clear()
    tree.attrib.update(
        {
            "viewBox": view_box,
            "class": "chart",
            "role": "img",
            "aria-labelledby": f"title-{key}",
            "aria-describedby": f"desc-{key}",
        }
    )
    text = etree.tostring(tree, encoding="unicode").replace("svg:", "")
    return Html(_LONG_FRACTION.sub(r"\1", text))


def _clean(node: Any) -> None:
    """Take out what is needless, and give each bar or dot its own words as a tip."""
    node.attrib.pop("id", None)
    node.attrib.pop("style", None)
    described = {child.get("class"): child.text for child in node if _tag(child) == "desc"}
    for child in list(node):
        if _tag(child) in _NEEDLESS:
            node.remove(child)
        else:
            _clean(child)
    if value := described.get("value"):
        tip = etree.SubElement(node, "title")
        tip.text = f"{described.get('x_label', '')}: {value}"


def _tag(node: Any) -> str:
    # Comments have a function there.
    return node.tag.removeprefix(_NAMESPACE) if isinstance(node.tag, str) else "script"
