"""The page itself: problems first, then what changed, then pictures with their tables."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from target_creovai.report.markup.html import Html, content_policy, element, joined
from target_creovai.report.markup.tables import written
from target_creovai.report.parts.glance import at_a_glance
from target_creovai.report.parts.sections import sections_of
from target_creovai.report.parts.weeks import weeks_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from target_creovai.report.figures.data import ReportData
    from target_creovai.report.figures.problems import Problem
    from target_creovai.report.parts.section import Section

TITLE = "Salesforce to Creovai"
GLANCE = "At a glance"


def page_of(data: ReportData) -> bytes:
    """Return the page as one HTML file."""
    style = _style()
    sections = list(sections_of(data))
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("meta", http_equiv="Content-Security-Policy", content=content_policy(style=style)),
        element("title", f"{TITLE}: {data.made_at:%Y-%m-%d}"),
        element("style", Html(style)),
    )
    body = element(
        "body",
        element("a", "Skip to what needs an eye", class_="skip", href="#problems"),
        _header(data, sections),
        element(
            "main",
            _problems(data),
            _part(GLANCE, "", _glance(data)),
            _part("What changed since last week", "", weeks_table(data).html()),
            *map(_section, sections),
        ),
    )
    return joined(Html("<!doctype html>\n"), element("html", head, body, lang="en")).encode()


def _header(data: ReportData, sections: list[Section]) -> Html:
    steps = data.period.steps
    names = [GLANCE, "What changed since last week", *(section.title for section in sections)]
    links = (element("li", element("a", name, href=f"#{_key(name)}")) for name in names)
    return element(
        "header",
        element("h1", TITLE),
        element(
            "p",
            f"Of {data.where}, made at {data.made_at:%Y-%m-%d %H:%M} UTC. Days are UTC's, from "
            f"{steps[0].first} to {steps[-1].last}. This page holds no customer's words and no "
            "customer's name.",
        ),
        element("nav", element("ul", *links), aria_label="Parts of this page"),
    )


def _glance(data: ReportData) -> Html:
    tiles = (
        element("div", element("dt", name), element("dd", written(value)))
        for name, value in at_a_glance(data)
    )
    return element("dl", *tiles, class_="tiles")


def _problems(data: ReportData) -> Html:
    if not data.problems:
        found = element("p", "Nothing needs an eye.", class_="good")
    else:
        found = element("ul", *map(_problem, data.problems), class_="problems")
    return element(
        "section",
        element("h2", "What needs an eye", id="problems", tabindex=-1),
        found,
        aria_labelledby="problems",
    )


def _problem(problem: Problem) -> Html:
    return element(
        "li",
        element("strong", "Grave: " if problem.grave else "Look: "),
        problem.text,
        element("p", *_with_commands(problem.what_to_do)),
        class_="grave" if problem.grave else "look",
    )


def _with_commands(text: str) -> Iterator[str]:
    """Yield a text in pieces, where what stands between backticks is to be typed."""
    for place, piece in enumerate(text.split("`")):
        yield element("code", piece) if place % 2 else piece


def _section(section: Section) -> Html:
    tables = joined(*(table.html() for table in section.tables))
    if section.picture or section.is_long:
        tables = element("details", element("summary", f"{section.title}: the numbers"), tables)
    if section.picture is None:
        return _part(section.title, section.text, tables)
    frame = element(
        "div", section.picture, class_="wide", role="region", tabindex=0, aria_label=section.title
    )
    return _part(section.title, section.text, joined(element("figure", frame), tables))


def _part(title: str, text: str, content: Html) -> Html:
    key = _key(title)
    head = element("h2", title, id=key)
    return element("section", head, text and element("p", text), content, aria_labelledby=key)


def _key(title: str) -> str:
    return "-".join(title.lower().split())


@cache
def _style() -> str:
    return files("target_creovai.report").joinpath("page.css").read_text(encoding="utf-8")
