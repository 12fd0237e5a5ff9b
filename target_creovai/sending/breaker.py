"""A circuit breaker, for when Creovai is down rather than unable to take some conversations."""

from __future__ import annotations

# So many different conversations, and no other in between: Creovai may be down.
FAILURES_IN_A_ROW = 3
# So many others are tried then, once each, before the breaker opens.
PROBES = 20


class Breaker:
    """Counts different conversations that failed since the last success."""

    def __init__(self) -> None:
        self._failed: set[tuple[str, str]] = set()

    def failed(self, key: tuple[str, str]) -> None:
        """Count a conversation that Creovai could not take."""
        self._failed.add(key)

    def succeeded(self) -> None:
        """Start over: a server that takes or refuses a conversation is not down."""
        self._failed.clear()

    @property
    def count(self) -> int:
        """How many have failed in a row."""
        return len(self._failed)

    @property
    def probes(self) -> bool:
        """Whether the next ones are tried once only, to find out if Creovai is down."""
        return len(self._failed) >= FAILURES_IN_A_ROW

    @property
    def is_open(self) -> bool:
        """Whether Creovai counts as down: others are not tried."""
        return len(self._failed) >= FAILURES_IN_A_ROW + PROBES
