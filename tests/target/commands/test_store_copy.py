"""`store copy` brings a whole store to another database, however often it is interrupted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from target_creovai.store import Store, copying
from target_creovai.store.database.tables import META, METADATA, SCHEMA_VERSION
from target_creovai.target import TargetCreovai
from tests.target.rows import COMPLETED, STARTED, case, chat, chat_id, mail

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

PASSWORD = "s3cr3t-value"
# All bytes, and characters that take several.
BODY = bytes(range(256)) * 20
TEXT = "été 漢字 🎈"
CASES = [case(1, Description="words"), *(mail(number, 1) for number in range(1, 4))]


class KilledError(Exception):
    """The process ends here: nothing of the command's catches it."""


def copy(source: str, destination: str) -> Result:
    """Type the command."""
    arguments = ["store", "copy", source, destination]
    return CliRunner().invoke(TargetCreovai.get_singer_command(), arguments)


@pytest.fixture
def used(run_target: TargetRunner, creovai: CreovaiServer) -> TargetRunner:
    """A store after a run."""
    creovai.refuse(chat_id(2))
    run_target(STARTED, *(chat(number) for number in range(1, 9)), *CASES, COMPLETED)
    return run_target


@pytest.fixture
def full(used: TargetRunner) -> TargetRunner:
    """The same with a line more in every table that there is."""
    engine = sa.create_engine(used.config["store_url"])
    with engine.begin() as db:
        for table in copying.TABLES:
            db.execute(sa.insert(table).values({it.name: _value(it) for it in table.columns}))
    engine.dispose()
    return used


def _value(column: sa.Column[Any]) -> Any:
    """Return something that only a faithful copy brings over."""
    match column.type:
        case sa.LargeBinary():
            return BODY
        case sa.Boolean():
            return column.name == "reading"
        case sa.Integer():
            return 2**31 - 1
        case sa.Double():
            return 1.5
    return TEXT


@pytest.fixture
def places(tmp_path: Path, postgresql_url: str) -> list[str]:
    """An empty server, and then a file: there and back."""
    engine = sa.create_engine(postgresql_url)
    with engine.begin() as db:
        db.exec_driver_sql("DROP SCHEMA public CASCADE")
        db.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return [postgresql_url, f"sqlite:///{tmp_path / 'back.db'}"]


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A place where nothing is."""
    return f"sqlite:///{tmp_path / 'copy.db'}"


def content(url: str) -> dict[str, list[Any]]:
    """Return all that a store holds, but for runs that are over."""
    engine = sa.create_engine(url)
    with engine.connect() as db:
        queries = {
            table.name: sa.select(table).where(table.c.get("reading", sa.true()))
            for table in (META, *copying.TABLES)
        }
        found = {
            name: sorted(map(tuple, db.execute(query)), key=repr) for name, query in queries.items()
        }
        counts = "SELECT kind, outcome, reason, rules, sum(number) FROM creovai_counts"
        grouped = sa.text(f"{counts} GROUP BY 1, 2, 3, 4 HAVING sum(number) > 0")
        found["counts"] = sorted(tuple(row) for row in db.execute(grouped))
    engine.dispose()
    return found


def test_all_tables_arrive_on_a_server_and_come_back(
    full: TargetRunner, places: list[str], creovai: CreovaiServer
) -> None:
    """Byte by byte, tables of later versions included; then a run goes on from there."""
    source = full.config["store_url"]
    before = content(source)
    assert before.keys() == METADATA.tables.keys() | {"counts"}
    assert all(before.values())

    for destination in places:
        result = copy(source, destination)
        assert result.exit_code == 0, result.output
        assert "verified   all tables" in result.stdout
        assert content(destination) == content(source) == before
        source = destination

    posts = len(creovai.posts)
    engine = sa.create_engine(source)
    with engine.begin() as db:  # what is no conversation would stand in the way of a run
        for table in copying.TABLES:
            made_up = next(iter(table.primary_key.columns))
            db.execute(sa.delete(table).where(made_up == _value(made_up)))
    engine.dispose()
    outcome = full(STARTED, chat(1), *CASES, COMPLETED, store_url=source)
    assert len(creovai.posts) == posts
    assert outcome.exit_code == 0, "the refused chat stays aside"


def test_every_table_has_a_key_to_go_by() -> None:
    """A copy that was interrupted goes on behind the last one."""
    assert all(table.primary_key.columns for table in copying.TABLES)


def test_a_copy_that_was_killed_goes_on_and_is_no_store_until_then(
    full: TargetRunner, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At every commit on its way; no row comes twice, none is missing."""
    monkeypatch.setattr(copying, "ROWS_PER_COMMIT", 4)
    add = copying.Destination.add
    commits = 0

    def add_then_die(self: copying.Destination, *arguments: Any) -> None:
        nonlocal commits
        add(self, *arguments)
        commits += 1
        if commits % 2:
            raise KilledError

    monkeypatch.setattr(copying.Destination, "add", add_then_die)
    source = full.config["store_url"]
    deaths = 0
    while isinstance((result := copy(source, file)).exception, KilledError):
        deaths += 1
        with pytest.raises(Exception, match="copy that is not complete"):
            Store(file)

    assert result.exit_code == 0, result.output
    assert deaths > 5
    assert content(file) == content(source)


