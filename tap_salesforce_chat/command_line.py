"""The command line: the Singer command as the SDK makes it, and `doctor` beside it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from singer_sdk.exceptions import ConfigValidationError, SingerSDKError

from tap_salesforce_chat.describer import Describer
from tap_salesforce_chat.doctor import Patient, examine
from tap_salesforce_chat.findings import Finding, Status, would_work
from tap_salesforce_chat.login.flows import AUTH_FLOWS, choose_flow
from tap_salesforce_chat.opt_in import unasked_streams
from tap_salesforce_chat.permission_set import grants_for, metadata
from tap_salesforce_chat.streams import STREAMS
from tap_salesforce_chat.timestamps import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tap_salesforce_chat.tap import TapSalesforceChat

_COLOURS = {Status.OK: "green", Status.WARNING: "yellow", Status.FAILED: "red"}
_CHECK_WIDTH = max(map(len, Status))


def with_doctor(singer: click.Command, tap: type[TapSalesforceChat]) -> click.Group:
    """Return the Singer command, options and all, as a group that knows `doctor` as well."""

    @click.pass_context
    def run(ctx: click.Context, /, **_: Any) -> None:
        # A group runs itself first, whatever command comes behind it.
        if ctx.invoked_subcommand is None:
            singer.invoke(ctx)

    return click.Group(
        name=singer.name,
        help=singer.help,
        params=singer.params,
        callback=run,
        context_settings=singer.context_settings,
        invoke_without_command=True,
        commands=[_doctor(tap)],
    )


def _doctor(tap: type[TapSalesforceChat]) -> click.Command:
    @click.command("doctor")
    @click.option(
        "--config",
        multiple=True,
        callback=tap.cb_config,
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
        if permission_set:
            click.echo(_permission_set(tap, given), nl=False)
            return
        findings = []
        for finding in _findings(tap, given, since):
            findings.append(finding)
            if form == "text":
                click.echo(_line(finding))
        if form == "json":
            click.echo(_document(findings))
        ctx.exit(0 if would_work(findings) else 1)

    return doctor


def _permission_set(tap_class: type[TapSalesforceChat], config: Any) -> str:
    try:
        tap = _bare(tap_class, config)
        unasked = unasked_streams(tap.config)
        streams = [stream for stream in STREAMS if stream.sobject not in unasked]
        return metadata(grants_for(streams, Describer(tap.connection)))
    except ConfigValidationError as exc:
        raise click.ClickException(" ".join(exc.errors)) from None
    except SingerSDKError as exc:
        raise click.ClickException(str(exc)) from None


def _bare(tap_class: type[TapSalesforceChat], config: Any) -> TapSalesforceChat:
    """Return the tap with an empty catalog, which keeps it from discovering one."""
    return tap_class(
        config=config.config, parse_env_config=config.parse_env, catalog={"streams": []}
    )


def _instant(_: click.Context, __: click.Parameter, text: str | None) -> datetime | None:
    try:
        return parse_instant(text) if text else None
    except ValueError as exc:
        raise click.BadParameter(str(exc)) from None


def _findings(
    tap_class: type[TapSalesforceChat], config: Any, since: datetime | None
) -> Iterator[Finding]:
    try:
        tap = _bare(tap_class, config)
    except ConfigValidationError as exc:
        yield Finding("settings", Status.FAILED, " ".join(exc.errors))
        return
    yield Finding("settings", Status.OK, "valid")
    flow = next(name for name, flow in AUTH_FLOWS.items() if flow is choose_flow(tap.config))
    if since is None and (start_date := tap.config.get("start_date")):
        since = parse_instant(start_date)
    yield from examine(Patient(tap.connection, tap.config, flow, since, lambda: tap.describe_cache))


def _line(finding: Finding) -> str:
    mark = click.style(finding.status.ljust(_CHECK_WIDTH), fg=_COLOURS[finding.status])
    advice = f" -> {finding.advice}" if finding.advice else ""
    return f"{mark}  {finding.check}: {finding.found}{advice}"


def _document(findings: list[Finding]) -> str:
    checks = [asdict(finding) for finding in findings]
    return json.dumps({"would_work": would_work(findings), "checks": checks}, indent=2)
