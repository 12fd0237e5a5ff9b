"""Run the tap: `tap-salesforce-chat`, or `python -m tap_salesforce_chat`."""

from __future__ import annotations

import gc
import signal


def main() -> None:
    """Run the command line.

    Until the tap handles signals itself, Ctrl-C ends it without the traceback of some import.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # Objects that imports create stay: to collect garbage among them takes a tenth of a start.
    gc.disable()
    from tap_salesforce_chat.tap import TapSalesforceChat  # noqa: PLC0415 - takes a third of a second

    gc.freeze()
    gc.enable()
    TapSalesforceChat.cli()


if __name__ == "__main__":
    main()
