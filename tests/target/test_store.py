"""The store keeps the newest version of each row, whatever order versions come in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from target_creovai.errors import StoreError
from target_creovai.input.staging import staged_row
from target_creovai.store import Store
from target_creovai.store.database.tables import SCHEMA_VERSION
from tests.target.rows import at, case, case_id, comment, sf_id

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from target_creovai.model.rows import StagedRow
    from tests.target.rows import Record
    from tests.target.support import TargetRunner

NOW = "2024-06-01T00:00:00Z"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store on disk."""
    with Store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        yield store


def staged(*records: Record) -> list[StagedRow]:
    """Return rows as the target stages them."""
    return [staged_row(stream, row) for stream, row in records]


def due(store: Store) -> dict[str, int]:
    """Return the revision of each case that is due."""
    return {entry.id: entry.revision for entry in store.ledger.due("case", rules="", now=NOW)}


def subject(store: Store) -> Any:
    """Return the Subject of the stored case."""
    return store.rows.rows_of("case", [case_id()])[case_id()]["Case"][0].get("Subject")


OLD = case(Subject="old", SystemModstamp=at("18:00"))
NEW = case(Subject="new", SystemModstamp=at("18:00:00.5"))


@pytest.mark.parametrize(
    "batches",
    [
        pytest.param([[OLD, NEW]], id="one-batch"),
        pytest.param([[NEW, OLD]], id="one-batch-backwards"),
        pytest.param([[OLD], [NEW]], id="two-runs"),
        pytest.param([[NEW], [OLD]], id="two-runs-backwards"),
        pytest.param([[NEW], [OLD, NEW], [OLD]], id="again-and-again"),
    ],
)
def test_the_newest_version_stays(store: Store, batches: list[list[Record]]) -> None:
    """An older copy never replaces a newer one, in one batch or over several runs."""
    for batch in batches:
        store.rows.stage(staged(*batch))

    assert subject(store) == "new"
    assert store.rows.stage(staged(OLD)) == [], "an older copy is no change"


def test_a_row_that_is_staged_again_changes_nothing(store: Store) -> None:
    """Singer sends at least once: a second copy makes nothing due."""
    first = store.rows.stage(staged(case(), comment()))
    before = due(store)
    second = store.rows.stage(staged(case(), comment()))

    assert len(first) == 2
    assert second == []
    assert due(store) == before


def test_rows_of_two_streams_may_share_an_id(store: Store) -> None:
    """A row is known by its stream and its Id together."""
    twin = comment(Id=case_id())
    store.rows.stage(staged(case(), twin))

    assert set(store.rows.rows_of("case", [case_id()])[case_id()]) == {"Case", "CaseComment"}


def test_a_child_that_moves_reopens_both_its_cases(store: Store) -> None:
    """The case it left has lost a message, the case it joined has won one."""
    store.rows.stage(staged(case(1), case(2), comment(case=1)))
    before = due(store)
    store.rows.stage(staged(comment(case=2, SystemModstamp=at("19:00"))))

    assert {key: due(store)[key] - before[key] for key in before} == {case_id(1): 1, case_id(2): 1}
    rows = store.rows.rows_of("case", [case_id(1), case_id(2)])
    assert [len(rows[case_id(n)]["CaseComment"]) for n in (1, 2)] == [0, 1]


def test_a_child_without_a_case_belongs_to_nothing(store: Store) -> None:
    """An EmailMessage need not hang under a case."""
    store.rows.stage(staged(comment(ParentId=None)))

    assert due(store) == {}


VERSIONS = st.tuples(st.sampled_from(["Case", "CaseComment"]), st.integers(1, 3), st.integers(1, 5))


def version(stream: str, number: int, hour: int) -> Record:
    """Return the version that a row had at some hour; equal hours mean equal versions."""
    fields: dict[str, Any] = {"Id": sf_id(stream, number), "SystemModstamp": at(f"{10 + hour}:00")}
    fields["Text"] = f"{stream} {number} {hour}"
    if stream == "CaseComment":
        fields["ParentId"] = case_id(1 + (hour + number) % 2)
    return (case if stream == "Case" else comment)(**fields)


def content(store: Store) -> Any:
    """Return all that the store holds of three cases."""
    rows = store.rows.rows_of("case", [case_id(n) for n in (1, 2, 3)])
    return {
        (key, stream): sorted(members, key=lambda row: row["Id"])
        for key, streams in rows.items()
        for stream, members in streams.items()
    }


