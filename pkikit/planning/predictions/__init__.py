"""What each connection and service does after any set of steps."""

from pkikit.planning.predictions.naive import naive_order
from pkikit.planning.predictions.oracle import SETTINGS, Oracle
from pkikit.planning.predictions.replayed_order import replay

__all__ = ["SETTINGS", "Oracle", "naive_order", "replay"]
