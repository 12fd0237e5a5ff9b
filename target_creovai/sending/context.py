"""What all parts of a delivery share."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from target_creovai.store import Store
    from target_creovai.watch.summary import Summary


class DeliveryContext(NamedTuple):
    """The store, the counts of the run, and what conversations are made and named by.

    `rules` is the fingerprint of settings and version (see `assemble.fingerprint`), `prefix` the
    setting `session_id_prefix`.
    """

    store: Store
    summary: Summary
    rules: str
    prefix: str
