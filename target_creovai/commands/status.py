"""`status`: where all conversations stand, and how the last run went."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import asdict

from target_creovai.assemble import fingerprint
from target_creovai.commands.support.command import (
    TEXT,
    Settings,
    as_json,
    format_option_of,
    open_store,
    operator_command,
    whereabouts,
)
from target_creovai.commands.support.files import write_public
from target_creovai.commands.support.measurements import Measurements, gauges
from target_creovai.commands.support.store_status import status_of
from target_creovai.settings.checks import assembly_settings
from target_creovai.shell import Shell
from target_creovai.watch.prometheus import exposition

if TYPE_CHECKING:
    from collections.abc import Iterable

    from target_creovai.commands.support.store_status import StoreStatus
    from target_creovai.store.operator.store import OperatorStore


def _as_text(_: OperatorStore, report: StoreStatus, __: Settings) -> Iterable[str]:
    return map(Shell.here().typed, report.lines())


def _as_json(_: OperatorStore, report: StoreStatus, settings: Settings) -> Iterable[str]:
    return as_json(asdict(whereabouts(settings)) | asdict(report))


def _for_prometheus(store: OperatorStore, report: StoreStatus, _: Settings) -> Iterable[str]:
    return exposition(gauges(report, Measurements.of(store, datetime.now(UTC))))


_FORMATS = {TEXT: _as_text, "json": _as_json, "prometheus": _for_prometheus}


@operator_command()
@format_option_of(*_FORMATS)
@click.option(
    "--output",
    "file",
    type=click.Path(path_type=Path),
    help="Write there, whole or not at all, what is printed otherwise: a *.prom file for the "
    "textfile collector of Prometheus' node_exporter, for example.",
)
def status(settings: Settings, output: str, file: Path | None) -> None:
    """Say where all conversations stand, and how the last run went."""
    with open_store(settings) as store:
        report = status_of(store, fingerprint(assembly_settings(settings)))
        text = "".join(f"{line}\n" for line in _FORMATS[output](store, report, settings))
    if file:
        write_public(file, text.encode())
    else:
        click.echo(text, nl=False)
