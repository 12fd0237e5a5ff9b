"""A Salesforce that costs nothing: rows are serialised before anybody asks for them.

Logins and describes are the simulated Salesforce's; queries are answered from slices of a list.
Run as `python -m benchmarks.fast_salesforce PAGE_SIZE LATENCY_MS SCALE`; prints its port.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import time
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from random import Random
from typing import Any
from urllib.parse import parse_qs, urlsplit

from requests.structures import CaseInsensitiveDict

from tap_salesforce_chat.streams.declarations import QUERY_STREAMS
from tests.fakes.salesforce import SalesforceOrg
from tests.fakes.salesforce.answers import Answer, json_answer, make_request
from tests.fakes.salesforce.api import RestApi
from tests.fakes.salesforce.ids import make_id
from tests.fakes.salesforce.oauth import Credentials

AGE = timedelta(days=730)  # of the first row; the others are spread over the time since
# Rows of each stream, and the characters of its texts.
SHAPE: dict[str, tuple[int, dict[str, int]]] = {
    "LiveChatTranscript": (8_000, {"Body": 7_000}),
    "Case": (8_000, {"Description": 1_800}),
    "CaseComment": (9_000, {"CommentBody": 700}),
    "EmailMessage": (10_000, {"TextBody": 3_500, "HtmlBody": 6_000}),
}
_WORDS = [
    "the",
    "order",
    "invoice",
    "was",
    "delivered",
    "please",
    "refund",
    "Grüße",
    "agent",
    "customer",
    "账单",
    "late",
    "\n",
]
_BOUND = {
    name: re.compile(rf"SystemModstamp {sign} (\S+?)(?:\)|\s|$)")
    for name, sign in (("since", ">="), ("until", "<"))
}


class Table:
    """The rows of one object, sorted by their change, as JSON."""

    def __init__(self, org: SalesforceOrg, sobject: str, scale: float) -> None:
        self._random = Random(sobject)  # noqa: S311 - nothing is secret
        definition = org.sobject(sobject)
        stream = next(item for item in QUERY_STREAMS if item.sobject == sobject)
        if definition is None:
            raise ValueError(sobject)
        count, texts = SHAPE[sobject]
        count = int(count * scale)
        start, pace = datetime.now(UTC) - AGE, AGE / count
        self.rows = [
            self._row(definition, number, start + number * pace, texts, stream.parents)
            for number in range(count)
        ]
        self.instants = [row["SystemModstamp"][:19] for row in self.rows]
        self.json = [json.dumps(row, ensure_ascii=False).encode() for row in self.rows]
        self._csv: dict[str, list[bytes]] = {}

    def _row(
        self, definition: Any, number: int, moment: datetime, texts: dict[str, int], parents: Any
    ) -> Any:
        row: dict[str, Any] = {"attributes": {"type": definition.name, "url": "/x"}}
        for field in definition.fields:
            row[field.name] = self._value(field, moment)
        row["Id"] = make_id(definition.prefix, number + 1)
        for name, length in texts.items():
            row[name] = self._text(length)
        for parent in parents:
            values = dict.fromkeys(parent.fields, "Jo Doe")
            row[parent.relationship] = {"attributes": {"type": "X", "url": "/x"}, **values}
        return row

    def _value(self, field: Any, moment: datetime) -> Any:
        if field.type == "datetime":
            return f"{moment:%Y-%m-%dT%H:%M:%S}.000+0000"
        if field.type == "boolean":
            return False
        if field.type in {"int", "double", "currency"}:
            return 17
        if field.type in {"reference", "id"}:
            return "0058d0000000001AAA"
        return "some value" if self._random.random() < 0.5 else None  # noqa: PLR2004 - every other

    def _text(self, length: int) -> str:
        words = self._random.choices(_WORDS, k=length // 6)
        return " ".join(words)

    def span(self, query: str) -> tuple[int, int]:
        """Return the rows of a query's window."""
        since, until = (_BOUND[name].search(query) for name in ("since", "until"))
        low = bisect_left(self.instants, since[1][:19]) if since else 0
        high = bisect_left(self.instants, until[1][:19]) if until else len(self.rows)
        return low, max(low, high)

    def csv_lines(self, query: str) -> list[bytes]:
        """Return a header and the rows as Bulk writes them."""
        if query not in self._csv:
            paths = query[len("SELECT ") : query.index(" FROM ")].split(", ")
            low, high = self.span(query)
            lines = [_line(paths)]
            lines += [_line([_cell(row, path) for path in paths]) for row in self.rows[low:high]]
            self._csv = {query: lines}
        return self._csv[query]


