"""From the files that operators have to values: archives, folders, dumps, terminal captures, certificates, Unified CM output.

Every error that this room raises is an InputError: one sentence with the name of the file.
"""

from pkikit.intake.reading.read import read_material

__all__ = ["read_material"]
