"""A real browser for the pages that commands write: it opens files, and notes what they try.

Playwright drives the Chromium or Chrome that the machine has. Where there is none, the tests that
ask for one are skipped, and say so.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
OFFLINE = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE_MS = 15_000


@contextmanager
def launched() -> Iterator[Browser]:
    """Start the browser that is there.

    Raises:
        pytest.skip.Exception: There is none.
    """
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip(
            "NOT tested, as there is no Chromium or Chrome to be found: apt-get install chromium"
        )
    # Imported here: most tests need no browser, and this takes a moment.
    from playwright.sync_api import expect, sync_playwright  # noqa: PLC0415

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*OFFLINE])
        yield browser
        browser.close()


@dataclass
class Reader:
    """Someone with a browser, who opens pages; notes whatever a page should not do."""

    browser: Browser
    file: Path
    troubles: list[str] = field(default_factory=list)

    def open(self, at: str = "", **options: Any) -> Page:
        """Open the page at a place in it, in a window of its own."""
        page = self.browser.new_page(**options)
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", lambda request: self._requested(request.url))
        page.on("console", lambda message: self.troubles.append(message.text))
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("dialog", self._asked)
        page.goto(f"{self.file.as_uri()}#{at}")
        return page

    def _requested(self, url: str) -> None:
        if url.partition("#")[0] != self.file.as_uri():
            self.troubles.append(f"request to {url}")

    def _asked(self, dialog: Any) -> None:
        self.troubles.append(f"dialog {dialog.message}")
        dialog.dismiss()


# From a page to the contrast of every text that is seen on it, with the element.
CONTRASTS = """() => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => parts(colour).slice(0, 3)
    .map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  const behind = (element) => {
    const colour = getComputedStyle(element).backgroundColor;
    return parts(colour)[3] === 0 && element.parentElement ? behind(element.parentElement) : colour;
  };
  return [...document.body.querySelectorAll("*")]
    .filter((element) => element.checkVisibility() &&
      [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
    .map((element) => {
      const [low, high] = [getComputedStyle(element).color, behind(element)].map(light)
        .sort((one, other) => one - other);
      return [(high + 0.05) / (low + 0.05), element.outerHTML.slice(0, 80)];
    });
}"""
READABLE = 4.5  # WCAG 2, level AA, for text of the usual size


def hard_to_read(page: Page) -> list[Any]:
    """Return the texts on a page whose contrast is too low; fail if it has hardly any text."""
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 20
    return [found for found in contrasts if found[0] < READABLE]


# Controls and pictures that a reader of the screen has no name for, Ids that are there twice,
# and levels of headings that are left out.
UNNAMED = """() => {
  const seen = (element) => element.checkVisibility({ visibilityProperty: true });
  const name = (element) => element.getAttribute("aria-label") || element.getAttribute("title") ||
    (element.labels && [...element.labels].map((label) => label.textContent).join("")) ||
    (element.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean)
      .map((id) => document.getElementById(id)?.textContent).join("") ||
    element.querySelector("title")?.textContent || element.textContent;
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  const levels = [...document.querySelectorAll("h1, h2, h3, h4")].filter(seen)
    .map((heading) => Number(heading.tagName[1]));
  return [
    ...[...document.querySelectorAll("a, button, input, select, summary, svg, [role=img]")]
      .filter((element) => seen(element) && !name(element)?.trim())
      .map((element) => `no name: ${element.outerHTML.slice(0, 80)}`),
    ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => `twice: ${id}`),
    ...levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1)
      .map((level) => `heading of level ${level} below one of less than ${level - 1}`),
    ...(document.documentElement.lang ? [] : ["no language"]),
    ...(document.title ? [] : ["no title"]),
  ];
}"""


def unnamed(page: Page) -> list[str]:
    """Return what a reader of the screen could not make sense of on a page."""
    found: list[str] = page.evaluate(UNNAMED)
    return found
