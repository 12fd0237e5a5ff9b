"""The endpoints: a request and a tenant in, an answer out. No sockets here."""

from __future__ import annotations

import html
import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote

from tests.fakes.creovai import bodies, rules
from tests.fakes.creovai.messages import (
    Answer,
    RefusedError,
    Request,
    json_answer,
    refused,
)
from tests.fakes.creovai.tenant import NOT_FOUND, Refusal, Tenant, is_internal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.fakes.creovai.tenant import JsonObject, Kind

FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: its action, and the tenant's switch that must be on for it."""

    action: Callable[[Tenant, Request], Answer]
    switch: str | None = None
    needs_token: bool = True


def answer(tenant: Tenant, request: Request) -> Answer:
    """Return what Creovai answers to a request."""
    try:
        route = _route(request)
        _insist_on_access(tenant, request, route)
        return route.action(tenant, request)
    except RefusedError as error:
        return error.answer


def _route(request: Request) -> Route:
    fixed = FIXED_ROUTES.get((request.method, request.path))
    if fixed is not None:
        return fixed
    head, _, last = request.path.rpartition("/")
    route = ID_ROUTES.get((request.method, head))
    if route is None or not last:
        raise refused(404, "There is nothing at this path.")
    return route


def _insist_on_access(tenant: Tenant, request: Request, route: Route) -> None:
    if route.needs_token:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme != "Bearer" or not tenant.token_is_good(token):
            raise refused(401, "The token is missing, unknown or expired.")
    if route.switch is not None and not getattr(tenant, route.switch):
        raise refused(403, "This API user may not do that.")
    if tenant.max_body_bytes is not None and len(request.body) > tenant.max_body_bytes:
        raise refused(413, "The body is too large.")


# --- token -------------------------------------------------------------------------------------


def _token(tenant: Tenant, request: Request) -> Answer:
    bodies.insist_on_media_type(request, FORM)
    form = parse_qs(request.body.decode(errors="replace"))
    if form.get("grant_type") != ["client_credentials"]:
        raise refused(400, "unsupported_grant_type")
    credentials = (form.get("client_id"), form.get("client_secret"))
    if credentials != ([tenant.api_user], [tenant.api_password]):
        raise refused(401, "invalid_client")
    return json_answer(
        200,
        {
            "access_token": tenant.issue_token(),
            "token_type": "bearer",
            "expires_in": tenant.token_seconds,
        },
    )


# --- capture -----------------------------------------------------------------------------------


def _capture(kind: Kind, tenant: Tenant, request: Request) -> Answer:
    payload = bodies.read(request)
    _refuse_on_demand(tenant, request, payload, "sessionId")
    check = rules.chat_problems if kind == "chat" else rules.case_problems
    if problems := check(payload, tenant.participant_types):
        raise bodies.invalid(problems)
    creovai_id = tenant.store(kind, payload)
    if creovai_id is None:
        rule = "session-id-must-be-unique-over-all-kinds"
        raise bodies.invalid([rules.Problem(rule, "sessionId", payload["sessionId"])])
    return json_answer(200, {"id": creovai_id})


def _out_of_band(scope: str, tenant: Tenant, request: Request) -> Answer:
    payload = bodies.read_checked(request, rules.OUT_OF_BAND[scope])
    _refuse_on_demand(tenant, request, payload, rules.OUT_OF_BAND_KEYS[scope])
    tenant.append_metadata(scope, payload)
    return json_answer(200, {})


def _refuse_on_demand(tenant: Tenant, request: Request, payload: Any, key: str) -> None:
    name = payload.get(key) if isinstance(payload, dict) else None
    refusal = tenant.refusals.get(name) if isinstance(name, str) else None
    if refusal is not None:
        raise RefusedError(_quoting_answer(refusal, request.body.decode()))


def _quoting_answer(refusal: Refusal, body: str) -> Answer:
    if refusal.html:
        page = f"<html><body><h1>Refused</h1><pre>{html.escape(body)}</pre></body></html>"
        return Answer(refusal.status, page.encode(), "text/html; charset=utf-8")
    # The parsed body, so that words stand in the answer as they stood in the conversation.
    quoted = {"title": "Refused", "status": refusal.status, "value": json.loads(body)}
    return Answer(refusal.status, json.dumps(quoted, ensure_ascii=False).encode())


# --- status ------------------------------------------------------------------------------------


def _id_in_path(request: Request) -> str:
    return unquote(request.path.rpartition("/")[2])


def _status(tenant: Tenant, request: Request) -> Answer:
    session = tenant.look_up(_id_in_path(request))
    if session["status"] == NOT_FOUND:
        raise refused(404, "No such session.")
    return json_answer(200, session)


