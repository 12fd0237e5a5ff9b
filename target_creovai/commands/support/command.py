"""What the commands share: their settings, their way to the store, their two formats."""

from __future__ import annotations

from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol

import click
import msgspec

from target_creovai.commands.support.shell import Shell, say
from target_creovai.errors import StoreError, TargetError
from target_creovai.settings.checks import problems
from target_creovai.settings.config import CONFIG_SCHEMA
from target_creovai.store.database.location import store_exists, store_name
from target_creovai.store.operator.store import OperatorStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Settings = dict[str, Any]


class Plugin(Protocol):
    """What the commands use of the target's class."""

    def cb_config(self, ctx: click.Context, param: click.Option, value: tuple[str, ...], /) -> Any:
        """Read what `--config` names."""

    def settings_of(self, *given: Any) -> Settings:
        """Return the settings that several `--config` make together."""


def operator_command(*, checked: bool = True) -> Callable[[Callable[..., None]], click.Command]:
    """Make a command of a function, which gets the settings as its first argument.

    The command takes `--config` as the Singer target does, behind its name or before it.
    `checked`: wrong settings end it before the function is called.
    """

    def decorate(function: Callable[..., None]) -> click.Command:
        @click.pass_context
        @wraps(function)
        def run(ctx: click.Context, /, config: Any, **options: Any) -> None:
            before = ctx.parent.params.get("config") if ctx.parent else None
            settings = ctx.obj.settings_of(*filter(None, [before, config]))
            try:
                found = problems(settings, CONFIG_SCHEMA)  # this puts the defaults in
                if checked and found:
                    raise click.ClickException(" ".join(found))
                # Reports for programs stay free of it: it goes to stderr then.
                say(str(whereabouts(settings)), err=options.get("output", TEXT) != TEXT)
                function(settings, **options)
            except TargetError as error:
                raise click.ClickException(Shell.here().typed(str(error))) from None

        return click.command()(_config_option(run))

    return decorate


def _read_config(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> Any:
    return ctx.obj.cb_config(ctx, param, value)


_config_option = click.option(
    "--config",
    multiple=True,
    callback=_read_config,
    help="Configuration file location or 'ENV' to use environment variables.",
)

TEXT = "text"


def format_option_of(*formats: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the option `--format` with these choices, of which the first is the default."""
    return click.option(
        "--format", "output", type=click.Choice(formats), default=formats[0], show_default=True
    )


format_option = format_option_of(TEXT, "json")


class Whereabouts(msgspec.Struct, frozen=True):
    """The store that a command reads, and Meltano's environment, None without one."""

    store: str
    environment: str | None

    def __str__(self) -> str:
        of = f", environment {self.environment}" if self.environment else ""
        return f"store      {self.store}{of}"


def whereabouts(settings: Settings) -> Whereabouts:
    """Return which store these settings name, without user or password."""
    return Whereabouts(store_name(settings.get("store_url")), Shell.here().environment or None)


def open_store(settings: Settings) -> OperatorStore:
    """Open the store that runs have made.

    Raises:
        StoreError: There is none; a new one would be empty.
    """
    where = whereabouts(settings)
    if not store_exists(settings["store_url"]):
        other = (
            "Each environment has its own: give `--environment` of the runs that you mean."
            if where.environment
            else "Give the settings that the runs have."
        )
        msg = f"There is no store at {where.store}: no run has made one yet. {other}"
        raise StoreError(msg)
    return OperatorStore(settings["store_url"])


@contextmanager
def store_for_repair(settings: Settings) -> Iterator[OperatorStore]:
    """Open the store while no run delivers from it: that would write over what we mark."""
    with open_store(settings) as store, alone(store):
        yield store


@contextmanager
def alone(store: OperatorStore) -> Iterator[None]:
    """Keep runs from delivering for a moment.

    Raises:
        StoreError: A run is delivering now.
    """
    with store.runs.delivering(alone=True) as free:
        if not free:
            msg = "A run is delivering from this store: let it end first. Nothing was changed."
            raise StoreError(msg)
        yield


def as_json(report: Any) -> Iterable[str]:
    """Return a report for programs, as one piece of text."""
    typed = _typed(msgspec.to_builtins(report))
    return [msgspec.json.format(msgspec.json.encode(typed), indent=2).decode()]


def show(output: str, lines: Iterable[str], report: Any) -> None:
    """Print a report, for people or for programs."""
    for line in as_json(report) if output == "json" else lines:
        say(line)


def _typed(report: Any) -> Any:
    """Return a report in which all commands are as they are typed here."""
    if isinstance(report, dict):
        return {name: _typed(value) for name, value in report.items()}
    if isinstance(report, list):
        return [_typed(value) for value in report]
    return Shell.here().typed(report) if isinstance(report, str) else report
