"""Staged rows, read by the conversation."""
