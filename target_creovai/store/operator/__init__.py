"""The store as an operator's commands use it."""
