"""A Dagster asset that runs the sync every hour, one run at a time.

No `from __future__ import annotations` here: Dagster reads the type of `context` itself.
"""

import subprocess

import dagster as dg

PROJECT = "/srv/salesforce-creovai"
JOB = ["--environment=prod", "run", "tap-salesforce-chat", "target-creovai"]
LINES_SHOWN = 30


@dg.asset(pool="salesforce_creovai")  # give the pool a limit of 1
def creovai_conversations(context: dg.AssetExecutionContext) -> None:
    """Conversations of Salesforce Service Cloud, in Creovai."""
    done = subprocess.run(  # noqa: S603 -- a fixed command
        [f"{PROJECT}/.venv/bin/meltano", *JOB],
        cwd=PROJECT,
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    report = "\n".join(done.stderr.splitlines()[-LINES_SHOWN:])
    context.log.info(report)
    if done.returncode:
        # The next run goes on from where this one ended: a retry at once would meet the same.
        description = f"Exit code {done.returncode}:\n{report}"
        raise dg.Failure(description, allow_retries=False)


defs = dg.Definitions(
    assets=[creovai_conversations],
    schedules=[
        dg.ScheduleDefinition(
            name="hourly",
            cron_schedule="7 * * * *",
            target=dg.AssetSelection.assets(creovai_conversations),
            default_status=dg.DefaultScheduleStatus.RUNNING,
        )
    ],
)
