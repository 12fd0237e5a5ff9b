"""Reading a request's body, or refusing it with a 400 that quotes the sender."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from tests.fakes.creovai.messages import JSON, RefusedError, Request, refused
from tests.fakes.creovai.rules import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.fakes.creovai.rules import Check


def insist_on_media_type(request: Request, wanted: str) -> None:
    """Refuse a body that says it is something else, in another charset, or compressed."""
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise refused(415, "The body must not be compressed.")
    charset = request.headers.get_content_charset("utf-8")
    if request.headers.get_content_type() != wanted or charset != "utf-8":
        raise refused(415, f"The body must be {wanted}, in UTF-8.")


def _no_constant(name: str) -> None:
    msg = f"{name} is not JSON"
    raise ValueError(msg)


def read(request: Request) -> Any:
    """Return the JSON of a body, refusing what .NET could not read."""
    insist_on_media_type(request, JSON)
    try:
        value = json.loads(request.body.decode(), parse_constant=_no_constant)
        if rb"\u" in request.body:  # the only way for half a surrogate pair to get in
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        text = request.body.decode(errors="replace")
        raise invalid([Problem("body-must-be-json-in-utf-8", "body", text)]) from None
    return value


def invalid(problems: Iterable[Problem]) -> RefusedError:
    """Return a refusal that names the broken rules and quotes what broke them."""
    title = "One or more validation errors occurred."
    return refused(400, title, errors=[asdict(problem) for problem in problems])


def read_checked(request: Request, check: Check) -> Any:
    """Return the JSON of a body that passes a check, refusing any other."""
    value = read(request)
    if problems := list(check("body", value)):
        raise invalid(problems)
    return value
