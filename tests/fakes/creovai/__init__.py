"""A Creovai tenant that serves HTTP on loopback and refuses what the real one refuses."""

from tests.fakes.creovai.faults import Fault
from tests.fakes.creovai.messages import Call
from tests.fakes.creovai.server import CreovaiServer
from tests.fakes.creovai.tenant import Post

__all__ = ["Call", "CreovaiServer", "Fault", "Post"]
