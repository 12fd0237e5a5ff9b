"""What leaves the process: Singer messages, the log, the summary."""
