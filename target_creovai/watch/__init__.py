"""Watching a run: heartbeats for Creovai's monitoring, Singer metrics, progress for people."""
