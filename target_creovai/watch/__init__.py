"""Watching a run: its summary and logs, Singer metrics, progress, heartbeats, history.

`summary` counts, `summary_text` and `summary_log` print it, `facts` is what the history keeps of
it. `watch` is the thread that runs `metrics`, `progress` (with `bar`) and `heartbeat`. `logs`
filters log records; `prometheus` is a format for `status`.
"""
