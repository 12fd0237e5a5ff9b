"""Run the target as `python -m target_creovai`."""

from __future__ import annotations

from target_creovai.target import TargetCreovai

TargetCreovai.cli()
