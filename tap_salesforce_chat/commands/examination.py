"""What `doctor` prints: its findings, or a permission set."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from singer_sdk.exceptions import ConfigValidationError, SingerSDKError

from tap_salesforce_chat.commands.doctor import Patient, examine
from tap_salesforce_chat.commands.findings import Finding, Status, would_work
from tap_salesforce_chat.commands.permission_set import grants_for, metadata
from tap_salesforce_chat.discovery.describe_cache import DescribeClient
from tap_salesforce_chat.login.flows import AUTH_FLOWS, choose_flow
from tap_salesforce_chat.settings.opt_in import disabled_streams
from tap_salesforce_chat.streams.declarations import STREAMS
from tap_salesforce_chat.timestamps import parse_instant

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tap_salesforce_chat.tap import TapSalesforceChat

_COLOURS = {Status.OK: "green", Status.WARNING: "yellow", Status.FAILED: "red"}
_CHECK_WIDTH = max(map(len, Status))


def print_findings(
    tap_class: type[TapSalesforceChat], config: Any, since: datetime | None, form: str
) -> int:
    """Print what is found, each line as soon as it is; return the exit code."""
    findings = []
    for finding in _findings(tap_class, config, since):
        findings.append(finding)
        if form == "text":
            click.echo(_line(finding))
    if form == "json":
        click.echo(_document(findings))
    return 0 if would_work(findings) else 1


def print_permission_set(tap_class: type[TapSalesforceChat], config: Any) -> None:
    """Print a permission set for the integration user.

    Raises:
        click.ClickException: The settings are wrong, or Salesforce refuses.
    """
    try:
        tap = _bare(tap_class, config)
        unasked = disabled_streams(tap.config)
        streams = [stream for stream in STREAMS if stream.sobject not in unasked]
        grants = grants_for(streams, DescribeClient(tap.services.client))
    except ConfigValidationError as exc:
        raise click.ClickException(" ".join(exc.errors)) from None
    except SingerSDKError as exc:
        raise click.ClickException(str(exc)) from None
    click.echo(metadata(grants), nl=False)


def _bare(tap_class: type[TapSalesforceChat], config: Any) -> TapSalesforceChat:
    """Return the tap with an empty catalog, which keeps it from discovering one."""
    return tap_class(
        config=config.config, parse_env_config=config.parse_env, catalog={"streams": []}
    )


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
    yield from examine(
        Patient(tap.services.client, tap.config, flow, since, lambda: tap.services.describe_cache)
    )


def _line(finding: Finding) -> str:
    mark = click.style(finding.status.ljust(_CHECK_WIDTH), fg=_COLOURS[finding.status])
    advice = f" -> {finding.advice}" if finding.advice else ""
    return f"{mark}  {finding.check}: {finding.found}{advice}"


def _document(findings: list[Finding]) -> str:
    checks = [asdict(finding) for finding in findings]
    return json.dumps({"would_work": would_work(findings), "checks": checks}, indent=2)
