"""A bare HTTP client, for tests that look at what goes over the wire."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import requests

from tests.fakes.salesforce.server import SalesforceServer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.salesforce.org import SalesforceOrg

V62 = "/services/data/v62.0"
_TIMEOUT_SECONDS = 60
_LOGIN = {
    "grant_type": "password",
    "client_id": "demo-client",
    "client_secret": "demo-secret",
    "username": "integration@example.test",
    "password": "demo-passworddemo-token",
}


class Client:
    """A session that is logged in. It checks nothing: refusals are what tests are after."""

    def __init__(self, server: SalesforceServer, session: requests.Session) -> None:
        self.server = server
        self.org = server.org
        self.session = session
        self.renew()

    def renew(self) -> None:
        """Take a token that works."""
        self.session.headers["Authorization"] = f"Bearer {self.server.issue_token()}"

    def get(self, path: str, **keywords: Any) -> requests.Response:
        """Send a GET to a path of the server."""
        keywords.setdefault("timeout", _TIMEOUT_SECONDS)
        return self.session.get(self.server.url + path, **keywords)

    def query(self, statement: str, *, endpoint: str = "query", **keywords: Any) -> Any:
        """Return the response to a query."""
        return self.get(f"{V62}/{endpoint}", params={"q": statement}, **keywords)

    def pages(self, statement: str, *, endpoint: str = "query") -> Iterator[dict[str, Any]]:
        """Yield the pages of a query, each asked for when it is needed."""
        page = self.query(statement, endpoint=endpoint).json()
        yield page
        while not page["done"]:
            page = self.get(page["nextRecordsUrl"]).json()
            yield page

    def login(self, **changes: str) -> requests.Response:
        """Ask for a token; `changes` replace fields of a form that is right."""
        url = f"{self.server.url}/services/oauth2/token"
        return requests.post(url, data=_LOGIN | changes, timeout=_TIMEOUT_SECONDS)


@contextmanager
def connected(org: SalesforceOrg, **keywords: Any) -> Iterator[Client]:
    """Run a server of an org and connect to it; the keywords are the server's."""
    with SalesforceServer(org, **keywords) as server, requests.Session() as session:
        yield Client(server, session)


def ids(*pages: dict[str, Any]) -> list[str]:
    """Return the ids of all records of some pages."""
    return [record["Id"] for page in pages for record in page["records"]]
