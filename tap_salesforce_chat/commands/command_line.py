"""The command line: the Singer command as the SDK makes it, with `doctor` as a subcommand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from tap_salesforce_chat.timestamps import parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from datetime import datetime

    from tap_salesforce_chat.commands.doctor_output import OpenServices


def with_doctor(
    singer: click.Command,
    read_config: Callable[..., Any],
    open_services: OpenServices,
    plain_errors: Callable[[], AbstractContextManager[None]],
) -> click.Group:
    """Return the Singer command, with its options, as a group that has a subcommand `doctor`.

    Args:
        singer: The command.
        read_config: The callback of the option `--config`.
        open_services: Makes services of what it returns.
        plain_errors: Turns an exception into a log line and an exit code.
    """

    @click.pass_context
    def run(ctx: click.Context, /, **_: Any) -> None:
        # A group runs itself first, whatever subcommand follows.
        if ctx.invoked_subcommand is None:
            singer.invoke(ctx)

    return click.Group(
        name=singer.name,
        help=singer.help,
        params=singer.params,
        callback=run,
        context_settings=singer.context_settings,
        invoke_without_command=True,
        commands=[_doctor(read_config, open_services, plain_errors)],
    )


def _doctor(
    read_config: Callable[..., Any],
    open_services: OpenServices,
    plain_errors: Callable[[], AbstractContextManager[None]],
) -> click.Command:
    @click.command("doctor")
    @click.option(
        "--config",
        multiple=True,
        callback=read_config,
        help="Configuration file, or 'ENV' for environment variables.",
    )
    @click.option(
        "--since", callback=_instant, help="Count rows from this time on; default: start_date."
    )
    @click.option(
        "--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True
    )
    @click.option(
        "--permission-set",
        is_flag=True,
        help="Print a permission set for the integration user as metadata (XML), and nothing else.",
    )
    @click.pass_context
    def doctor(
        ctx: click.Context,
        config: Any,
        since: datetime | None,
        form: str,
        permission_set: bool,  # noqa: FBT001 - an option
    ) -> None:
        """Check whether a sync would work, what it would cost, and what to change."""
        # Meltano puts its options in front of the command.
        given = config if config.config or config.parse_env else ctx.find_root().params["config"]
        from tap_salesforce_chat.commands.doctor_output import print_findings, print_permission_set

        with plain_errors():
            if permission_set:
                print_permission_set(open_services, given)
            else:
                ctx.exit(print_findings(open_services, given, since, form))

    return doctor


def _instant(_: click.Context, __: click.Parameter, text: str | None) -> datetime | None:
    try:
        return parse_instant(text) if text else None
    except ValueError as exc:
        raise click.BadParameter(str(exc)) from None
