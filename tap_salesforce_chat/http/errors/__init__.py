"""Which exception an error response or a network failure becomes."""
