"""The command line, and the subcommand `doctor`."""
