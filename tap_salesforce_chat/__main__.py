"""Run the tap: `tap-salesforce-chat`, or `python -m tap_salesforce_chat`."""

from __future__ import annotations

import gc
import signal


def main() -> None:
    """Run the command line.

    Until the tap handles signals itself, Ctrl-C ends it as it ends any other program: a
    traceback out of some library's import would tell nobody anything.
    """
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    # What imports leave behind is there to stay: to look through it for garbage takes a tenth of
    # the time of a start.
    gc.disable()
    from tap_salesforce_chat.tap import TapSalesforceChat  # noqa: PLC0415 - takes a third of a second

    gc.freeze()
    gc.enable()
    TapSalesforceChat.cli()


if __name__ == "__main__":
    main()