def _cell(row: dict[str, Any], path: str) -> str:
    parent, dot, name = path.partition(".")
    value = row[parent].get(name, "0058d0000000001AAA") if dot else row[path]
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value).replace(".000+0000", ".000Z")


def _line(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()


class FastSalesforce:
    """Answers requests."""

    def __init__(self, page_size: int, scale: float) -> None:
        org = SalesforceOrg()
        self.api = RestApi(org, Credentials())
        self.page_size = page_size
        self.tables = {name: Table(org, name, scale) for name in SHAPE}
        self.jobs: list[str] = []

    def answer(self, method: str, target: str, headers: Any, body: bytes) -> Answer:
        """Answer one request."""
        url = urlsplit(target)
        parts = url.path.strip("/").split("/")[3:]
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        if url.path.endswith("/oauth2/token"):
            token = {"access_token": self.api.issue_token(), "instance_url": self.api.url}
            return json_answer(token | {"issued_at": "1700000000000", "token_type": "Bearer"})
        if parts[:1] in (["query"], ["queryAll"]):
            return self._query(asked.get("q", ""), parts[1:])
        if parts[:2] == ["jobs", "query"]:
            return self._job(method, parts[2:], asked, body)
        return self.api.handle(make_request(method, target, headers, body))

    def _query(self, query: str, locator: list[str]) -> Answer:
        if locator:
            name, *numbers = locator[0].split("-")[1:]
            start, end, total = map(int, numbers)
            return self._page(name, start, end, total)
        sobject = _sobject(query)
        if sobject not in self.tables:
            return json_answer({"totalSize": 0, "done": True, "records": []})
        low, high = self.tables[sobject].span(query)
        if "COUNT()" in query:
            return json_answer({"totalSize": high - low, "done": True, "records": []})
        return self._page(sobject, low, high, high - low)

    def _page(self, sobject: str, low: int, high: int, total: int) -> Answer:
        end = min(low + self.page_size, high)
        more = f"/services/data/v62.0/query/01g-{sobject}-{end}-{high}-{total}"
        head: dict[str, Any] = {"totalSize": total, "done": end == high}
        if end < high:
            head["nextRecordsUrl"] = more
        records = b",".join(self.tables[sobject].json[low:end])
        return Answer(200, json.dumps(head).encode()[:-1] + b',"records":[' + records + b"]}")

    def _job(self, method: str, parts: list[str], asked: dict[str, str], body: bytes) -> Answer:
        if method == "POST":
            self.jobs.append(json.loads(body)["query"])
            self.tables[_sobject(self.jobs[-1])].csv_lines(self.jobs[-1])
            return json_answer({"id": str(len(self.jobs) - 1), "state": "UploadComplete"})
        if method != "GET" or parts[1:] != ["results"]:
            return json_answer({"id": parts[0], "state": "JobComplete"})
        query = self.jobs[int(parts[0])]
        lines = self.tables[_sobject(query)].csv_lines(query)
        start = int(asked.get("locator", 1))
        end = min(start + int(asked.get("maxRecords", 50_000)), len(lines))
        locator = str(end) if end < len(lines) else "null"
        headers = (("Sforce-Locator", locator), ("Sforce-NumberOfRecords", str(end - start)))
        return Answer(200, b"".join([lines[0], *lines[start:end]]), "text/csv", headers)


def _sobject(query: str) -> str:
    return query.partition(" FROM ")[2].partition(" ")[0]


def serve(page_size: int, latency: float, scale: float) -> None:
    """Serve until the process is ended."""
    fast = FastSalesforce(page_size, scale)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = CaseInsensitiveDict(self.headers.items())
            answer = fast.answer(self.command, self.path, headers, body)
            time.sleep(latency)
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
            self.send_header("Sforce-Limit-Info", "api-usage=1/1000000")
            for name, value in answer.headers:
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body)

        do_POST = do_PATCH = do_DELETE = do_GET  # noqa: N815 - the names that are looked for

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fast.api.url = f"http://127.0.0.1:{server.server_port}"
        sys.stdout.write(f"{server.server_port}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]) / 1000, float(sys.argv[3]))
