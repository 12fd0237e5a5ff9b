"""Run the target: `target-creovai`, or `python -m target_creovai`."""

from __future__ import annotations

import signal

from target_creovai.imports import imported


def main() -> None:
    """Run the command line.

    Until the target handles signals itself, Ctrl-C ends it as it ends any other program: a
    traceback out of some library's import would tell nobody anything.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    imported("target_creovai.plugin").CreovaiPlugin.cli()


if __name__ == "__main__":
    main()
