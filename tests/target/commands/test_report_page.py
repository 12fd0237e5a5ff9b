"""The page of `report`, as it behaves in a real browser."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from target_creovai.model.history import Lag, OfAgent, OfDay, Run, RunFacts
from target_creovai.model.outcomes import Code, Outcome, Reason
from target_creovai.report.figures.data import ReportData
from target_creovai.report.figures.problems import Problem
from target_creovai.report.page import page_of
from target_creovai.store import OutcomeCount
from tests.browser import hard_to_read, unnamed

if TYPE_CHECKING:
    from tests.browser import Reader

# One browser at a time is enough for two cores.
pytestmark = pytest.mark.xdist_group("browser")

NOW = datetime(2024, 6, 20, 12, tzinfo=UTC)
ATTACK = '</style><script>alert(1)</script><img src="http://127.0.0.1:9/x" onerror="alert(1)">'
LONG = "target-creovai preview --outcome 'set aside' --output " + "long" * 30
PHONE = {"width": 360, "height": 740}


def facts(day: int) -> RunFacts:
    """Return what a run says, another one each day."""
    return RunFacts(
        counts={"rows": 7 * day, "changed_rows": day, "sent": day, "set_aside": day % 2},
        waiting={"case": {Code.CASE_OPEN: 40 + day}, "chat": {Code.CHAT_OPEN: 2}},
        set_aside={"chat": {Code.REFUSED: day % 3}},
        requests={"/capture/v2/chat": {200: 3 * day, 429: day % 4}},
        salesforce_requests=25 if day % 5 else None,
    )


def known() -> ReportData:
    """Return five weeks of three kinds, with something of everything."""
    days = [NOW - timedelta(days=day) for day in range(35)]
    kinds = ("case", "chat", "messaging")
    return ReportData(
        where="creovai.db",
        made_at=NOW,
        days=35,
        runs=[
            Run(f"{day:%Y-%m-%dT%H:%M:%SZ}", f"{day:%Y-%m-%dT%H}:30:00Z", 0, facts(n))
            for n, day in enumerate(days)
        ],
        delivered=[
            OfDay(f"{day.date()}", kind, 20 + (n * k) % 17, 90 + n, n % 5)
            for n, day in enumerate(days)
            for k, kind in enumerate(kinds, 2)
        ],
        by_agent=[
            OfAgent("chat", channel, agent, 10 * n, 50 * n)
            for n, channel in enumerate(["Chat", "WhatsApp", ""], 1)
            for agent in ("Nora Vance", "A name that is longer than most are", ATTACK)
        ],
        lags=[Lag(f"{day.date()}", "case", 60 + n % 9, 5) for n, day in enumerate(days[:20])],
        outcomes=[
            OutcomeCount("chat", Outcome.SET_ASIDE, Reason(Code.REFUSED, ("400", ATTACK)), 3, None),
            OutcomeCount(
                "case", Outcome.WAITING, Reason(Code.CASE_OPEN), 41, "2024-06-01T00:00:00Z"
            ),
        ],
        problems=[Problem(ATTACK, f"Mend it: `{LONG}`."), Problem("Stopped.", "Look.", grave=True)],
        with_agents=True,
    )


@pytest.fixture(autouse=True)
def _page(reader: Reader) -> None:
    reader.file.write_bytes(page_of(known()))


def test_everybody_can_read_it(reader: Reader) -> None:
    """In light and dark, with every table unfolded, and by names for readers of the screen.

    What holds HTML is text there; nothing is loaded or run, which the reader sees to.
    """
    for scheme in ("light", "dark"):
        page = reader.open(color_scheme=scheme)
        page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
        assert hard_to_read(page) == []
        assert unnamed(page) == []
        assert page.get_by_text(ATTACK).count() >= 3
        # Pictures have colours of their own against the page, WCAG 2: 3 to 1.
        assert page.evaluate(_BARS) == []
        page.close()


def test_it_fits_a_phone_and_paper(reader: Reader) -> None:
    """What is wider scrolls by itself, and on paper all of it is there."""
    page = reader.open(viewport=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    for picture in page.locator("svg.chart").all():
        box = picture.bounding_box()
        assert box is not None
        assert box["height"] > 50
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator("svg.chart").first.is_visible()


def test_the_keyboard_reaches_all_of_it(reader: Reader) -> None:
    """The first key skips the links; wide frames scroll, and tables unfold."""
    page = reader.open()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to what needs an eye"
    page.keyboard.press("Enter")
    assert page.url.endswith("#problems")
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert page.locator("details").first.get_attribute("open") is not None
    assert page.locator("details table").first.is_visible()
    assert page.locator("div.wide:not([tabindex='0'])").count() == 0


# The bars, dots and lines whose colour is too close to what is behind them.
_BARS = """() => {
  const light = (colour) => colour.match(/[\\d.]+/g).map(Number).slice(0, 3)
    .map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const sheet = light(getComputedStyle(document.querySelector("section")).backgroundColor);
  const shapes = [...document.querySelectorAll(".chart .series .rect, .chart .legend rect")];
  if (shapes.length < 100) return ["no bars"];
  return shapes
    .map((shape) => [sheet, light(getComputedStyle(shape).fill)].sort((one, other) => one - other))
    .map(([low, high]) => (high + 0.05) / (low + 0.05))
    .filter((contrast) => contrast < 3);
}"""
