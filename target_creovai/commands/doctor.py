"""`doctor`: is everything there that a run needs? Nothing is sent to find out."""

from __future__ import annotations

import os
import shutil
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from target_creovai.commands.support.check import Check, CheckStatus, judged
from target_creovai.commands.support.command import (
    Settings,
    format_option,
    operator_command,
    show,
    whereabouts,
)
from target_creovai.commands.support.disks import check_lasting, existing
from target_creovai.commands.support.proxies import check_proxy
from target_creovai.errors import CreovaiError, StoreError
from target_creovai.http.client import connect
from target_creovai.settings.checks import problems
from target_creovai.settings.config import CONFIG_SCHEMA, DEFAULT_PARTICIPANT_TYPES
from target_creovai.store.database.location import file_of_url, store_exists
from target_creovai.store.operator.store import OperatorStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from target_creovai.http.client import CreovaiClient
    from target_creovai.store.runs.secret import SecretInUse

# A run's rows stand in the write-ahead log and in the store for a while.
LEAST_FREE_BYTES = 512 * 1024 * 1024
# `settle_minutes` and the life of a token are measured with our clock.
LARGEST_SKEW_SECONDS = 60
# Creovai's rule for the secret of an API user, and how long before its end somebody should know.
DAYS_OF_A_SECRET = 365
DAYS_TO_WARN = 30
PROBE = "target-creovai-doctor"  # a session id that nothing has
# If one of these is wrong, Creovai is not asked.
USED_FOR_CREOVAI = (
    "api_url",
    "api_user",
    "api_password",
    "max_workers",
    "participant_types",
    "request_timeout_seconds",
    "requests_per_second",
)


def check_settings(found: Sequence[str]) -> Check:
    """Judge the settings by the list of what is wrong with them."""
    if found:
        return Check("settings", CheckStatus.FAILED, " ".join(found))
    return Check("settings", CheckStatus.OK, "complete and well-formed.")


def check_space(free: int, size: int) -> Check:
    """Judge the disk of a store that is a file."""
    needed = max(LEAST_FREE_BYTES, size)
    says = f"{free >> 20} MiB free, the store has {size >> 20} MiB."
    to_do = f"Free at least {needed >> 20} MiB, or move the store: see store_url."
    return judged("disk", says, to_do, ok=free >= needed)


def check_secret(secret: object, in_use: SecretInUse | None, now: datetime) -> Iterator[Check]:
    """Warn when the secret that the store saw first so long ago is near its end."""
    if in_use is None or not isinstance(secret, str) or not in_use.is_of(secret.strip()):
        return
    days = (now - in_use.since).days
    if days >= DAYS_OF_A_SECRET - DAYS_TO_WARN:
        says = f"api_password has been in use here for {days} days at least."
        to_do = (
            f"Creovai lets it expire {DAYS_OF_A_SECRET} days after it was made: ask Creovai "
            "support for a new one in time."
        )
        yield Check("secret", CheckStatus.WARNING, says, to_do)


def check_types(wanted: Mapping[str, str | None], tenant: Sequence[str]) -> Check:
    """Judge `participant_types` by the types that the tenant has, spelling included."""
    spelt = {name.casefold(): name for name in tenant}
    wrong = [
        _wrong_type(role, name, spelt)
        for role, name in wanted.items()
        if name is not None and name not in tenant
    ]
    if not wrong:
        return Check("participant types", CheckStatus.OK, "the tenant has all that are set.")
    has = f"The tenant has: {', '.join(sorted(tenant)) or 'none'}."
    return Check("participant types", CheckStatus.FAILED, " ".join([*wrong, has]))


def _wrong_type(role: str, name: str, spelt: Mapping[str, str]) -> str:
    if near := spelt.get(name.casefold()):
        return f"participant_types.{role} is '{name}', the tenant spells it '{near}'."
    return (
        f"participant_types.{role} is '{name}', which the tenant lacks: have it defined there, "
        "name another type, or null to leave such messages out."
    )


