"""Redaction: what `redact` names leaves messages before they are hashed, checked and sent.

A new built-in rule is one module with a `finder` and one row in `BUILT_IN`. The libraries that
a rule rests on are imported when it is asked for: who redacts nothing pays nothing.
"""

from target_creovai.redaction.engine import redacted
from target_creovai.redaction.rules import BUILT_IN, knows_region, wrong_patterns

__all__ = ["BUILT_IN", "knows_region", "redacted", "wrong_patterns"]
