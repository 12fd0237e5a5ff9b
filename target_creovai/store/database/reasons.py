"""Reasons as the ledger keeps them."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from typing_extensions import override

from target_creovai.model.outcomes import Reason, parse_reason


class ReasonType(sa.TypeDecorator[Reason]):
    """A column of reasons, stored as codes with their arguments."""

    impl = sa.Text
    cache_ok = True

    @override
    def process_bind_param(self, value: Reason | None, dialect: sa.Dialect) -> str | None:
        """Return what is stored of a reason."""
        return None if value is None else value.stored

    @override
    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Reason | None:
        """Return the reason that is stored so."""
        return None if value is None else parse_reason(value)
