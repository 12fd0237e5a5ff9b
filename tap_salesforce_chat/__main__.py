"""Run the tap as `python -m tap_salesforce_chat`."""

from __future__ import annotations

from tap_salesforce_chat.tap import TapSalesforceChat

TapSalesforceChat.cli()
