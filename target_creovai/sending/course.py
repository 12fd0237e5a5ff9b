"""How delivery goes in a run: what decides whether it goes on, beside what is only counted."""

from __future__ import annotations

import msgspec


class Course(msgspec.Struct):
    """How the deliveries of a run go, the one while rows come and the one after them.

    `stopped`: nothing more may be sent. `took`: Creovai has taken something. `set_aside`: how many
    conversations were.
    """

    stopped: bool = False
    took: bool = False
    set_aside: int = 0
