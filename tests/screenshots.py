"""`make screenshots`: the pictures of the docs, from the demo's data under a clock that stands.

The same every time, as far as the machine's fonts and browser are.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import time_machine

from tests.browser import launched
from tests.demo.org import build_org
from tests.fakes.creovai import CreovaiServer
from tests.fakes.salesforce import SalesforceServer
from tests.tap.support import run_tap, settings
from tests.target.commands.conftest import Operator
from tests.target.support import TargetRunner

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playwright.sync_api import Browser, Page

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
# After all that the demo's org holds.
NOW = datetime(2026, 2, 14, 9, 0, tzinfo=UTC)
DESK = {"width": 1120, "height": 720}
PHONE = {"width": 390, "height": 760}

# What follows from a click is drawn two frames later.
SETTLED = """() => new Promise((done) =>
  requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))))"""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of a page: what is typed and clicked before it is taken, and on what screen.

    `top` is the element that it begins with.
    """

    name: str
    page: str
    scheme: str = "light"
    screen: Mapping[str, int] = field(default_factory=lambda: DESK)
    search: str = ""
    click: tuple[str, ...] = ()
    top: str = ""


PICTURES = (
    Picture("preview-light", "preview", search="refund", click=("link:case",)),
    Picture("preview-dark", "preview", "dark", search="refund", click=("link:case",)),
    Picture(
        "preview-removed",
        "preview",
        search="20871",
        click=("link:case", "button:Show what is not sent"),
        top="article:has(.removed)",
    ),
    Picture("preview-phone", "preview", screen=PHONE),
)


def main() -> None:
    """Run the plugins on the demo's org, let the commands write their pages, and take pictures."""
    with TemporaryDirectory(prefix="screenshots-") as folder, launched() as browser:
        pages = pages_of_demo(Path(folder))
        FOLDER.mkdir(parents=True, exist_ok=True)
        for picture in PICTURES:
            take(browser, picture, pages[picture.page])


def pages_of_demo(folder: Path) -> dict[str, Path]:
    """Deliver the demo's conversations to a simulated Creovai; return the pages by command."""
    with time_machine.travel(NOW, tick=False), CreovaiServer() as creovai:
        with SalesforceServer(build_org().org) as salesforce:
            salesforce.app_scopes = "api sfap_api"
            messaging = {
                "messaging_api": "conversation_data",
                "conversation_data_url": f"{salesforce.url}/platform/engagement/v1.0",
            }
            run = run_tap(settings(salesforce, **messaging))
        target = TargetRunner(
            folder,
            api_url=creovai.url,
            api_user=creovai.api_user,
            api_password=creovai.api_password,
            redact={"email": "[mail address]"},
            strip_signatures=True,
        )
        target.read(b"\n".join(run.lines) + b"\n")
        page = folder / "preview.html"
        result = Operator(target)("preview", "--output", str(page))
    if result.exit_code:
        sys.exit(result.output)
    return {"preview": page}


def take(browser: Browser, picture: Picture, file: Path) -> None:
    """Take a picture of a page."""
    options: dict[str, Any] = {"viewport": picture.screen, "color_scheme": picture.scheme}
    page = browser.new_page(**options, reduced_motion="reduce")
    page.goto(file.as_uri())
    if picture.search:
        page.get_by_role("searchbox").fill(picture.search)
    for target in picture.click:
        click(page, target)
        page.evaluate(SETTLED)
    if picture.top:
        page.locator(picture.top).first.evaluate("(element) => element.scrollIntoView()")
    page.evaluate(SETTLED)
    page.screenshot(path=FOLDER / f"{picture.name}.png", animations="disabled")
    page.close()


def click(page: Page, target: str) -> None:
    """Click the first element of a role whose name contains some words (`button:Show`)."""
    role, _, name = target.partition(":")
    page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
