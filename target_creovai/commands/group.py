"""The Singer executable with the operator's commands below it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import click
from singer_sdk.plugin_base import SingerCommand
from typing_extensions import override

from target_creovai.imports import imported

if TYPE_CHECKING:
    from target_creovai.commands.support.command import Plugin

# By name, which is that of the function as well; a module is imported when its command is run.
COMMANDS = {
    "adopt": "target_creovai.commands.adopt",
    "doctor": "target_creovai.commands.doctor",
    "explain": "target_creovai.commands.explain",
    "forget": "target_creovai.commands.repair",
    "preview": "target_creovai.commands.preview",
    "reconcile": "target_creovai.commands.reconcile",
    "report": "target_creovai.commands.report",
    "resend": "target_creovai.commands.repair",
    "retry": "target_creovai.commands.repair",
    "store": "target_creovai.commands.store",
    "status": "target_creovai.commands.status",
}


class OperatorGroup(SingerCommand, click.Group):
    """Without a command: the Singer target, with all options that it has by itself."""

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = getattr(imported(COMMANDS[cmd_name]), cmd_name)
        return command


def with_commands(singer: click.Command, plugin: Plugin) -> click.Command:
    """Return the Singer command as a group, so that `target-creovai status` works too."""

    @click.pass_context
    def run_singer(ctx: click.Context, /, **options: Any) -> None:
        if ctx.invoked_subcommand is None and singer.callback is not None:
            singer.callback(**options)

    return OperatorGroup(
        singer.name,
        params=singer.params,
        callback=run_singer,
        invoke_without_command=True,
        help=singer.help,
        context_settings={**singer.context_settings, "obj": plugin},
        logger=logging.getLogger(singer.name),
    )
