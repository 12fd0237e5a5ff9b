"""`store copy`: a store on its way to another database."""

from __future__ import annotations

import os
from contextlib import closing

import click

from target_creovai.errors import StoreError, TargetError
from target_creovai.shell import Shell, say
from target_creovai.store.copying import Destination, copy_store, open_source
from target_creovai.store.database.location import store_name

# Arguments are seen in lists of processes and kept by shells; a variable's name may be.
FROM_ENVIRONMENT = "env:"

_BUSY = "A run is delivering from this store: let it end first. Nothing was copied."


@click.group()
def store() -> None:
    """Look after the store itself: copy it to another database."""


@store.command()
@click.argument("source", metavar="FROM")
@click.argument("destination", metavar="TO")
def copy(source: str, destination: str) -> None:
    """Copy a store, from SQLite to PostgreSQL or back, and compare both.

    FROM and TO are written as store_url is, or as env:NAME of a variable that holds it. A copy that
    was interrupted goes on where it was; FROM stays as it is. Let no run begin meanwhile.
    """
    try:
        source, destination = _url(source), _url(destination)
        say(f"store      {store_name(source)}")
        say(f"copied to  {store_name(destination)}")
        _copy(source, destination)
    except TargetError as error:
        raise click.ClickException(Shell.here().typed(str(error))) from None
    say("verified   all tables have the same number of rows and of bytes")
    say(
        "TO DO      name the copy in store_url. Keep the state as it is: it may be older than the "
        "store, never newer. Let no run use the old store any more."
    )


def _copy(source: str, destination: str) -> None:
    counts: dict[str, int] = {}

    def record(table: str, rows: int) -> None:
        counts[table] = rows

    with open_source(source) as origin, origin.runs.delivering(alone=True) as free:
        if not free:
            raise StoreError(_BUSY)
        with closing(Destination(destination)) as copied:
            copy_store(origin, copied, record)
    for table, rows in counts.items():
        say(f"{rows:>10} {table}")


def _url(given: str) -> str:
    """Return what an argument names.

    Raises:
        StoreError: The variable is not set.
    """
    if not given.startswith(FROM_ENVIRONMENT):
        return given
    name = given.removeprefix(FROM_ENVIRONMENT)
    if not os.environ.get(name):
        msg = f"The environment has no variable {name}."
        raise StoreError(msg)
    return os.environ[name]
