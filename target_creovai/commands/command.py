"""What the commands share: their settings, their way to the store, their two formats."""

from __future__ import annotations

from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, Protocol

import click
import msgspec

from target_creovai.config import CONFIG_SCHEMA, problems
from target_creovai.errors import StoreError, TargetError
from target_creovai.store.operator import OperatorStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

Settings = dict[str, Any]


class Plugin(Protocol):
    """What the commands ask of the target's class."""

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
                if checked:
                    _refuse_wrong(settings)
                function(settings, **options)
            except TargetError as error:
                raise click.ClickException(str(error)) from None

        return click.command()(_config_option(run))

    return decorate


def _read_config(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> Any:
    try:
        return ctx.obj.cb_config(ctx, param, value)
    except (OSError, ValueError) as error:
        # A file that is no JSON is quoted by nobody: it may hold a password.
        msg = f"a file cannot be read ({type(error).__name__})"
        raise click.BadParameter(msg) from None


_config_option = click.option(
    "--config",
    multiple=True,
    callback=_read_config,
    help="Configuration file location or 'ENV' to use environment variables.",
)


def format_option_of(*formats: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Return the option `--format` with these choices, of which the first is the default."""
    return click.option(
        "--format", "output", type=click.Choice(formats), default=formats[0], show_default=True
    )


format_option = format_option_of("text", "json")


def _refuse_wrong(settings: Settings) -> None:
    if found := problems(settings, CONFIG_SCHEMA):
        raise click.ClickException(" ".join(found))


@contextmanager
def store_for_repair(settings: Settings) -> Iterator[OperatorStore]:
    """Open the store while no run delivers from it: that would write over what we mark."""
    with OperatorStore(settings["store_url"]) as store, alone(store):
        yield store


@contextmanager
def alone(store: OperatorStore) -> Iterator[None]:
    """Keep runs from delivering for a moment.

    Raises:
        StoreError: One is at it.
    """
    with store.delivering(alone=True) as free:
        if not free:
            msg = "A run is delivering from this store: let it end first. Nothing was changed."
            raise StoreError(msg)
        yield


def as_json(report: Any) -> Iterable[str]:
    """Return a report for programs, as one piece of text."""
    return [msgspec.json.format(msgspec.json.encode(report), indent=2).decode()]


def show(output: str, lines: Iterable[str], report: Any) -> None:
    """Print a report, for people or for programs."""
    for line in as_json(report) if output == "json" else lines:
        click.echo(line)
