"""Describe documents: requested once a run, and cached for the next runs until the org changes.

One request finds out whether it has: Describe Global with `If-Modified-Since` answers 304 as long
as no object's metadata, permission, profile or label has changed (REST API Developer Guide,
Describe Global). The check is weak, so after a day all documents are requested again.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tap_salesforce_chat.errors import NotFoundError, UnreadableObjectError
from tap_salesforce_chat.timestamps import format_instant, parse_instant

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tap_salesforce_chat.http.client import SalesforceClient

    Document = dict[str, Any]

_MAX_AGE = timedelta(days=1)
# Salesforce's times are whole seconds: a change may follow within the last one.
_SECOND = timedelta(seconds=1)
_KEPT_KEYS = (
    *("name", "type", "soapType", "relationshipName", "referenceTo"),
    *("polymorphicForeignKey", "permissionable"),
)


class DescribeCache:
    """A file of describe documents; one that cannot be read or written is ignored.

    Args:
        folder: Its folder; None: the user's folder for caches.
        identity: Org, user and API version: documents differ between them.
    """

    def __init__(self, folder: str | None, identity: str) -> None:
        self._folder, self._name = folder, hashlib.sha256(identity.encode()).hexdigest()[:32]

    def read(self) -> tuple[datetime, dict[str, Document | None]] | None:
        """Return the documents, and the time of the oldest one; None if there are none."""
        with suppress(OSError, ValueError, KeyError, TypeError, RuntimeError):
            kept = json.loads(self._path().read_bytes())
            return parse_instant(kept["since"]), dict(kept["documents"])
        return None

    def write(self, since: datetime, documents: Mapping[str, Document | None]) -> bool:
        """Write documents, whole or not at all; return whether that was possible."""
        text = json.dumps({"since": format_instant(since), "documents": documents})
        with suppress(OSError, RuntimeError):
            path = self._path()
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(path)
            return True
        return False

    def _path(self) -> Path:
        home = os.environ.get("XDG_CACHE_HOME")
        caches = Path(home) if home else Path.home() / ".cache"
        folder = Path(self._folder) if self._folder else caches / "tap-salesforce-chat"
        return folder / f"describes-{self._name}.json"


class DescribeClient:
    """Requests each document once, or not at all if nothing has changed since an earlier run.

    Args:
        client: Sends the requests.
        cache: The documents of earlier runs; None: none.
    """

    def __init__(self, client: SalesforceClient, cache: DescribeCache | None = None) -> None:
        self._client = client
        self._cache = cache
        self._loaded = cache is None
        self._since: datetime | None = None
        self._documents: dict[str, Document | None] = {}
        self._new = False

    def __call__(self, sobject: str) -> Mapping[str, Any] | None:
        """Return the describe document, None for an object that the user may not see."""
        if not self._loaded:
            self._load()
        if sobject not in self._documents:
            self._documents[sobject] = self._fetch(sobject)
            self._new = True
        return self._documents[sobject]

    @property
    def document_count(self) -> int:
        """The number of documents requested or cached."""
        return len(self._documents)

    def save(self, cache: DescribeCache | None = None) -> bool:
        """Write new documents to the cache; return whether later runs find them there."""
        cache = cache or self._cache
        if cache is None or self._since is None:
            return False
        if not self._new:
            return True
        self._new = False
        return cache.write(self._since, self._documents)

    def _load(self) -> None:
        self._loaded = True
        kept = self._cache.read() if self._cache else None
        if kept and self._is_current(kept[0]):
            self._since, self._documents = kept

    def _is_current(self, since: datetime) -> bool:
        now = self._client.now
        if now and now - since > _MAX_AGE:
            return False
        try:
            return not self._client.changed_since("sobjects/", since, subject="Describe Global")
        except NotFoundError:
            return False

    def _fetch(self, sobject: str) -> Document | None:
        try:
            answer = self._client.get(
                f"sobjects/{sobject}/describe", subject=f"Describe of {sobject}"
            )
        except (UnreadableObjectError, NotFoundError):
            return None
        if self._since is None and answer.date:
            self._since = answer.date - _SECOND
        fields = [
            {key: field[key] for key in _KEPT_KEYS if key in field}
            for field in answer.document["fields"]
        ]
        return {"name": answer.document["name"], "fields": fields}
