"""Which requests an interceptor meets, and what it changes in a page of rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.fakes.salesforce.answers import json_answer

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.fakes.salesforce.answers import Answer, Request

_COUNT = "COUNT()"


def is_query(request: Request) -> bool:
    """Match queries for rows and for numbers, not the further pages of one."""
    return _is_below_query(request) and "q" in request.query


def is_count(request: Request) -> bool:
    """Match queries for a number of rows."""
    return is_query(request) and _COUNT in request.query["q"]


def is_page(request: Request) -> bool:
    """Match queries for rows, and the further pages of one."""
    return _is_below_query(request) and not is_count(request)


def asks(words: str) -> Callable[[Request], bool]:
    """Match the queries that hold some words of SOQL."""
    return lambda request: is_query(request) and words in request.query["q"]


def ends(path: str) -> Callable[[Request], bool]:
    """Match requests by the end of their path."""
    return lambda request: request.path.endswith(path)


def document(change: Callable[[Any], object]) -> Callable[[Answer], Answer]:
    """Return a change of an answer that changes its JSON document in place.

    Refusals stay as they are.
    """

    def changed(answer: Answer) -> Answer:
        found = json.loads(answer.body)
        if isinstance(found, dict):
            change(found)
        return json_answer(found, answer.status)

    return changed


def _is_below_query(request: Request) -> bool:
    return "/query" in request.path and "/jobs/" not in request.path
