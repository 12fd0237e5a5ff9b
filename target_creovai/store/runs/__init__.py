"""Runs on a store: what they read, what they delivered."""
