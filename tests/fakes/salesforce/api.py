"""The REST API: a request to an answer. It opens no sockets."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from threading import Lock
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from tests.fakes.interceptors import Interceptors
from tests.fakes.salesforce.answers import Answer, json_answer, make_request, refusal
from tests.fakes.salesforce.bulk import BulkJobs
from tests.fakes.salesforce.cursors import MAX_PAGE, Cursors, wished_page_size
from tests.fakes.salesforce.deletions import deleted
from tests.fakes.salesforce.describe import describe, global_describe
from tests.fakes.salesforce.errors import (
    Code,
    SalesforceError,
    json_object,
    mistyped,
    not_found,
)
from tests.fakes.salesforce.evaluate import evaluate, projection
from tests.fakes.salesforce.messaging import DATA_BASE
from tests.fakes.salesforce.oauth import (
    Credentials,
    OAuthRefusal,
    Tokens,
    check_login,
    new_refresh_token,
    refused_login,
    token_grant,
)
from tests.fakes.salesforce.soql import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from tests.fakes.salesforce.answers import Request
    from tests.fakes.salesforce.cursors import Cursor
    from tests.fakes.salesforce.fields import SObject
    from tests.fakes.salesforce.org import Row, SalesforceOrg

_FIRST_VERSION, _LAST_VERSION = 31, 67
_MOST_PARTS = 25  # of a composite batch
_SEASONS = ("Spring", "Summer", "Winter")
_VERSION = re.compile(r"/services/data/v(\d+)\.0(?P<rest>/.*)?")


@dataclass(frozen=True, slots=True)
class _Call:
    """A request of a known version, with a valid token."""

    request: Request
    base: str
    parts: tuple[str, ...]


class RestApi:
    """An org behind its API: logins, limits, describes and queries.

    `daily_limit`, `daily_used`, `password_flow_blocked`, `rotate_refresh_tokens`, `app_scopes`
    and `login_refusal`, the answer to all logins, may be set at any time.
    """

    def __init__(
        self, org: SalesforceOrg, credentials: Credentials, *, page_size: int = MAX_PAGE
    ) -> None:
        self.org = org
        self.url = ""
        self.page_size = page_size
        self.daily_limit = 15_000
        self.daily_used = 0
        self.password_flow_blocked = False
        self.rows_in_time: int | None = None  # a query for more of them is too much
        self.too_much = Code.QUERY_TIMEOUT  # and this is how it is refused
        self.fields_at_once: int | None = None  # a query for more of them is too complicated
        self.bulk = BulkJobs(org)
        self.app_scopes = "api"
        self.interceptors: Interceptors[Request, Answer] = Interceptors()
        self.rotate_refresh_tokens = False
        self.login_refusal: OAuthRefusal | None = None
        self._credentials = credentials
        self._tokens = Tokens(org.org_id)
        self._cursors = Cursors()
        self._lock = Lock()

    def issue_token(self) -> str:
        """Return an access token that works, as after a login."""
        return self._tokens.issue()

    def takes_refresh_token(self, token: str) -> bool:
        """Tell whether the next login with a refresh token must use this one."""
        return token == self._credentials.refresh_token

    def expire_tokens(self) -> None:
        """End all sessions; a new login works."""
        self._tokens.expire()

    def expire_locators(self) -> None:
        """Close all open queries; their next pages are refused."""
        self._cursors.expire()

    def handle(self, request: Request) -> Answer:
        """Answer a request, refusals included, the way that interceptors let it go."""
        return self.interceptors.answer(request, self._answer)

    def _answer(self, request: Request) -> Answer:
        try:
            return self._dispatch(request)
        except SalesforceError as error:
            return refusal(error)

    def _dispatch(self, request: Request) -> Answer:
        path = request.path.rstrip("/")
        if path in self._OPEN:
            method, handler = self._OPEN[path]
            _allow(request, method)
            return handler(self, request)
        if path == f"{DATA_BASE}/conversation-entries":
            _allow(request, "GET")
            scopes = self._tokens.scopes(request.headers.get("Authorization", ""))
            return self.org.messaging.data(request, scopes)
        version = _VERSION.fullmatch(path)
        if version is None:
            raise not_found()
        _check_version(int(version[1]))
        self._enter(request)
        parts = tuple((version["rest"] or "").split("/")[1:])
        if parts[:2] == ("jobs", "query"):
            return self.bulk.handle(request, f"{version[1]}.0", parts[2:])
        if parts == ("composite", "batch"):
            return self._batch(request)
        _allow(request, "GET")
        return self._resource(_Call(request, f"/services/data/v{version[1]}.0", parts))

    def _batch(self, request: Request) -> Answer:
        """Answer requests that come in the body of another, where they may be long."""
        _allow(request, "POST")
        wishes = json_object(request.body).get("batchRequests")
        if not isinstance(wishes, list) or not all(map(_is_part, wishes)):
            raise mistyped(1)
        if len(wishes) > _MOST_PARTS:
            message = f"The request can't contain more than {_MOST_PARTS} operations."
            raise SalesforceError(Code.LIMIT_EXCEEDED, message)
        results = []
        for wish in wishes:
            target = f"/services/data/{wish['url'].lstrip('/')}"
            answer = self.handle(make_request(wish["method"], target, request.headers, b""))
            result = json.loads(answer.body)
            results.append({"statusCode": answer.status, "result": result})
        failed = any(result["statusCode"] != HTTPStatus.OK for result in results)
        return json_answer({"hasErrors": failed, "results": results})

    def _enter(self, request: Request) -> None:
        self._insist_on_session(request.headers.get("Authorization", ""))
        with self._lock:
            if self.daily_used >= self.daily_limit:
                message = "TotalRequests Limit exceeded."
                raise SalesforceError(Code.REQUEST_LIMIT_EXCEEDED, message, status=403)
            self.daily_used += 1

    def _insist_on_session(self, authorization: str) -> None:
        if not self._tokens.accepts(authorization):
            message = "Session expired or invalid"
            raise SalesforceError(Code.INVALID_SESSION_ID, message, status=401)

    def _resource(self, call: _Call) -> Answer:
        for pattern, handler in self._RESOURCES:
            if len(pattern) == len(call.parts) and all(
                word in {"*", part} for word, part in zip(pattern, call.parts, strict=True)
            ):
                return handler(self, call)
        raise not_found()

    def _versions(self, _: Request) -> Answer:
        return json_answer(
            [
                {"label": _season(n), "url": f"/services/data/v{n}.0", "version": f"{n}.0"}
                for n in range(_FIRST_VERSION, _LAST_VERSION + 1)
            ]
        )

    def _token(self, request: Request) -> Answer:
        refused = self.login_refusal or check_login(
            request.form,
            self._credentials,
            self.url,
            password_blocked=self.password_flow_blocked,
        )
        if refused is not None:
            return refused_login(refused)
        grant_type = request.form["grant_type"]
        # Tokens for the platform's other APIs are the app's own, not those of a person.
        scopes = self.app_scopes if grant_type == "client_credentials" else "api"
        token = self._tokens.issue(scopes)
        grant = token_grant(token, self.url, self._identity(), self.org.now(), scopes)
        if self.rotate_refresh_tokens and grant_type == "refresh_token":
            grant["refresh_token"] = new_refresh_token()
            self._credentials = replace(self._credentials, refresh_token=grant["refresh_token"])
        return json_answer(grant)

    def _user_info(self, request: Request) -> Answer:
        if not self._tokens.accepts(request.headers.get("Authorization", "")):
            return Answer(403, b"Bad_OAuth_Token", "text/html;charset=UTF-8")
        user = self.org.get("User", self.org.user_id)
        return json_answer(
            {
                "sub": self._identity(),
                "user_id": self.org.user_id,
                "organization_id": self.org.org_id,
                "preferred_username": self._credentials.username,
                "name": user["Name"],
                "email": user["Email"],
                "urls": {"rest": f"{self.url}/services/data/v{{version}}/"},
            }
        )

    def _identity(self) -> str:
        return f"{self.url}/id/{self.org.org_id}/{self.org.user_id}"

    def _root(self, call: _Call) -> Answer:
        names = ("limits", "query", "queryAll", "sobjects")
        return json_answer({name: f"{call.base}/{name}" for name in names})

    def _limits(self, _: _Call) -> Answer:
        left = max(0, self.daily_limit - self.daily_used)
        return json_answer(
            {
                "DailyApiRequests": {"Max": self.daily_limit, "Remaining": left},
                "DailyBulkV2QueryFileStorageMB": {"Max": 976_562, "Remaining": 976_562},
                "DailyBulkV2QueryJobs": {"Max": 10_000, "Remaining": 10_000},
            }
        )

    def _sobjects(self, call: _Call) -> Answer:
        """All objects; nothing where none has changed, nor a permission, since a given time."""
        since = _http_date(call.request.headers.get("If-Modified-Since", ""))
        if since and self.org.metadata_changed_at.replace(microsecond=0) <= since:
            return Answer(HTTPStatus.NOT_MODIFIED, b"")
        return json_answer(global_describe(self.org.visible_objects().values(), call.base))

    def _sobject(self, name: str) -> SObject:
        sobject = self.org.sobject(name)
        if sobject is None:
            raise not_found()
        return sobject

    def _describe(self, call: _Call) -> Answer:
        sobject = self._sobject(call.parts[1])
        return json_answer(describe(sobject, self.org.visible_objects().values(), call.base))

    def _deleted(self, call: _Call) -> Answer:
        sobject = self._sobject(call.parts[1])
        return json_answer(deleted(self.org, sobject.name, call.request.query))

    def _record(self, call: _Call) -> Answer:
        """One row, with all fields or those of `fields`: a query by another name."""
        sobject = self._sobject(call.parts[1])
        row = self._row(sobject.name, call.parts[2])
        if row.get("IsDeleted"):
            raise SalesforceError(Code.ENTITY_IS_DELETED, "entity is deleted", status=404)
        fields = call.request.query.get("fields", "FIELDS(ALL)")
        query = parse(f"SELECT {fields} FROM {sobject.name} LIMIT 1")  # noqa: S608 - no database behind it
        result = evaluate(query, self.org, include_deleted=True)
        return json_answer(projection(result, self.org, call.base)(row))

    def _row(self, sobject: str, record_id: str) -> Row:
        try:
            return self.org.get(sobject, record_id)
        except (KeyError, ValueError):
            raise not_found() from None

    def _conversation_entries(self, call: _Call) -> Answer:
        return self.org.messaging.connect(call.parts[2], call.request.query)

    def _query(self, call: _Call) -> Answer:
        return self._run(call, include_deleted=False)

    def _query_all(self, call: _Call) -> Answer:
        return self._run(call, include_deleted=True)

    def _run(self, call: _Call, *, include_deleted: bool) -> Answer:
        statement = call.request.query.get("q")
        if statement is None:
            raise SalesforceError(Code.MALFORMED_QUERY, "A query string has to be specified")
        result = evaluate(parse(statement), self.org, include_deleted=include_deleted)
        if result.count_only:
            return json_answer({"totalSize": len(result.ids), "done": True, "records": []})
        if self.rows_in_time is not None and len(result.ids) > self.rows_in_time:
            message = "Your query request was running for too long."
            raise SalesforceError(self.too_much, message)
        if self.fields_at_once is not None and len(result.columns) > self.fields_at_once:
            message = "Query is either selecting too many fields or the filter is too complicated."
            raise SalesforceError(Code.QUERY_TOO_COMPLICATED, message)
        options = call.request.headers.get("Sforce-Query-Options", "")
        size = min(wished_page_size(options), self.page_size)
        session = call.request.headers.get("Authorization", "")
        cursor = self._cursors.open(result, size, session)
        return self._page(call, cursor, 0)

    def _more(self, call: _Call) -> Answer:
        cursor, offset = self._cursors.resume(call.parts[1])
        self._insist_on_session(cursor.session)
        return self._page(call, cursor, offset)

    def _page(self, call: _Call, cursor: Cursor, offset: int) -> Answer:
        ids = cursor.result.ids
        end = offset + cursor.page_size
        write = projection(cursor.result, self.org, call.base)
        rows = filter(None, map(self.org.find, ids[offset:end]))
        page: dict[str, Any] = {"totalSize": len(ids), "done": end >= len(ids)}
        if not page["done"]:
            # Also a queryAll goes on at `query`: the cursor knows what it is.
            page["nextRecordsUrl"] = f"{call.base}/query/{cursor.locator}-{end}"
        return json_answer(page | {"records": [write(row) for row in rows]})

    _OPEN: Mapping[str, tuple[str, Callable[[RestApi, Request], Answer]]] = MappingProxyType(
        {
            "/services/data": ("GET", _versions),
            "/services/oauth2/token": ("POST", _token),
            "/services/oauth2/userinfo": ("GET", _user_info),
        }
    )
    _RESOURCES: tuple[tuple[tuple[str, ...], Callable[[RestApi, _Call], Answer]], ...] = (
        ((), _root),
        (("limits",), _limits),
        (("sobjects",), _sobjects),
        (("sobjects", "*", "describe"), _describe),
        (("sobjects", "*", "deleted"), _deleted),
        (("sobjects", "*", "*"), _record),
        (("connect", "conversation", "*", "entries"), _conversation_entries),
        (("query",), _query),
        (("queryAll",), _query_all),
        (("query", "*"), _more),
    )


def _http_date(text: str) -> datetime | None:
    """Return the instant of a header, None if it holds none: Salesforce ignores it then."""
    try:
        return parsedate_to_datetime(text)
    except ValueError:
        return None


def _is_part(wish: Any) -> bool:
    return isinstance(wish, dict) and all(isinstance(wish.get(n), str) for n in ("method", "url"))


def _allow(request: Request, method: str) -> None:
    if request.method != method:
        message = f"HTTP Method '{request.method}' not allowed. Allowed are {method}"
        raise SalesforceError(Code.METHOD_NOT_ALLOWED, message, status=405)


def _check_version(number: int) -> None:
    if number > _LAST_VERSION:
        raise not_found()
    if number < _FIRST_VERSION:
        message = f"API version {number}.0 is retired. Use a later version."
        raise SalesforceError(Code.UNSUPPORTED_API_VERSION, message, status=410)


def _season(version: int) -> str:
    """Three releases a year; 66 was the spring of '26, and winter is named for its new year."""
    years, season = divmod(version - 66, len(_SEASONS))
    year = 26 + years + (season == len(_SEASONS) - 1)
    return f"{_SEASONS[season]} '{year}"
