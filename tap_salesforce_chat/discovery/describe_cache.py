"""Describe documents: asked for once a run, and kept for the next ones as long as nothing changed.

One request tells whether anything has: Describe Global with `If-Modified-Since` answers 304 as
long as no object's metadata has changed, and no permission, profile or label either (REST API
Developer Guide, Describe Global). It is a weak check, so after a day all is asked for anew.
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

_LONGEST_TRUST = timedelta(days=1)
# Salesforce's times are whole seconds, in the last of which something may have changed as well.
_SECOND = timedelta(seconds=1)
_OF_A_FIELD = (
    *("name", "type", "soapType", "relationshipName", "referenceTo"),
    *("polymorphicForeignKey", "permissionable"),
)


class DescribeCache:
    """A file of describe documents; one that cannot be read or written is as good as none.

    Args:
        folder: Where it is, or will be; None: the user's folder for caches.
        identity: Whose documents: what is shown differs from user to user.
    """

    def __init__(self, folder: str | None, identity: str) -> None:
        self._folder, self._name = folder, hashlib.sha256(identity.encode()).hexdigest()[:32]

    def read(self) -> tuple[datetime, dict[str, Document | None]] | None:
        """Return the documents, and since when they are known; None if there are none."""
        with suppress(OSError, ValueError, KeyError, TypeError, RuntimeError):
            kept = json.loads(self._path().read_bytes())
            return parse_instant(kept["since"]), dict(kept["documents"])
        return None

    def write(self, since: datetime, documents: Mapping[str, Document | None]) -> bool:
        """Keep documents, whole or not at all; return whether that was possible."""
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


class Describer:
    """Asks for each object once, or not at all where nothing has changed since an earlier run.

    Args:
        client: The way to Salesforce.
        cache: What earlier runs have kept; None: nothing.
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
    def known(self) -> int:
        """How many objects were asked for."""
        return len(self._documents)

    def keep(self, cache: DescribeCache | None = None) -> bool:
        """Keep what was asked for, if it is new; return whether later runs have it."""
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
        if kept and self._is_still_true(kept[0]):
            self._since, self._documents = kept

    def _is_still_true(self, since: datetime) -> bool:
        now = self._client.now
        if now and now - since > _LONGEST_TRUST:
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
            {key: field[key] for key in _OF_A_FIELD if key in field}
            for field in answer.document["fields"]
        ]
        return {"name": answer.document["name"], "fields": fields}
