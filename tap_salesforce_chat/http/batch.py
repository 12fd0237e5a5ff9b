"""A request inside the body of another, for queries that no URL can hold.

As Salesforce recommends (Knowledge article 000386264): Composite API, `/composite/batch`.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import msgspec

from tap_salesforce_chat.errors import SalesforceError
from tap_salesforce_chat.http.decoding import decode, decode_any
from tap_salesforce_chat.http.errors.mapping import error_for
from tap_salesforce_chat.http.errors.responses import ErrorResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_salesforce_chat.http.sender import JsonResponse, Sender
    from tap_salesforce_chat.login.flows import Session


class _Subresponse(msgspec.Struct, rename="camel"):
    status_code: int
    result: msgspec.Raw


class _Batch(msgspec.Struct):
    """The response to all requests of a batch."""

    results: list[_Subresponse] = []


_DECODER = msgspec.json.Decoder(_Batch)


def send_in_batch(
    sender: Sender,
    api_version: str,
    path: str,
    params: Mapping[str, str],
    subject: str,
    decoder: msgspec.json.Decoder[Any],
    session: Session,
) -> JsonResponse:
    """Send a GET request in the body of a POST request.

    Args:
        sender: Sends the POST request.
        api_version: Such as `62.0`.
        path: Of the GET request, below `/services/data/vXX.0/`.
        params: The query parameters.
        subject: What is requested, for messages.
        decoder: Of the document.
        session: Whose token is sent to its host.

    Raises:
        SalesforceError: Salesforce refuses; the subclass says what to do next.
        RetryLaterError: No response came, or one that a later request may not get.
    """
    url = f"v{api_version}/{path}?{urlencode(params)}"
    body = {"batchRequests": [{"method": "GET", "url": url}]}
    address = f"/services/data/v{api_version}/composite/batch"
    response = sender.send_json("POST", address, subject, session, decoder=_DECODER, json=body)
    return _unpacked(response, decoder, subject)


def _unpacked(
    response: JsonResponse, decoder: msgspec.json.Decoder[Any], subject: str
) -> JsonResponse:
    if not response.document.results:
        msg = f"{subject}: Salesforce's answer has no result of the query in it."
        raise SalesforceError(msg)
    inner: _Subresponse = response.document.results[0]
    if inner.status_code != HTTPStatus.OK:
        document = decode_any(inner.result)
        raise error_for(ErrorResponse(inner.status_code, document, {}, subject))
    return replace(response, document=decode(decoder, inner.result, subject))
