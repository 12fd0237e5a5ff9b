"""`make demo`: the real job, a few times, and what arrived.

Starts a simulated Salesforce and a simulated Creovai on loopback, runs
`meltano run tap-salesforce-chat target-creovai` against them, changes a few
records in Salesforce, and runs it again; then it takes a permission away, and gives it
back. All of it happens in a temporary copy of the project, so that a `.env` with the
settings of a real org has no part in it.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tests.demo.org import BROKEN_BODIES, build_org
from tests.fakes.creovai import CreovaiServer
from tests.fakes.salesforce import SalesforceServer
from tests.project import MeltanoProject

if TYPE_CHECKING:
    from tests.demo.org import DemoOrg

JOB = ("--environment=demo", "run", "tap-salesforce-chat", "target-creovai")
LINES_SHOWN = 12


def main() -> None:
    """Play all acts; fail if anything arrived that should not, or did not."""
    demo = build_org()
    with (
        TemporaryDirectory(prefix="salesforce-creovai-demo-") as folder,
        SalesforceServer(demo.org) as salesforce,
        CreovaiServer(api_user="demo-user", api_password="demo-secret") as creovai,
    ):
        salesforce.app_scopes = "api sfap_api"
        project = MeltanoProject(Path(folder), salesforce, creovai)
        first_act(demo, project)
        second_act(demo, project)
        third_act(demo, project)
    say(
        "That was the whole job. Payloads as Creovai would get them from your own org, with "
        'nothing sent: see docs/index.md, "Look before you send".'
    )


def first_act(demo: DemoOrg, project: MeltanoProject) -> None:
    """Everything, for the first time."""
    creovai = project.creovai
    say("First run: everything that the org holds.")
    exit_code = run_meltano(project)
    enhanced = [key for key in demo.sessions if key in creovai.chats]
    arrived = {
        "chats": len(creovai.chats) - len(enhanced),
        "cases": len(creovai.cases),
        "enhanced chats": len(enhanced),
    }
    check(arrived == demo.deliverable, f"delivered {arrived}, expected {demo.deliverable}")
    check(exit_code == 1, "two broken transcripts must not look like a green run")
    say(
        f"Exit code 1 on purpose: {len(BROKEN_BODIES)} transcripts that nobody can read were set "
        "aside, and named; all others arrived."
    )
    show("A chat as it arrived", next(iter(creovai.chats.values())))
    show("An enhanced chat as it arrived", creovai.chats[demo.sessions[3]])
    show("A case as it arrived", max(creovai.cases.values(), key=lambda c: len(c["messages"])))


def second_act(demo: DemoOrg, project: MeltanoProject) -> None:
    """A few records change; only those travel."""
    salesforce, creovai = project.salesforce, project.creovai
    changed = change_records(demo)
    before, calls = len(creovai.posts), len(salesforce.calls)
    say(
        "Now two open cases are closed, a sent case gets a comment and another one a new "
        "priority. Second run: only those travel."
    )
    exit_code = run_meltano(project)
    posts = creovai.posts[before:]
    for post in posts:
        key = post.payload.get("sessionId") or post.payload.get("caseReferenceId")
        print(f"    POST {post.path:38} {key}")
    arrived = sorted(
        post.payload.get("sessionId") or post.payload["caseReferenceId"] for post in posts
    )
    check(arrived == sorted(changed), f"{len(arrived)} posts, expected {len(changed)}")
    check(exit_code == 0, "nothing was set aside in this run")
    check(not creovai.duplicate_chats, "no chat may be sent twice")
    print(f"    {len(salesforce.calls) - calls} requests to Salesforce, {len(posts)} to Creovai")


def third_act(demo: DemoOrg, project: MeltanoProject) -> None:
    """A permission is lost: what was not read is not empty, so a case waits until it was."""
    org, creovai, case_id = demo.org, project.creovai, demo.closed_cases[0]
    before = len(creovai.posts)
    say(
        "Now the text of mails is hidden from the integration user, and a sent case gets a mail. "
        "Third run: the case waits, and INCOMPLETE says for what."
    )
    org.hide("EmailMessage", "TextBody", "HtmlBody")
    customer, now = demo.cases.customers[0], org.now()
    demo.cases.mail(case_id, now, customer, "One more question: when?", incoming=True)
    check(run_meltano(project) == 1, "a mail that nobody could read must not look like none")
    check(len(creovai.posts) == before, "nothing may be sent without its mail")
    say("The permission is given back. Fourth run: the mail is read again by itself, and goes.")
    org.show("EmailMessage", "TextBody", "HtmlBody")
    check(run_meltano(project) == 0, "nothing waits any more")
    posted = [post.payload["sessionId"] for post in creovai.posts[before:]]
    check(posted == [case_id], f"{len(posted)} posts, expected 1")


def change_records(demo: DemoOrg) -> list[str]:
    """Change four cases; return their Ids."""
    org, now = demo.org, datetime.now(UTC).replace(microsecond=0)
    closing, commented, reprioritised = demo.open_cases[:2], *demo.closed_cases[:2]
    for case_id in closing:
        org.update("Case", case_id, Status="Closed", IsClosed=True, ClosedDate=now)
    agent = demo.cases.agents[0]
    demo.cases.comment(
        commented, now - timedelta(seconds=5), agent, "The refund has arrived.", published=True
    )
    org.update("Case", reprioritised, Priority="Critical")
    return [*closing, commented, reprioritised]


def run_meltano(project: MeltanoProject) -> int:
    """Run the job as a user would; return its exit code."""
    print(f"    $ meltano {' '.join(JOB)}\n", flush=True)
    return project.run(*JOB, capture=False).returncode


def say(text: str) -> None:
    """Print a line of the demo's own."""
    print(f"\n=== {text}\n", flush=True)


def check(fine: bool, what: str) -> None:  # noqa: FBT001 -- reads like an assertion
    """End the demo if it did not go as it must."""
    if not fine:
        sys.exit(f"The demo failed: {what}.")


def show(title: str, payload: dict[str, Any]) -> None:
    """Print a conversation as a person would read it, and what else came with it."""
    say(title)
    people = {person["referenceId"]: person for person in payload["participants"]}
    for message in messages_of(payload)[:LINES_SHOWN]:
        sender = people[message["senderReferenceId"]]
        name = " ".join(filter(None, (sender.get("firstName"), sender.get("lastName"))))
        channel = f" [{message['channel']}]" if "channel" in message else ""
        text = message["content"].replace("\n", "\n" + " " * 8)
        print(f"    {message['utcTimestamp']} {name or sender['type']} ({sender['type']}){channel}")
        print(f"        {text}")
    rest = {name: value for name, value in payload.items() if name not in ("messages", "metadata")}
    rest["participants"] = [
        {name: value for name, value in person.items() if name != "messages"}
        for person in payload["participants"]
    ]
    print("\n" + json.dumps(rest, indent=2, ensure_ascii=False))
    print(f"metadata: {', '.join(payload['metadata'])}")


def messages_of(payload: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the messages in time order; a chat nests them under who wrote them."""
    if "messages" in payload:
        return list(payload["messages"])
    nested = [
        message | {"senderReferenceId": person["referenceId"]}
        for person in payload["participants"]
        for message in person["messages"]
    ]
    return sorted(nested, key=lambda message: str(message["utcTimestamp"]))


if __name__ == "__main__":
    main()
