"""The store: one database, and the parts that work on it."""

from __future__ import annotations

import weakref
from typing import Self

from sqlalchemy.exc import SQLAlchemyError

from target_creovai.store.database.database import Database
from target_creovai.store.database.errors import store_error
from target_creovai.store.ledger.ledger import Ledger
from target_creovai.store.ledger.outcomes import Outcomes
from target_creovai.store.ledger.pending import PendingWrites
from target_creovai.store.ledger.speakers import Speakers
from target_creovai.store.migrations.migrate import migrate
from target_creovai.store.rows.rows import Rows
from target_creovai.store.runs.coverage import CoverageLog
from target_creovai.store.runs.deliveries import Deliveries
from target_creovai.store.runs.history import History
from target_creovai.store.runs.runs import Runs
from target_creovai.store.runs.secret import Secret


class Store:
    """A database of rows and conversations; use it as a context manager.

    Attributes:
        database: Connections and transactions.
        rows: Staged rows, read by the conversation.
        ledger: A line for each conversation: which are due, how many have which outcome.
        outcomes: Records outcomes in the ledger, written by `commit`.
        speakers: Roles of the names in chats, written by `commit`.
        coverage: What was read of each stream.
        runs: This run among the others: inputs, and who delivers.
        history: Earlier runs, and what they delivered by day.
        secret: Since when the secret of the API user is in use.
    """

    def __init__(self, url: str) -> None:
        """Open the store, and make it where there is none.

        Raises:
            StoreError: The URL is no database's, the database cannot be used, or
                a newer version of this package wrote it.
        """
        try:
            self.database = database = Database(url)
            # A target keeps its store open to its end: the connections are closed with it.
            weakref.finalize(self, database.close)
            migrate(database)
            self.runs = runs = Runs(database)
            weakref.finalize(self, runs.close)
        except (SQLAlchemyError, OSError) as error:
            raise store_error(error) from None
        deliveries = Deliveries(database, runs.id)
        self._pending = PendingWrites(database, deliveries)
        self.rows = Rows(database, runs)
        self.ledger = Ledger(database, runs)
        self.outcomes = Outcomes(self._pending, runs.id)
        self.speakers = Speakers(database, self._pending)
        self.coverage = CoverageLog(database, runs)
        self.history = History(database, runs.id, deliveries)
        self.secret = Secret(database)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.runs.close()
        self.database.close()

    def commit(self) -> None:
        """Commit, all at once, the outcomes and speakers recorded since the last time."""
        self.speakers.flush()
        self._pending.commit()
