"""The tap's settings: each is described once, in the module of its subject."""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

from tap_salesforce_chat.settings.connection import CONNECTION
from tap_salesforce_chat.settings.login import LOGIN
from tap_salesforce_chat.settings.messaging import MESSAGING
from tap_salesforce_chat.settings.reading import READING

CONFIG_SCHEMA: dict[str, Any] = th.PropertiesList(
    *LOGIN, *READING, *MESSAGING, *CONNECTION
).to_dict()
