"""Redaction: what `redact` names leaves messages before they are hashed, checked and sent.

A new built-in rule is one module with a `finder` and one row in `BUILT_IN`. The libraries that
a rule needs are imported when it is used first: a run without redaction imports none.
"""

from target_creovai.redaction.engine import redacted
from target_creovai.redaction.rules import BUILT_IN, is_phone_region, wrong_patterns

__all__ = ["BUILT_IN", "is_phone_region", "redacted", "wrong_patterns"]
