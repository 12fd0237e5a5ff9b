"""`make screenshots`: the pictures of the docs, from the demo's data under a clock that stands.

The same every time, as far as the machine's fonts and browser are.
"""

from __future__ import annotations

import shutil
import sys
from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from operator import itemgetter
from pathlib import Path
from tempfile import gettempdir
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
    from collections.abc import Iterator, Mapping

    from playwright.sync_api import Browser, Page

    from tests.tap.support import Run

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "images"
# The morning after the last mail of a case. Few chats are later.
REPORTED = datetime(2025, 12, 1, 9, 0, tzinfo=UTC)
REFUSED = 2  # how many of the last cases
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
    Picture("report-light", "report"),
    Picture("report-dark", "report", "dark", top="#sent"),
)


def main() -> None:
    """Run the plugins on the demo's org, let the commands write their pages, and take pictures."""
    with workplace() as folder, launched() as browser:
        pages = pages_of_demo(folder)
        FOLDER.mkdir(parents=True, exist_ok=True)
        for picture in PICTURES:
            take(browser, picture, pages[picture.page])


@contextmanager
def workplace() -> Iterator[Path]:
    """Make a folder that is called the same every time: pages say which store they are of."""
    folder = Path(gettempdir()) / "salesforce-creovai"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def pages_of_demo(folder: Path) -> dict[str, Path]:
    """Deliver the demo's conversations to a simulated Creovai; return the pages by command."""
    with time_machine.travel(NOW, tick=False):
        read = read_org()
        with delivering(folder / "dev") as (target, _):
            target.read(b"\n".join(read.lines) + b"\n")
            preview = page_of(target, "preview")
    with delivering(folder / "prod") as (target, creovai):
        deliver_by_day(read, target, creovai)
        with time_machine.travel(REPORTED, tick=False):
            report = page_of(target, "report")
    return {"preview": preview, "report": report}


def read_org() -> Run:
    """Let the tap read all of the demo's org."""
    with SalesforceServer(build_org().org) as salesforce:
        salesforce.app_scopes = "api sfap_api"
        messaging = {
            "messaging_api": "conversation_data",
            "conversation_data_url": f"{salesforce.url}/platform/engagement/v1.0",
        }
        return run_tap(settings(salesforce, **messaging))


@contextmanager
def delivering(folder: Path) -> Iterator[tuple[TargetRunner, CreovaiServer]]:
    """Set up a target with an empty store, and an empty tenant."""
    folder.mkdir()
    with CreovaiServer() as creovai:
        yield (
            TargetRunner(
                folder,
                api_url=creovai.url,
                api_user=creovai.api_user,
                api_password=creovai.api_password,
                redact={"email": "[mail address]"},
                strip_signatures=True,
            ),
            creovai,
        )


def deliver_by_day(read: Run, target: TargetRunner, creovai: CreovaiServer) -> None:
    """Run the target once a day, each time on the rows that changed on the day before."""
    lines = [*zip(read.messages, read.lines, strict=True)]
    schemas = [line for message, line in lines if message["type"] == "SCHEMA"]
    by_day: defaultdict[str, list[bytes]] = defaultdict(list)
    for message, line in lines:
        if message["type"] == "RECORD":
            by_day[message["record"]["SystemModstamp"][:10]].append(line)
    closed = [case for case in read.rows("Case") if case["IsClosed"]]
    for case in sorted(closed, key=itemgetter("SystemModstamp"))[-REFUSED:]:
        creovai.refuse(case["Id"])  # so that something needs an eye
    for day in sorted(day for day in by_day if day < f"{REPORTED.date()}"):
        at = datetime.fromisoformat(f"{day}T09:00:00Z") + timedelta(days=1)
        with time_machine.travel(at, tick=False):
            target.read(b"\n".join([*schemas, *by_day[day]]) + b"\n")


def page_of(target: TargetRunner, command: str) -> Path:
    """Let a command write its page."""
    page = target.folder / f"{command}.html"
    result = Operator(target)(command, "--output", str(page))
    if result.exit_code:
        sys.exit(result.output)
    # The report names its store, whose folder is another one each time.
    page.write_bytes(page.read_bytes().replace(bytes(target.folder), b"/srv/salesforce-creovai"))
    return page


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
        page.locator(picture.top).first.evaluate(
            "(element) => element.scrollIntoView({ behavior: 'instant' })"
        )
    page.evaluate(SETTLED)
    page.screenshot(path=FOLDER / f"{picture.name}.png", animations="disabled")
    page.close()


def click(page: Page, target: str) -> None:
    """Click the first element of a role whose name contains some words (`button:Show`)."""
    role, _, name = target.partition(":")
    page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
