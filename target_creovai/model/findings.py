"""What assembling noticed on its way, beside the conversation itself."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Finding(StrEnum):
    """What assembling noticed; the summary counts each and has the words for it."""

    STRIPPED = "stripped"
    KEPT_WHOLE = "kept whole"
    REPEATED = "repeated"
    AUTOMATIC = "automatic"
    UNPLACED = "unplaced"
    CUT_OFF = "cut off"
    OPERATOR_COUNT = "OperatorMessageCount"
    VISITOR_COUNT = "VisitorMessageCount"
    DURATION = "ChatDuration"
    AGENT_COUNT = "AgentMessageCount"
    END_USER_COUNT = "EndUserMessageCount"
    UNSUPPORTED = "unsupported"
    UNDELIVERED = "undelivered"
    NOBODYS = "nobody's"
    BARE = "bare"
    OTHER_CHATS = "other chats"


Findings = Mapping[Finding, int]
"""How often, or of how many characters; what was not found is absent."""
