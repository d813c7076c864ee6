"""An EventStoreDB that speaks the real wire protocol from memory: `Node` in a test, or `python -m tests.standins.eventstoredb`."""

from tests.standins.eventstoredb.faults import Faults
from tests.standins.eventstoredb.log import Log
from tests.standins.eventstoredb.node import Node

__all__ = ["Faults", "Log", "Node"]
