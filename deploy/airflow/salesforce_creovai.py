"""An Airflow DAG (Airflow 3) that runs the sync every hour, one run at a time.

Meltano lives in a virtual environment of its own, as its requirements clash with Airflow's;
settings come from the environment of the worker, or from the project's `.env`.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pendulum
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

PROJECT = "/srv/salesforce-creovai"

with DAG(
    dag_id="salesforce_creovai",
    schedule="@hourly",
    start_date=datetime(2026, 1, 1, tzinfo=pendulum.timezone("UTC")),
    catchup=False,
    max_active_runs=1,
    # The next run goes on from where this one ended: a retry at once would meet the same.
    default_args={"retries": 0},
):
    BashOperator(
        task_id="sync",
        bash_command=(
            f"exec {PROJECT}/.venv/bin/meltano --environment=prod"
            " run tap-salesforce-chat target-creovai"
        ),
        cwd=PROJECT,
        append_env=True,
        do_xcom_push=False,
        execution_timeout=timedelta(hours=3),
    )
