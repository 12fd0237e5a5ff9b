"""Run the target: `target-creovai`, or `python -m target_creovai`."""

from __future__ import annotations

import signal

from target_creovai.imports import imported


def main() -> None:
    """Run the command line.

    Until the target handles signals itself, Ctrl-C ends it as it ends any other program: a
    traceback from the middle of a library's import would help nobody.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    imported("target_creovai.plugin").CreovaiPlugin.cli()


if __name__ == "__main__":
    main()
