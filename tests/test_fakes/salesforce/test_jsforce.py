"""jsforce, a client in another language, takes the simulated Salesforce for the real one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.salesforce import SalesforceOrg, SalesforceServer

SCRIPT = Path(__file__).parent / "jsforce" / "read.cjs"
MODULES = Path(sys.prefix) / "jsforce" / "node_modules"
NODE = shutil.which("node")
LOGIN = {
    "clientId": "demo-client",
    "clientSecret": "demo-secret",
    "redirectUri": "http://127.0.0.1/",
    "username": "integration@example.test",
    "password": "demo-passworddemo-token",
}

pytestmark = pytest.mark.skipif(
    not (NODE and (MODULES / "jsforce").exists()),
    reason="Node.js and jsforce are not at hand: `make test` installs jsforce where npm is",
)


@pytest.fixture(name="found", scope="module")
def run_jsforce() -> dict[str, Any]:
    """What jsforce makes of an org with five cases, one of them deleted, two rows a page."""
    org = SalesforceOrg()
    contact = org.add("Contact", FirstName="Ada", LastName="Byron")
    cases = [org.add("Case", Subject=f'Case "{n}",\n', ContactId=contact) for n in range(5)]
    org.delete("Case", cases[2])
    with SalesforceServer(org, page_size=2) as server:
        output = subprocess.check_output(
            [str(NODE), str(SCRIPT), server.url],
            input=json.dumps(LOGIN).encode(),
            env=os.environ | {"NODE_PATH": str(MODULES)},
        )
    document: dict[str, Any] = json.loads(output)
    return document


def numbers(rows: list[dict[str, Any]]) -> list[str]:
    """Return the number in the Subject of each row."""
    return [row["Subject"][6] for row in rows]


def test_jsforce_follows_the_pages_of_a_query(found: dict[str, Any]) -> None:
    """By every nextRecordsUrl, and by hand with queryMore."""
    assert numbers(found["query"]) == ["0", "1", "3", "4"]
    assert found["query"][0]["Contact"]["Name"] == "Ada Byron"
    assert found["pages"] == [2, False, 2, True]


def test_jsforce_reads_deleted_rows(found: dict[str, Any]) -> None:
    """By its scanAll, which is queryAll."""
    assert [row["IsDeleted"] for row in found["queryAll"]] == [False, False, True, False, False]


def test_jsforce_understands_describe_and_limits(found: dict[str, Any]) -> None:
    """One object, all objects, what is left of the day's requests."""
    (field,) = found["describe"]
    assert (field["type"], field["referenceTo"]) == ("reference", ["Contact"])
    assert {"Case", "LiveChatTranscript", "MessagingSession"} <= set(found["describeGlobal"])
    assert found["limits"]["Max"] == 15_000


def test_jsforce_reads_one_record_and_who_it_is(found: dict[str, Any]) -> None:
    """By Id, and by the token."""
    assert found["retrieve"].startswith("Case ")
    assert found["identity"] == LOGIN["username"]


def test_jsforce_runs_bulk_jobs(found: dict[str, Any]) -> None:
    """From the job to its CSV, deleted rows or not."""
    assert sorted(numbers(found["bulk2"])) == ["0", "1", "3", "4"]
    assert sorted(row["IsDeleted"] for row in found["bulk2All"]) == ["false"] * 4 + ["true"]


def test_jsforce_tells_errors_apart(found: dict[str, Any]) -> None:
    """By the codes that it looks for."""
    codes = {name: found[name]["code"] for name in ("noField", "noObject", "badLocator")}

    assert codes == {
        "noField": "INVALID_FIELD",
        "noObject": "NOT_FOUND",
        "badLocator": "INVALID_QUERY_LOCATOR",
    }


def test_jsforce_logs_in_with_a_password_and_again(found: dict[str, Any]) -> None:
    """A refused token is renewed, a wrong password is a refused login."""
    assert found["renewed"] == 4
    assert found["login"] == {"error": "invalid_grant"}
