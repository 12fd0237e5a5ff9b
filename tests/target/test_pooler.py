"""A store behind PgBouncer in transaction mode: each transaction may get another connection."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import pytest
import sqlalchemy as sa

from tests.target.rows import at, case, case_id, chat, comment
from tests.target.support import texts, wait_until
from tests.target.test_shared_delivery import assert_each_once, make_due

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.creovai import CreovaiServer
    from tests.target.support import TargetRunner

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
# Two connections to the server for however many to the pooler: none keeps the same one for long.
SETTINGS = """
[databases]
* = host={folder} user=postgres pool_size=2
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
ignore_startup_parameters = extra_float_digits
"""

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Debian's package pgbouncer is not here")


@pytest.fixture
def run_pooled(run_shared: TargetRunner) -> Iterator[TargetRunner]:
    """A target whose store is reached through the pooler."""
    url = sa.make_url(run_shared.config["store_url"])
    folder = Path(str(url.query["host"]))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with TemporaryDirectory() as name:
        file = Path(name) / "pgbouncer.ini"
        file.write_text(SETTINGS.format(folder=folder, port=port))
        Path(name).chmod(0o755)
        # It refuses to be root; the server's own user may use its socket.
        owner = pwd.getpwuid(folder.stat().st_uid).pw_name
        user = ["-u", owner] if os.geteuid() == 0 else []
        with subprocess.Popen([str(PROGRAM), "-q", *user, str(file)]) as pooler:
            wait_until(lambda: _answers(port))
            run_shared.config["store_url"] = f"postgresql+psycopg://any@127.0.0.1:{port}/postgres"
            yield run_shared
            pooler.terminate()


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
        return True
    return False


def test_rows_deliveries_and_commands_work_through_a_pooler(
    run_pooled: TargetRunner, creovai: CreovaiServer
) -> None:
    """Many statements of one form are what a driver would prepare."""
    rows = [case(Description="words"), *(chat(number) for number in range(120))]
    assert run_pooled(*rows).exit_code == 0
    for hour in range(19, 23):
        outcome = run_pooled(comment(hour, SystemModstamp=at(f"{hour}:00")))
        assert outcome.exit_code == 0, outcome.stderr

    assert len(texts(creovai.cases[case_id()])) == 5
    assert_each_once(creovai, 120)


def test_several_share_the_work_through_a_pooler(
    run_pooled: TargetRunner, creovai: CreovaiServer
) -> None:
    """Claims and leases live in tables, not in sessions."""
    make_due(run_pooled, 200)
    creovai.latency_seconds = 0.02
    with ExitStack() as stack:
        processes = [stack.enter_context(run_pooled.start()) for _ in range(3)]
        for process in processes:
            process.close_input()
        outcomes = [process.finish() for process in processes]

    assert [outcome.exit_code for outcome in outcomes] == [0] * 3, outcomes
    assert_each_once(creovai, 200)
