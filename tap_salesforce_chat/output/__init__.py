"""Singer messages, the log, and the summary of a sync."""
