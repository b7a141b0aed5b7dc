"""From two worlds to a change: the steps between them, and the orders that hold whatever the certificates are."""

from pkikit.planning.difference.between import difference_of
from pkikit.planning.difference.stages import staged_difference

__all__ = ["difference_of", "staged_difference"]
