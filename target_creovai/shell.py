"""Commands as they have to be typed here: under Meltano, in its environment, or without it.

Texts hold commands in their plain form, such as `target-creovai retry`; `typed` makes of each what
a shell takes as it is. A hint that only Meltano's users can follow stands in brackets, with a
command of `meltano` itself.
"""

from __future__ import annotations

import os
import re
import shlex
import sys
from typing import TYPE_CHECKING, Self

import click
import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

# Neither matches what is typed already.
_OWN = re.compile(r"`target-creovai (?P<name>[a-z]+)\b(?! --config)(?P<rest>[^`]*)`")
_OF_MELTANO = re.compile(r" \(`meltano (?P<rest>[^-`][^`]*)`\)")
# What docs/index.md calls the files of settings of those who do without Meltano.
_FILES = ("tap.json", "target.json")
LOADER = "target-creovai"


class Shell(msgspec.Struct, frozen=True):
    """What decides how a command is typed.

    `environment` is Meltano's, empty where it has none, None where Meltano has not started this
    process. `config` is what `--config` of this process names, `loader` what Meltano calls it.
    """

    environment: str | None = None
    config: tuple[str, ...] = ()
    loader: str = LOADER

    @classmethod
    def of(cls, environ: Mapping[str, str], arguments: Sequence[str]) -> Self:
        """Return what the environment variables and the arguments of a process show."""
        below_meltano = environ.get("MELTANO_PROJECT_ROOT") or environ.get("MELTANO_ENVIRONMENT")
        return cls(
            environ.get("MELTANO_ENVIRONMENT", "") if below_meltano else None,
            tuple(_config_in(arguments)),
            environ.get("MELTANO_LOADER_NAME") or LOADER,
        )

    @classmethod
    def here(cls) -> Self:
        """Return that of this process."""
        return cls.of(os.environ, sys.argv[1:])

    def command(self, name: str, rest: str = "") -> str:
        """Return one of our commands, with its other arguments."""
        if self.environment is not None:
            return f"{self._meltano} invoke {self.loader} {name}{rest}"
        return f"target-creovai {name} {self._config_of_target}{rest}"

    @property
    def sync(self) -> str:
        """A run that reads all again; it uses no state, and keeps none."""
        if self.environment is not None:
            return (
                f"{self._meltano} run --full-refresh --no-state-update "
                f"tap-salesforce-chat {self.loader}"
            )
        of_tap = "--config ENV"
        if set(self.config) != {"ENV"}:
            of_tap = f"--config {_FILES[0]} {of_tap}"
        return f"tap-salesforce-chat {of_tap} | target-creovai {self._config_of_target} > /dev/null"

    def typed(self, text: str) -> str:
        """Return a text with its commands as they are typed here."""
        text = _OWN.sub(lambda found: f"`{self.command(found['name'], found['rest'])}`", text)
        of_meltano = "" if self.environment is None else rf" (`{self._meltano} \g<rest>`)"
        return _OF_MELTANO.sub(of_meltano, text)

    @property
    def _meltano(self) -> str:
        if self.environment:
            return f"meltano --environment={shlex.quote(self.environment)}"
        return "meltano --no-environment"

    @property
    def _config_of_target(self) -> str:
        return " ".join(f"--config {shlex.quote(one)}" for one in self.config or _FILES[1:])


def _config_in(arguments: Sequence[str]) -> Iterator[str]:
    for place, argument in enumerate(arguments):
        if argument.startswith("--config="):
            yield argument.partition("=")[2]
        elif argument == "--config":
            yield from arguments[place + 1 : place + 2]


def say(text: str, *, err: bool = False) -> None:
    """Print a line, with its commands as they are typed here."""
    click.echo(Shell.here().typed(text), err=err)