@settings(max_examples=40)
@given(versions=st.lists(VERSIONS, min_size=1, max_size=12), data=st.data())
def test_any_order_and_repetition_ends_in_the_same_store(versions: Any, data: Any) -> None:
    """The store is a function of the set of versions that it was ever given."""
    records = [version(*each) for each in versions]
    shuffled = data.draw(st.permutations(records + records[: len(records) // 2]))
    cut = data.draw(st.integers(0, len(shuffled)))
    with Store("sqlite://") as once, Store("sqlite://") as piecemeal:
        once.rows.stage(staged(*records))
        for part in (shuffled[:cut], shuffled[cut:]):
            piecemeal.rows.stage(staged(*part))

        assert content(piecemeal) == content(once)


def test_the_file_is_for_its_owner_alone(run_dry: TargetRunner, tmp_path: Path) -> None:
    """Whoever shares the machine cannot read what customers wrote."""
    run_dry(case())

    modes = {file.name: oct(file.stat().st_mode & 0o777) for file in tmp_path.glob("store.db*")}
    assert set(modes.values()) == {"0o600"}, modes


def test_a_store_of_a_newer_version_is_refused(run_dry: TargetRunner) -> None:
    """Writing into a layout that is not understood would spoil it."""
    run_dry(case())
    newer = SCHEMA_VERSION + 1
    with Store(run_dry.config["store_url"]) as store, store.database.transaction() as db:
        store.database.set_meta(db, "schema_version", str(newer))

    with pytest.raises(StoreError, match=f"schema {newer}.*upgrade"):
        run_dry(case())


@pytest.mark.parametrize(
    ("url", "says"),
    [
        pytest.param("word-ofpass", "not a database URL", id="no-url"),
        pytest.param(
            "postgresql+psycopg://u:se@cret:word-ofpass@h/db", "not a database", id="port"
        ),
        pytest.param("nosuch://u:word-ofpass@host/db", "write sqlite", id="dialect"),
        pytest.param("postgres://u:word-ofpass@h/db", r"write .*postgresql\+", id="old-name"),
        pytest.param("postgresql+pg8000://u:word-ofpass@h/db", "driver .*postgres", id="no-driver"),
        pytest.param("sqlite:////dev/null/x.db", "cannot be used", id="folder"),
        pytest.param("sqlite:///:memory:?timeout=word-ofpass", "not a database", id="option"),
        pytest.param(
            "postgresql+psycopg://u:word-ofpass@127.0.0.1:1/db", "cannot be used", id="nobody"
        ),
    ],
)
def test_a_wrong_url_is_a_clear_error_without_its_password(url: str, says: str) -> None:
    """The message names the setting; no part of the URL's credentials is in it or its causes."""
    with pytest.raises(StoreError, match=says) as caught:
        Store(url)

    assert "store_url" in str(caught.value)
    error: BaseException | None = caught.value
    while error is not None:
        assert "word-ofpass" not in str(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def test_a_file_that_is_no_database_is_a_clear_error(tmp_path: Path) -> None:
    """A wrong path must not end in a traceback."""
    file = tmp_path / "notes.txt"
    file.write_text("not a database " * 100)

    with pytest.raises(StoreError, match="cannot be used"):
        Store(f"sqlite:///{file}")


def test_a_reader_holds_up_no_writer(tmp_path: Path) -> None:
    """Someone asks for the status in the middle of a run."""
    url = f"sqlite:///{tmp_path / 'store.db'}"
    with Store(url) as reader, Store(url) as writer, reader.database.reading() as db:
        rows = db.execute(sa.text("SELECT 1 UNION SELECT 2"))
        assert rows.fetchone() == (1,)

        assert len(writer.rows.stage(staged(NEW))) == 1


def test_a_store_is_little_larger_than_its_rows(tmp_path: Path) -> None:
    """Rows of a mail's size share pages: else a third of what is written is empty."""
    rows = staged(*(comment(number, CommentBody="x" * 2300) for number in range(3000)))
    with Store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        store.rows.stage(rows)

    files = tmp_path.glob("store.db*")
    assert sum(file.stat().st_size for file in files) < 1.4 * sum(len(row.body) for row in rows)
