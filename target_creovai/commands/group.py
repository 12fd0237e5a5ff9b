"""The Singer executable with the operator's commands below it."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import click
from singer_sdk.plugin_base import SingerCommand

from target_creovai.commands.adopt import adopt
from target_creovai.commands.doctor import doctor
from target_creovai.commands.explain import explain
from target_creovai.commands.preview import preview
from target_creovai.commands.reconcile import reconcile
from target_creovai.commands.repair import forget, resend, retry
from target_creovai.commands.report import report
from target_creovai.commands.status import status

if TYPE_CHECKING:
    from target_creovai.commands.command import Plugin

COMMANDS = (status, explain, preview, report, resend, retry, forget, reconcile, adopt, doctor)


class OperatorGroup(SingerCommand, click.Group):
    """Without a command: the Singer target, with all options that it has by itself."""


def with_commands(singer: click.Command, plugin: Plugin) -> click.Command:
    """Return the Singer command as a group, so that `target-creovai status` works too."""

    @click.pass_context
    def run_singer(ctx: click.Context, /, **options: Any) -> None:
        if ctx.invoked_subcommand is None and singer.callback is not None:
            singer.callback(**options)

    return OperatorGroup(
        singer.name,
        commands=COMMANDS,
        params=singer.params,
        callback=run_singer,
        invoke_without_command=True,
        help=singer.help,
        context_settings={**singer.context_settings, "obj": plugin},
        logger=logging.getLogger(singer.name),
    )
