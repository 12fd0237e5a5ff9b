"""What `doctor` prints: its findings, or a permission set."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click
from singer_sdk.exceptions import ConfigValidationError, SingerSDKError

from tap_salesforce_chat.commands.doctor import run_checks
from tap_salesforce_chat.commands.findings import Finding, Status, would_work
from tap_salesforce_chat.commands.permission_set import grants_for, metadata
from tap_salesforce_chat.discovery.describe_cache import DescribeClient
from tap_salesforce_chat.settings.opt_in import disabled_streams
from tap_salesforce_chat.streams.declarations import STREAMS
from tap_salesforce_chat.timestamps import parse_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tap_salesforce_chat.services import Services

    OpenServices = Callable[[Any], Services]
    """Makes services of what the option `--config` has given."""

_COLOURS = {Status.OK: "green", Status.WARNING: "yellow", Status.FAILED: "red"}
_STATUS_WIDTH = max(map(len, Status))


def print_findings(
    open_services: OpenServices, given: Any, since: datetime | None, form: str
) -> int:
    """Print the findings, as text each as soon as its check has ended; return the exit code."""
    findings = []
    for finding in _findings(open_services, given, since):
        findings.append(finding)
        if form == "text":
            click.echo(_line(finding))
    if form == "json":
        click.echo(_document(findings))
    return 0 if would_work(findings) else 1


def print_permission_set(open_services: OpenServices, given: Any) -> None:
    """Print a permission set for the integration user.

    Raises:
        click.ClickException: The settings are wrong, or Salesforce refuses.
    """
    try:
        services = open_services(given)
        disabled = disabled_streams(services.config)
        streams = [stream for stream in STREAMS if stream.sobject not in disabled]
        grants = grants_for(streams, DescribeClient(services.client))
    except ConfigValidationError as exc:
        raise click.ClickException(" ".join(exc.errors)) from None
    except SingerSDKError as exc:
        raise click.ClickException(str(exc)) from None
    click.echo(metadata(grants), nl=False)


def _findings(open_services: OpenServices, given: Any, since: datetime | None) -> Iterator[Finding]:
    try:
        services = open_services(given)
    except ConfigValidationError as exc:
        yield Finding("settings", Status.FAILED, " ".join(exc.errors))
        return
    yield Finding("settings", Status.OK, "valid")
    if since is None and (start_date := services.config.get("start_date")):
        since = parse_instant(start_date)
    yield from run_checks(services, since)


def _line(finding: Finding) -> str:
    status = click.style(finding.status.ljust(_STATUS_WIDTH), fg=_COLOURS[finding.status])
    advice = f" -> {finding.advice}" if finding.advice else ""
    return f"{status}  {finding.check}: {finding.found}{advice}"


def _document(findings: list[Finding]) -> str:
    checks = [asdict(finding) for finding in findings]
    return json.dumps({"would_work": would_work(findings), "checks": checks}, indent=2)