def _statuses(tenant: Tenant, request: Request) -> Answer:
    names = bodies.read_checked(request, rules.SESSION_IDS)["sessionIds"]
    return json_answer(200, {"sessions": [tenant.look_up(name) for name in names]})


def _exclude(tenant: Tenant, request: Request) -> Answer:
    for name in bodies.read_checked(request, rules.SESSION_IDS)["sessionIds"]:
        tenant.exclude(name)
    return json_answer(200, {})


def _exclude_one(tenant: Tenant, request: Request) -> Answer:
    tenant.exclude(_id_in_path(request))
    return json_answer(200, {})


def _monitor(tenant: Tenant, request: Request) -> Answer:
    tenant.heartbeats.append(bodies.read_checked(request, rules.HEARTBEAT))
    return json_answer(200, {})


# --- purge -------------------------------------------------------------------------------------


def _purged(
    tenant: Tenant,
    session_id: str | None,
    *,
    what_if: bool,
    incomplete_too: bool,
) -> JsonObject:
    """Return the item of one conversation; 2xx for the request says nothing about it."""
    if session_id is None or tenant.payload(session_id) is None:
        return {"id": None, "sessionId": session_id, "status": NOT_FOUND, "errorMsg": None}
    item = {"id": tenant.look_up(session_id)["id"], "sessionId": session_id, "errorMsg": None}
    if tenant.statuses[session_id] == "InProgress" and not incomplete_too:
        return item | {"status": "Error", "errorMsg": "The interaction is still in progress."}
    if what_if:
        return item | {"status": "WhatIf"}
    tenant.lose(session_id)
    return item | {"status": "Purging"}


def _purge_answer(
    tenant: Tenant,
    purge: JsonObject,
    sessions: Iterable[str | None],
    *,
    what_if: bool = False,
) -> Answer:
    allowed = bool(purge.get("allowIncompleteInteraction", False))
    one = partial(_purged, tenant, what_if=what_if, incomplete_too=allowed)
    return json_answer(200, {"items": [one(session_id) for session_id in sessions]})


def _purge(tenant: Tenant, request: Request) -> Answer:
    purge = bodies.read_checked(request, rules.PURGE)
    return _purge_answer(tenant, purge, map(tenant.session_of, purge["ids"]))


def _purge_sessions(tenant: Tenant, request: Request) -> Answer:
    purge = bodies.read_checked(request, rules.PURGE)
    return _purge_answer(tenant, purge, purge["ids"])


def _purge_customer(tenant: Tenant, request: Request) -> Answer:
    purge = bodies.read_checked(request, rules.purge_customer)
    contacts = {*purge.get("emails", []), *purge.get("phoneNumbers", [])}
    what_if = parse_qs(request.query).get("whatIf") == ["true"]
    sessions = tenant.sessions_of_customer(contacts)
    return _purge_answer(tenant, purge, sessions, what_if=what_if)


# --- processing --------------------------------------------------------------------------------


def _participant_types(tenant: Tenant, request: Request) -> Answer:
    del request  # carries nothing
    types = [
        {"id": name, "sources": [], "isInternal": is_internal(name), "ignoreInAnalytics": False}
        for name in sorted(tenant.participant_types)
    ]
    return json_answer(200, {"types": types})


FIXED_ROUTES: dict[tuple[str, str], Route] = {
    ("POST", "/Token"): Route(_token, needs_token=False),
    ("POST", "/capture/v2/chat"): Route(partial(_capture, "chat"), "chat_enabled"),
    ("POST", "/capture/v2/case"): Route(partial(_capture, "case"), "case_enabled"),
    ("POST", "/capture/v2/status"): Route(_statuses),
    ("POST", "/capture/v2/status/exclude"): Route(_exclude),
    ("POST", "/capture/v2/status/monitor"): Route(_monitor, "monitor_enabled"),
    ("POST", "/interactions/v2/purge"): Route(_purge),
    ("POST", "/interactions/v2/purge/sessions"): Route(_purge_sessions),
    ("POST", "/interactions/v2/purge/customer"): Route(_purge_customer),
    ("GET", "/processing/v2/ParticipantRefTypes"): Route(_participant_types),
} | {
    ("POST", f"/capture/v2/outofband/{scope}"): Route(
        partial(_out_of_band, scope),
        "async_metadata_enabled",
    )
    for scope in rules.OUT_OF_BAND
}
ID_ROUTES: dict[tuple[str, str], Route] = {
    ("GET", "/capture/v2/status"): Route(_status),
    ("POST", "/capture/v2/status/exclude"): Route(_exclude_one),
}
