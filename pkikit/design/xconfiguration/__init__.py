"""The `xConfiguration` of a peer: the table of settings, filled with the values that a deployment decides."""

from pkikit.design.xconfiguration.dump_words import Value
from pkikit.design.xconfiguration.peer_values import default_of, settings_of, xconfiguration

__all__ = ["Value", "default_of", "settings_of", "xconfiguration"]