def check_clock(ours: datetime, theirs: datetime | None) -> Check:
    """Judge our clock by Creovai's."""
    if theirs is None:
        return Check("clock", CheckStatus.WARNING, "Creovai's answers carry no date.")
    seconds = round(abs((ours - theirs).total_seconds()))
    says = f"{seconds} seconds from Creovai's."
    ok = seconds <= LARGEST_SKEW_SECONDS
    return judged("clock", says, "Set this machine's clock: see NTP.", ok=ok)


def examine(settings: Settings) -> Iterator[Check]:
    """Look at one thing after the other."""
    yield check_settings(problems(settings, CONFIG_SCHEMA))
    yield from _store(settings)
    yield from _creovai(settings)


def _store(settings: Settings) -> Iterator[Check]:
    url = settings.get("store_url")
    if not isinstance(url, str):
        yield Check("store", CheckStatus.WARNING, "store_url is not usable: see settings.")
        return
    try:
        if not store_exists(url):
            where = whereabouts(settings).store
            yield Check(
                "store", CheckStatus.WARNING, f"there is none at {where}: the first run makes it."
            )
        else:
            with OperatorStore(url) as store:
                version, secret = store.database.schema_version, store.secret.in_use()
                count = sum(one.number for one in store.ledger.outcome_counts())
            # Opening writes: it is how tables are brought up to date.
            says = f"opens and can be written, schema {version}, {count} conversations."
            yield Check("store", CheckStatus.OK, says)
            yield from check_secret(settings.get("api_password"), secret, datetime.now(UTC))
    except StoreError as error:
        yield Check("store", CheckStatus.FAILED, str(error))
        return
    if file := file_of_url(url):
        yield from _disk(file)


def _disk(file: Path) -> Iterator[Check]:
    folder = existing(file.parent)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
        advice = "Let this user write there, or move the store: see store_url."
        yield Check(
            "disk", CheckStatus.FAILED, f"{folder} is no folder that may be written.", advice
        )
        return
    size = file.stat().st_size if file.exists() else 0
    yield check_space(shutil.disk_usage(folder).free, size)
    yield from check_lasting(file)


def _creovai(settings: Settings) -> Iterator[Check]:
    if not settings.get("api_url"):
        yield Check("Creovai", CheckStatus.WARNING, "not asked: without api_url nothing is sent.")
        return
    if not _is_usable(settings):
        yield Check("Creovai", CheckStatus.WARNING, "not asked: see settings.")
        return
    yield from check_proxy(settings["api_url"])
    client = connect(settings)
    token = _asked("token", client.log_in, "Creovai accepts the API user.")
    yield token
    yield check_clock(datetime.now(UTC), client.server_time)
    if token.status is CheckStatus.OK:
        yield from _rights(client, settings)


def _is_usable(settings: Settings) -> bool:
    needed = all(settings.get(name) for name in ("api_url", "api_user", "api_password"))
    used = {name: settings[name] for name in USED_FOR_CREOVAI if name in settings}
    return needed and not problems(used, CONFIG_SCHEMA)


def _rights(client: CreovaiClient, settings: Settings) -> Iterator[Check]:
    says = (
        "the API user may ask for the status of interactions. Whether it may send chats, cases "
        "and metadata, only the first delivery tells."
    )
    yield _asked("rights", lambda: client.statuses([PROBE]), says)
    types: list[str] = []
    listed = _asked("participant types", lambda: types.extend(client.participant_types()), "")
    wanted = DEFAULT_PARTICIPANT_TYPES | (settings.get("participant_types") or {})
    yield check_types(wanted, types) if listed.status is CheckStatus.OK else listed


def _asked(name: str, call: Callable[[], object], says: str) -> Check:
    """Ask Creovai once; its errors say what to do."""
    try:
        call()
    except CreovaiError as error:
        return Check(name, CheckStatus.FAILED, str(error))
    return Check(name, CheckStatus.OK, says)


@operator_command(checked=False)
@format_option
def doctor(settings: Settings, output: str) -> None:
    """Check settings, store, token, rights, participant types and clock, one line each."""
    checks = list(examine(settings))
    would_work = all(check.status is not CheckStatus.FAILED for check in checks)
    report = {"would_work": would_work, "checks": checks}
    show(output, map(str, checks), report)
    if not would_work:
        sys.exit(1)
