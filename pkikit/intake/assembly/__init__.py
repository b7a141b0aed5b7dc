"""From what the readers found to a deployment, certificates and a record of where everything comes from.

Imports this package: pkikit.commands. It writes files only in `output`.
"""

from pkikit.intake.assembly.assembled import Assembly, assemble
from pkikit.intake.assembly.record.notes import Contradiction, Evidence, Fact, LeftOut, Missing, Origin, Question

__all__ = ["Assembly", "Contradiction", "Evidence", "Fact", "LeftOut", "Missing", "Origin", "Question", "assemble"]
