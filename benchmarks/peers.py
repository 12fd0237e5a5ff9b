"""Contenders that need nothing of this repository: `python peers.py NAME URL PLAN`.

PLAN is a file with a SOQL query for each stream. Rows go to standard output, a line each.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import requests


class _Plain(requests.adapters.HTTPAdapter):
    """Lead software that insists on https and on Salesforce's hosts to the local server."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override] # passes all on
        path = "/" + str(request.url).split("/", 3)[3]
        request.url = self._url + path
        return super().send(request, **options)


def bare_loop(url: str, plan: dict[str, str]) -> None:
    """Fetch, parse, dump: one thread and orjson."""
    import orjson  # noqa: PLC0415 - only in the environment of this contender

    write, session = sys.stdout.buffer.write, requests.Session()
    for query in plan.values():
        page = orjson.loads(
            session.get(f"{url}/services/data/v62.0/queryAll", params={"q": query}).content
        )
        while True:
            for row in page["records"]:
                write(orjson.dumps(row) + b"\n")
            if page["done"]:
                break
            page = orjson.loads(session.get(url + page["nextRecordsUrl"]).content)


def simple_salesforce(url: str, plan: dict[str, str]) -> None:
    """Let simple-salesforce do the paging."""
    from simple_salesforce.api import Salesforce  # noqa: PLC0415 - as above

    session = requests.Session()
    session.mount("https://", _Plain(url))
    client = Salesforce(
        instance_url="https://127.0.0.1", session_id="x", version="62.0", session=session
    )
    for query in plan.values():
        for row in client.query_all_iter(query, include_deleted=True):
            sys.stdout.write(json.dumps(row) + "\n")


def tap_salesforce(url: str, _: dict[str, str]) -> None:
    """Run singer-io's tap with the arguments that follow."""
    import tap_salesforce as tap  # noqa: PLC0415 - as above

    _lead(url)
    tap.main()


def source_salesforce(url: str, plan: dict[str, str]) -> None:
    """Run Airbyte's source with the arguments that follow, by REST.

    Left alone it takes Bulk for all but the objects of this list and those with a field that is a
    file or compound.
    """
    from source_salesforce import api, run  # noqa: PLC0415 - as above

    api.UNSUPPORTED_BULK_API_SALESFORCE_OBJECTS.extend(plan)
    _lead(url)
    run.run()


def _lead(url: str) -> None:
    """Have a tap read its own arguments, and find the local server at every https address."""
    del sys.argv[1:4]
    mount = requests.Session.mount

    def mount_plain(session: requests.Session, prefix: str, adapter: Any) -> None:
        mount(session, prefix, _Plain(url) if prefix == "https://" else adapter)

    requests.Session.mount = mount_plain  # type: ignore[method-assign, assignment] # see _Plain


CONTENDERS = {
    "bare": bare_loop,
    "simple": simple_salesforce,
    "singer": tap_salesforce,
    "airbyte": source_salesforce,
}

if __name__ == "__main__":
    name, target, plan_file = sys.argv[1:4]
    queries = json.loads(Path(plan_file).read_text())
    CONTENDERS[name](target, queries)
