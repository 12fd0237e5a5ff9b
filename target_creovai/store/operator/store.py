"""The store with the parts that only commands need: a run does not load them."""

from __future__ import annotations

from target_creovai.store.operator.queries import Queries
from target_creovai.store.operator.repairs import Repairs
from target_creovai.store.store import Store


class OperatorStore(Store):
    """A store that a command has opened.

    Attributes:
        queries: Conversations, looked up.
        repairs: Conversations, marked to be looked at again, or dropped.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.queries = Queries(self.database)
        self.repairs = Repairs(self.database)
