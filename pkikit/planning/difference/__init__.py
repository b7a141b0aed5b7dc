"""From two worlds to a change: the steps between them, and the orders that hold whatever the certificates are."""

from pkikit.planning.difference.between import difference_of

__all__ = ["difference_of"]