def test_a_copy_that_goes_on_tells_all_rows_of_a_table(
    full: TargetRunner, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fewer than the source has would look like a loss."""
    monkeypatch.setattr(copying, "ROWS_PER_COMMIT", 4)
    add = copying.Destination.add

    def die_in_rows(self: copying.Destination, table: sa.Table, *arguments: Any) -> None:
        add(self, table, *arguments)
        if table.name == "creovai_rows":
            raise KilledError

    source = full.config["store_url"]
    with monkeypatch.context() as patched:
        patched.setattr(copying.Destination, "add", die_in_rows)
        assert isinstance(copy(source, file).exception, KilledError)
    rows = full.query("SELECT count(*) FROM creovai_rows")[0][0]

    assert f"{rows:>10} creovai_rows" in copy(source, file).stdout


def test_a_half_copy_begins_anew_where_the_source_has_changed(
    full: TargetRunner, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was copied of a row that changed since would be out of date."""
    source = full.config["store_url"]
    told_once = iter([None])

    def die(*_: object) -> None:
        if next(told_once, 1) is None:
            raise KilledError

    monkeypatch.setattr(copying.Destination, "verify", die)
    assert isinstance(copy(source, file).exception, KilledError)
    monkeypatch.undo()
    full.execute("UPDATE creovai_conversations SET revision = revision + 1, creovai_id = 'new'")

    assert copy(source, file).exit_code == 0
    assert content(file) == content(source)


def test_a_run_that_writes_meanwhile_is_noticed(
    used: TargetRunner, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows are missing from the copy, and the state speaks of them."""
    source = used.config["store_url"]
    verify = copying.Destination.verify

    def write_and_verify(self: copying.Destination, db: sa.Connection) -> None:
        used(STARTED, chat(99), COMPLETED, dry_run=True)
        verify(self, db)

    monkeypatch.setattr(copying.Destination, "verify", write_and_verify)
    result = copy(source, file)
    monkeypatch.undo()

    assert result.exit_code == 1
    assert "A run wrote to the source meanwhile" in result.stderr
    assert copy(source, file).exit_code == 0
    assert content(file) == content(source)


def test_nothing_is_copied_while_a_run_delivers(full: TargetRunner, file: str) -> None:
    """Its receipts would be missing."""
    with Store(full.config["store_url"]) as store, store.runs.delivering():
        result = copy(full.config["store_url"], file)

    assert result.exit_code == 1
    assert "A run is delivering from this store" in result.stderr


def test_a_place_that_holds_something_is_refused(
    full: TargetRunner, file: str, tmp_path: Path
) -> None:
    """A store, this very one, or a file of somebody else's: it stays as it is."""
    source = full.config["store_url"]
    assert copy(source, file).exit_code == 0
    other = f"sqlite:///{tmp_path / 'other.db'}"
    engine = sa.create_engine(other)
    with engine.begin() as db:
        db.exec_driver_sql("CREATE TABLE theirs (a TEXT)")
    engine.dispose()
    before = content(source)

    for place in (file, source, other):
        result = copy(source, place)
        assert result.exit_code == 1
        assert "is something already: name an empty place" in result.stderr
    assert content(source) == before


def test_an_empty_store_is_an_empty_place(full: TargetRunner, file: str) -> None:
    """Somebody may have tried it out."""
    with Store(file):
        pass

    assert copy(full.config["store_url"], file).exit_code == 0
    assert content(file) == content(full.config["store_url"])


@pytest.mark.parametrize(
    ("version", "says"), [(None, "There is no store at"), (SCHEMA_VERSION - 1, "another version")]
)
def test_a_source_that_is_none_or_of_another_version_is_left_alone(
    run_target: TargetRunner, file: str, tmp_path: Path, version: int | None, says: str
) -> None:
    """It is neither made nor upgraded on the way."""
    source = run_target.config["store_url"]
    if version:
        run_target(chat())
        older = f"UPDATE creovai_meta SET value = '{version}'"  # noqa: S608 -- a number of ours
        run_target.execute(f"{older} WHERE name = 'schema_version'")

    result = copy(source, file)

    assert result.exit_code == 1
    assert says in result.stderr
    assert not (tmp_path / "copy.db").exists()
    assert (run_target.folder / "store.db").exists() is bool(version)


def test_urls_may_come_from_variables_and_no_password_is_printed(
    full: TargetRunner, file: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Arguments are seen by all users of a machine."""
    monkeypatch.setenv("OLD", full.config["store_url"])
    assert copy("env:OLD", file).exit_code == 0

    monkeypatch.setenv("NEW", f"postgresql+psycopg://u:{PASSWORD}@127.0.0.1:9/db")
    result = copy("env:OLD", "env:NEW")
    assert result.exit_code == 1
    assert "postgresql 127.0.0.1:9, database db" in result.stdout
    assert PASSWORD not in result.output
    assert "has no variable NONE" in copy("env:OLD", "env:NONE").stderr


@pytest.mark.parametrize(
    "url",
    [
        f"user:{PASSWORD}@db.example/db",
        f"postgresql+psycopg://user:{PASSWORD}",
        f"postgresql+psycopg2://user:{PASSWORD}@db.example/db",
        f"postgres://user:{PASSWORD}@db.example/db",
        f"mysql://user:{PASSWORD}@db.example/db",
        "sqlite:///{folder}",
        "sqlite:///{folder}/a-file/copy.db",
        "sqlite://",
    ],
)
def test_a_place_that_cannot_be_used_is_a_sentence(
    used: TargetRunner, file: str, tmp_path: Path, url: str
) -> None:
    """What libraries say of a URL quotes parts of it, which may be parts of its password."""
    (tmp_path / "a-file").touch()
    place = url.format(folder=tmp_path)

    for result in (copy(used.config["store_url"], place), copy(place, file)):
        assert result.exit_code == 1
        assert result.stderr.startswith("Error: ")
        assert PASSWORD not in result.output
        assert isinstance(result.exception, SystemExit)  # no traceback
